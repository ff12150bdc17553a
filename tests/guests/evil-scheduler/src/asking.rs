//! Sins in what `handle` asks of the host.

use hinny_plugin::{log::Level, scheduler::Failure, state, tasks};

use crate::Sin;

pub(crate) const SINS: [&str; 14] = [
    "many-lines",
    "control-characters-in-line",
    "long-line",
    "huge-line",
    "long-key",
    "large-state",
    "huge-state",
    "many-state-writes",
    "state-conflict",
    "spin-in-imports",
    "too-many-hashes",
    "bad-filter",
    "empty-filter",
    "too-many-tasks",
];

/// Asks for too much. What the host refuses is told as the failure of the trigger.
pub(crate) fn ask(sin: &Sin) -> Result<(), Failure> {
    match sin.name.as_str() {
        "many-lines" => (0..10_000).for_each(|at| hinny_plugin::info!("line {at}")),
        "control-characters-in-line" => {
            hinny_plugin::warn!("\u{1b}[2J\u{1b}[31mred\u{7}\r\n2026-01-01 INFO all is well\u{0}");
        }
        "long-line" => hinny_plugin::info!("{}", "x".repeat(5000)),
        "huge-line" => hinny_plugin::log::write(Level::Error, &spoiling::huge_text()),
        "spin-in-imports" => loop {
            state::get("again and again")?;
        },
        other => return ask_state(other).and_then(|()| ask_tasks(other)),
    }
    Ok(())
}

fn ask_state(sin: &str) -> Result<(), Failure> {
    match sin {
        "long-key" => state::set(&"k".repeat(257), Some(b"v"))?,
        "large-state" => state::set("large", Some(&vec![0; 65_537]))?,
        "huge-state" => state::set("huge", Some(&vec![0; spoiling::HUGE]))?,
        "many-state-writes" => {
            (0..65).try_for_each(|at| state::set(&at.to_string(), Some(b"v")))?;
        }
        "state-conflict" => state::set_expecting("conflict", Some(b"v"), u64::MAX)?,
        _ => {}
    }
    Ok(())
}

fn ask_tasks(sin: &str) -> Result<(), Failure> {
    match sin {
        "too-many-hashes" => drop(tasks::newest_of(&vec!["evil".to_owned(); 1001])?),
        "bad-filter" => drop(tasks::find("{\"filters\": [", 1)?),
        "empty-filter" => drop(tasks::find("{\"filters\": []}", 1)?),
        "too-many-tasks" => drop(tasks::find("{\"filters\": []}", u32::MAX)?),
        _ => {}
    }
    Ok(())
}
