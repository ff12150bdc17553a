//! `hinny plugin bench`: what a ranker costs, without a host.

use std::{path::PathBuf, time::Duration};

use anyhow::bail;
use clap::Args;
use hinny_plugins::Figures;
use serde_json::{Value, json};

use crate::cli::{
    input::Input,
    output::{self, Format},
};

/// The sizes of batches: one push, and what a queue sends at most.
const SIZES: [usize; 4] = [1, 10, 100, 1_000];

/// Measure a ranker: what a task costs, in batches of several sizes
///
/// Figures are medians on sample tasks. `WARM` is with an instance that ranks many batches, `FRESH`
/// with a new one for each; which of them a scheduler has is its `ranker_instances`.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Component file
    file: PathBuf,
    /// Settings to measure it with: a JSON object, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    settings: Option<Input>,
    /// Configuration file, for the limits in `[plugins.limits]`
    #[arg(short, long, value_name = "FILE", env = "HINNY_CONFIG")]
    config: Option<PathBuf>,
    /// How to show the figures
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

impl Bench {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let component = super::read(&self.file)?;
        let settings = self.settings.as_ref().map(Input::json).transpose()?;
        let host = super::offline(self.config)?;
        let measured = hinny_plugins::measure(&host, &component, settings.as_ref(), &SIZES)?;
        let file = self.file.display();
        let Some(figures) = measured.figures else {
            match measured.verdict.failure() {
                Some(check) => bail!("`{file}` fails check `{}`: {}", check.name, check.detail),
                None => bail!(
                    "`{file}` cannot be measured: only rankers are, and some need `--settings`; hint: `hinny plugin check` says which it is"
                ),
            }
        };
        let whole = shown(component.len(), &figures);
        match self.output {
            Format::Json => output::json(&whole)?,
            Format::Table => output::print(&text(&whole))?,
        }
        Ok(())
    }
}

fn shown(bytes: usize, figures: &Figures) -> Value {
    let nanos = |took: Duration| took.as_nanos() as f64;
    let sizes: Vec<_> = figures
        .sizes
        .iter()
        .map(|size| {
            let per_task = |took: Duration| took.as_nanos() / size.tasks.max(1) as u128;
            json!({
                "tasks": size.tasks,
                "warm_ns_per_task": per_task(size.warm) as u64,
                "fresh_ns_per_task": per_task(size.fresh) as u64,
            })
        })
        .collect();
    json!({
        "size_bytes": bytes,
        "compile_ms": nanos(figures.compile) / 1e6,
        "instance_us": nanos(figures.instance) / 1e3,
        "batches": sizes,
    })
}

fn text(whole: &Value) -> String {
    let number = |name| whole.get(name).and_then(Value::as_f64).unwrap_or_default();
    let rows = whole.get("batches").and_then(Value::as_array).cloned().unwrap_or_default();
    let columns = [
        ("TASKS", "/tasks"),
        ("WARM, ns per task", "/warm_ns_per_task"),
        ("FRESH, ns per task", "/fresh_ns_per_task"),
    ];
    format!(
        "{:.0} kB, compiles in {:.0} ms, a new instance takes {:.1} µs\n{}",
        number("size_bytes") / 1e3,
        number("compile_ms"),
        number("instance_us"),
        output::table(&rows, &columns)
    )
}

#[cfg(test)]
mod tests {
    use hinny_plugins::SizeFigures;

    use super::*;

    #[test]
    fn figures_are_per_task() {
        let size = |tasks: usize, warm, fresh| SizeFigures {
            tasks,
            warm: Duration::from_micros(warm),
            fresh: Duration::from_micros(fresh),
        };
        let figures = Figures {
            compile: Duration::from_secs(7),
            instance: Duration::from_micros(512),
            sizes: vec![size(1, 50, 600), size(1_000, 3_000, 3_500)],
        };
        insta::assert_snapshot!(text(&shown(18_426_042, &figures)), @"
        18426 kB, compiles in 7000 ms, a new instance takes 512.0 µs
        TASKS  WARM, ns per task  FRESH, ns per task
            1              50000              600000
         1000               3000                3500
        ");
    }
}
