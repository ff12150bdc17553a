//! Sins in what `handle` asks of services, sends to itself, and wants to know of schedules.

use hinny_plugin::{
    connector,
    messages::{self, Outgoing},
    scheduler::Failure,
    schedules::{self, Plan},
};

use crate::Sin;

pub(crate) const SINS: [&str; 15] = [
    "many-questions",
    "many-questions-at-once",
    "unknown-service",
    "path-elsewhere",
    "huge-body",
    "many-messages",
    "large-message",
    "huge-message",
    "unwanted-message",
    "message-before-time",
    "many-schedule-hashes",
    "many-matches",
    "match-bad-cron",
    "match-bad-time-zone",
    "plan-in-handle",
];

/// Asks for too much. What the host refuses is told as the failure of the trigger.
pub(crate) fn ask(sin: &Sin) -> Result<(), Failure> {
    ask_services(&sin.name)?;
    send_messages(&sin.name)?;
    ask_schedules(&sin.name)
}

fn ask_services(sin: &str) -> Result<(), Failure> {
    let question = || connector::get("store", "/items");
    match sin {
        "many-questions" => {
            for _ in 0..1001 {
                question().send()?;
            }
        }
        "many-questions-at-once" => {
            for answer in connector::send_all(&vec![question(); 1001]) {
                answer?;
            }
        }
        "unknown-service" => drop(connector::get("moon\u{1b}[31m", "/").send()?),
        "path-elsewhere" => drop(connector::get("store", "/../admin").send()?),
        "huge-body" => drop(connector::post("store", "/").body(spoiling::huge_text()).send()?),
        _ => {}
    }
    Ok(())
}

fn send_messages(sin: &str) -> Result<(), Failure> {
    match sin {
        "many-messages" => (0..1001).try_for_each(|_| messages::send("evil", "again"))?,
        "large-message" => messages::send("evil", vec![0; 65_537])?,
        "huge-message" => messages::send("evil", vec![0; spoiling::HUGE])?,
        "unwanted-message" => messages::send("moon\u{1b}[31m", "x")?,
        "message-before-time" => Outgoing::new("evil", "x").not_before(i64::MIN).send()?,
        _ => {}
    }
    Ok(())
}

fn ask_schedules(sin: &str) -> Result<(), Failure> {
    let next = |cron, zone| schedules::next_match(cron, zone, 0);
    match sin {
        "many-schedule-hashes" => drop(schedules::find(&vec!["evil".to_owned(); 1001])?),
        "many-matches" => {
            for _ in 0..1001 {
                next("@daily", None)?;
            }
        }
        "match-bad-cron" => drop(next("every full moon", None)?),
        "match-bad-time-zone" => drop(next("@daily", Some("Moon/Tycho"))?),
        "plan-in-handle" => {
            schedules::plan_for("00000000-0000-7000-8000-000000000001", &Plan::idle())?;
        }
        _ => {}
    }
    Ok(())
}
