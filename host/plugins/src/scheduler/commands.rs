//! What a plugin commands, checked. One bad command fails the trigger: half of what a plugin wanted
//! is not what it wanted.

use hinny_core::{
    Organisation, Priority, TaskHash, TaskId, Timestamp,
    command::{Cancel, Command, Push, UpsertSchedule},
    cron::CronExpression,
    filter::{Filter, FilterRequest},
    ranker::FailureKind,
    schedule::MissedFire,
};

use super::document::Document;
use crate::{
    bindings::scheduler::exports::hinny::plugin::scheduler as wit,
    call::{Call, CallError},
    limits::Limits,
    text,
};

/// How much of a value that is refused is shown, in bytes.
const SHOWN_BYTES: usize = 200;

/// The commands of a trigger.
pub(super) fn commands(
    said: Vec<wit::Command>,
    limits: &Limits,
) -> Result<Vec<Command>, CallError> {
    let most = limits.commands as usize;
    if said.len() > most {
        let why = format!(
            "gave {} commands, at most {most} are allowed; hint: give fewer, or raise `plugins.limits.commands`",
            said.len()
        );
        return Err(CallError::new(Call::Handle, FailureKind::Oversized, why));
    }
    if said.iter().map(weight).sum::<usize>() > limits.answer_bytes() {
        return Err(CallError::oversized(Call::Handle, limits));
    }
    let checked = said.into_iter().enumerate().map(|(at, said)| {
        command(said, limits).map_err(|wrong| {
            let why = format!("command {at}, `{}`: {}", wrong.field, wrong.why);
            CallError::new(Call::Handle, FailureKind::OutOfRange, why)
        })
    });
    checked.collect()
}

/// The bytes of the texts that have no limit of their own.
fn weight(said: &wit::Command) -> usize {
    match said {
        wit::Command::Push(said) => said.data.len(),
        wit::Command::Cancel(said) => said.filter.len() + said.reason.len(),
        wit::Command::UpsertSchedule(said) => said.data.len(),
        wit::Command::DisableSchedule(said) => said.reason.len(),
    }
}

/// A field that cannot be used, and why.
#[derive(Debug)]
pub(super) struct Wrong {
    pub(super) field: &'static str,
    pub(super) why: String,
}

impl Wrong {
    fn new(field: &'static str, why: impl Into<String>) -> Self {
        Self { field, why: why.into() }
    }
}

fn command(said: wit::Command, limits: &Limits) -> Result<Command, Wrong> {
    Ok(match said {
        wit::Command::Push(said) => Command::Push(push(said)?),
        wit::Command::Cancel(said) => Command::Cancel(Cancel {
            filter: filter(&said.filter)?,
            reason: text::shown(&said.reason, limits.text_bytes as usize),
        }),
        wit::Command::UpsertSchedule(said) => Command::UpsertSchedule(upsert(said)?),
        wit::Command::DisableSchedule(said) => Command::DisableSchedule {
            hash: hash("hash", said.hash)?,
            reason: text::shown(&said.reason, limits.text_bytes as usize),
        },
    })
}

fn push(said: wit::Push) -> Result<Push, Wrong> {
    Ok(Push {
        id: said.id.as_deref().map(id).transpose()?,
        organisation: organisation(said.organisation)?,
        hash: hash("hash", said.hash)?,
        data: document("data", said.data)?,
        priority: said.priority.map(priority).transpose()?,
        not_before: said.not_before.map(Timestamp::from_millis),
        schedule: said.schedule.map(|said| hash("schedule", said)).transpose()?,
    })
}

fn upsert(said: wit::UpsertSchedule) -> Result<UpsertSchedule, Wrong> {
    if let Some(cron) = &said.cron {
        let zone = said.time_zone.as_deref().unwrap_or("UTC");
        CronExpression::parse(cron, zone).map_err(|error| Wrong::new("cron", error.to_string()))?;
    } else if said.deadline_at.is_none() {
        let why = "without a cron expression and without a deadline it never fires";
        return Err(Wrong::new("deadline-at", why));
    } else if said.time_zone.is_some() {
        return Err(Wrong::new("time-zone", "a time zone is of use only with a cron expression"));
    }
    Ok(UpsertSchedule {
        organisation: organisation(said.organisation)?,
        hash: hash("hash", said.hash)?,
        data: document("data", said.data)?,
        cron: said.cron,
        time_zone: said.time_zone,
        deadline_at: said.deadline_at.map(Timestamp::from_millis),
        missed: match said.missed {
            wit::MissedFire::Once => MissedFire::Once,
            wit::MissedFire::Skip => MissedFire::Skip,
            wit::MissedFire::All => MissedFire::All,
        },
    })
}

fn filter(said: &str) -> Result<Filter, Wrong> {
    let request: FilterRequest = serde_json::from_str(said).map_err(|error| {
        Wrong::new(
            "filter",
            format!("`{}` is not a filter: {error}", text::shown(said, SHOWN_BYTES)),
        )
    })?;
    let filter =
        Filter::try_from(request).map_err(|error| Wrong::new("filter", error.to_string()))?;
    if filter.is_empty() {
        return Err(Wrong::new("filter", "it has no condition, and would cancel everything"));
    }
    Ok(filter)
}

/// A task id, as a plugin writes it.
pub(super) fn id(said: &str) -> Result<TaskId, Wrong> {
    said.parse().map_err(|_| {
        Wrong::new("id", format!("`{}` is not a UUID", text::shown(said, SHOWN_BYTES)))
    })
}

/// The hash of a task, as a plugin writes it.
pub(super) fn hash(field: &'static str, said: String) -> Result<TaskHash, Wrong> {
    TaskHash::new(said).map_err(|error| Wrong::new(field, error.to_string()))
}

/// An asked priority, as a plugin writes it.
pub(super) fn priority(said: i64) -> Result<Priority, Wrong> {
    let priority = Priority(said);
    if priority.in_range() {
        return Ok(priority);
    }
    let why =
        format!("{priority} is out of range, expected {} to {}", Priority::MIN, Priority::MAX);
    Err(Wrong::new("priority", why))
}

/// A JSON document, as a plugin writes it.
pub(super) fn document(field: &'static str, said: String) -> Result<String, Wrong> {
    match Document::check(&said) {
        Ok(()) => Ok(said),
        Err(error) => Err(Wrong::new(
            field,
            format!("`{}` is not JSON: {error}", text::shown(&said, SHOWN_BYTES)),
        )),
    }
}

fn organisation(said: String) -> Result<Organisation, Wrong> {
    Organisation::new(said).map_err(|error| Wrong::new("organisation", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> wit::Push {
        wit::Push {
            id: None,
            organisation: "acme".to_owned(),
            hash: "h".to_owned(),
            data: "{}".to_owned(),
            priority: None,
            not_before: None,
            schedule: None,
        }
    }

    fn refused(said: wit::Command) -> String {
        let good = wit::Command::Push(good());
        commands(vec![good, said], &Limits::default()).unwrap_err().message
    }

    #[test]
    fn a_bad_push_is_named_by_place_and_field() {
        let push = |change: fn(&mut wit::Push)| {
            let mut said = good();
            change(&mut said);
            refused(wit::Command::Push(said))
        };
        assert_eq!(
            push(|said| said.id = Some("seven".to_owned())),
            "command 1, `id`: `seven` is not a UUID"
        );
        assert_eq!(
            push(|said| said.hash = String::new()),
            "command 1, `hash`: `TaskHash` must be 1 to 128 bytes without control characters, got nothing"
        );
        assert_eq!(
            push(|said| said.data = "{".to_owned()),
            "command 1, `data`: `{` is not JSON: EOF while parsing an object at line 1 column 1"
        );
        assert!(push(|said| said.priority = Some(i64::MAX)).contains("out of range"));
        assert!(push(|said| said.organisation = "x".repeat(300)).contains("`organisation`"));
        assert!(push(|said| said.schedule = Some(String::new())).contains("`schedule`"));
    }

    #[test]
    fn a_cancel_without_condition_is_refused() {
        let cancel = |filter: &str| {
            let filter = filter.to_owned();
            refused(wit::Command::Cancel(wit::Cancel { filter, reason: String::new() }))
        };
        assert_eq!(
            cancel(r#"{"filters": []}"#),
            "command 1, `filter`: it has no condition, and would cancel everything"
        );
        assert!(cancel("[]").contains("`[]` is not a filter"));
    }

    #[test]
    fn a_schedule_that_never_fires_is_refused() {
        let upsert = |cron: Option<&str>, zone: Option<&str>, deadline_at| {
            refused(wit::Command::UpsertSchedule(wit::UpsertSchedule {
                organisation: "acme".to_owned(),
                hash: "h".to_owned(),
                data: "{}".to_owned(),
                cron: cron.map(str::to_owned),
                time_zone: zone.map(str::to_owned),
                deadline_at,
                missed: wit::MissedFire::Once,
            }))
        };
        assert!(upsert(Some("0 0 30 2 *"), None, None).contains("never matches"));
        let zone = upsert(Some("* * * * *"), Some("Mars/Olympus"), None);
        assert!(zone.contains("is not a time zone"), "{zone}");
        assert!(upsert(None, Some("UTC"), Some(1)).contains("of use only with a cron expression"));
        assert!(upsert(None, None, None).contains("it never fires"));
    }

    #[test]
    fn too_many_commands_are_refused_as_a_whole() {
        let limits = Limits { commands: 1, ..Limits::default() };
        let said = vec![wit::Command::Push(good()), wit::Command::Push(good())];
        let refused = commands(said, &limits).unwrap_err();
        assert_eq!(refused.kind, FailureKind::Oversized);
        assert!(refused.message.starts_with("gave 2 commands, at most 1 are allowed"));
    }
}
