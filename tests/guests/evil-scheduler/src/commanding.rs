//! Sins in the commands that `handle` answers.

use hinny_plugin::scheduler::{Cancel, Command, DisableSchedule, Push, UpsertSchedule};

use crate::Sin;

pub(crate) const SINS: [&str; 21] = [
    "too-many-commands",
    "same-hash-twice",
    "push-bad-id",
    "push-empty-organisation",
    "push-long-organisation",
    "push-empty-hash",
    "push-long-hash",
    "push-control-characters",
    "push-bad-data",
    "push-huge-data",
    "push-out-of-range",
    "push-before-time",
    "push-unknown-schedule",
    "cancel-bad-filter",
    "cancel-unknown-column",
    "cancel-everything",
    "huge-filter",
    "schedule-bad-cron",
    "schedule-bad-time-zone",
    "schedule-never",
    "disable-empty-hash",
];

/// Commands that no host should carry out, or not as they are.
pub(crate) fn spoil(sin: &Sin, commands: Vec<Command>) -> Vec<Command> {
    if sin.name == "too-many-commands" {
        return (0..sin.n).map(|at| push().hash_of(at).into()).collect();
    }
    if sin.name == "same-hash-twice" {
        return vec![push().into(), push().into()];
    }
    match spoilt(&sin.name) {
        Some(command) => vec![command],
        None => commands,
    }
}

fn push() -> Push {
    Push::new("evil", "evil", "{}")
}

trait Numbered {
    fn hash_of(self, at: i64) -> Self;
}

impl Numbered for Push {
    fn hash_of(mut self, at: i64) -> Self {
        self.hash = format!("evil-{at}");
        self
    }
}

fn spoilt(sin: &str) -> Option<Command> {
    let long = "x".repeat(257);
    Some(match sin {
        "push-bad-id" => push().id("not-a-uuid").into(),
        "push-empty-organisation" => Push::new("", "evil", "{}").into(),
        "push-long-organisation" => Push::new(long, "evil", "{}").into(),
        "push-empty-hash" => Push::new("evil", "", "{}").into(),
        "push-long-hash" => Push::new("evil", long, "{}").into(),
        "push-control-characters" => Push::new("ev\u{1b}[31mil", "evil", "{}").into(),
        "push-bad-data" => Push::new("evil", "evil", "{\"half\":").into(),
        "push-huge-data" => {
            Push::new("evil", "evil", format!("\"{}\"", spoiling::huge_text())).into()
        }
        "push-out-of-range" => push().priority(i64::MAX).into(),
        "push-before-time" => push().not_before(i64::MIN).into(),
        "push-unknown-schedule" => push().schedule("of another world").into(),
        other => return spoilt_filter(other).or_else(|| spoilt_schedule(other)),
    })
}

fn spoilt_filter(sin: &str) -> Option<Command> {
    let filter = match sin {
        "cancel-bad-filter" => "{\"filters\": [".to_owned(),
        "cancel-unknown-column" => {
            r#"{"filters": [{"column": "sins", "operator": "eq", "value": 7}]}"#.to_owned()
        }
        "cancel-everything" => "{\"filters\": []}".to_owned(),
        "huge-filter" => {
            let one = r#"{"column": "hash", "operator": "eq", "value": "x"}"#;
            format!("{{\"filters\": [{}]}}", vec![one; 100_000].join(", "))
        }
        _ => return None,
    };
    Some(Cancel::new(filter, "out of spite").into())
}

fn spoilt_schedule(sin: &str) -> Option<Command> {
    let schedule = UpsertSchedule::new("evil", "evil", "{}");
    Some(match sin {
        "schedule-bad-cron" => schedule.cron("every full moon").into(),
        "schedule-bad-time-zone" => schedule.cron("0 * * * *").time_zone("Moon/Tycho").into(),
        "schedule-never" => schedule.into(),
        "disable-empty-hash" => DisableSchedule::new("", "out of spite").into(),
        _ => return None,
    })
}
