//! What a scheduler plugin answers, for the fuzzer.

use std::collections::HashMap;

use hinny_core::{
    Organisation, Priority, TaskId, Timestamp,
    command::{Command, Push, UpsertSchedule},
    cron::CronExpression,
    filter::Filter,
    scheduler::Draft,
};
use serde_json::Value;
use uuid::Uuid;

use super::{
    admission::{Admission, answers},
    commands::commands,
    description::Described,
};
use crate::{
    bindings::scheduler::exports::hinny::plugin::scheduler as wit,
    fuzzing::{Lines, assert_readable, small},
};

/// What it says of itself, and what its schema says of data.
pub(crate) fn describe(said: &mut Lines<'_>) {
    let limits = small();
    let data = said.text();
    let said = wit::Descriptor {
        name: said.text(),
        version: said.text(),
        task_type: said.text(),
        data_schema: said.text(),
        interests: said.all(8, interest),
    };
    match Described::check(said, &limits) {
        Ok(described) => {
            assert_readable(&described.title.text);
            assert!(described.description.interests.len() <= limits.interests as usize);
            described.sources().iter().for_each(|source| assert_readable(source));
            if let Err(rejection) = described.schema.check(&data) {
                assert_readable(&rejection.reason);
                assert_readable(&rejection.field);
            }
        }
        Err(error) => assert_readable(&error.message),
    }
}

fn interest(said: &mut Lines<'_>) -> wit::Interest {
    match said.letter() {
        Some('m') => wit::Interest::Messages(said.text()),
        Some('t') => wit::Interest::Ticks(said.number()),
        Some('d') => wit::Interest::DueSchedules,
        Some('f') => wit::Interest::FinishedTasks,
        _ => wit::Interest::Other(said.text()),
    }
}

/// Its answers to drafts: as many as there are drafts, each of which can be stored and read.
pub(crate) fn admit(said: &mut Lines<'_>) {
    let drafts = [draft(said.text()), draft(said.text())];
    let said = said.all(4, answer);
    let Ok(described) = Described::check(any(), &small()) else { return };
    let offered = described.offer(&drafts);
    match answers(said, &offered, &HashMap::new(), &small()) {
        Ok(taken) => {
            assert_eq!(taken.len(), offered.len());
            for answer in &taken {
                match answer {
                    Ok(admitted) => {
                        assert_document(&admitted.data);
                        assert!(admitted.priority.is_none_or(Priority::in_range));
                    }
                    Err(rejection) => {
                        assert_readable(&rejection.reason);
                        assert_readable(&rejection.field);
                    }
                }
            }
            let merged = Admission::check(&drafts, &described.schema).merge(taken);
            assert_eq!(merged.len(), drafts.len(), "one answer per draft");
        }
        Err(error) => assert_readable(&error.message),
    }
}

/// A plugin that takes any data.
fn any() -> wit::Descriptor {
    wit::Descriptor {
        name: "any".to_owned(),
        version: "1.0.0".to_owned(),
        task_type: "any".to_owned(),
        data_schema: "true".to_owned(),
        interests: Vec::new(),
    }
}

fn draft(data: String) -> Draft {
    Draft {
        sent_id: None,
        fresh_id: TaskId(Uuid::nil()),
        organisation: Organisation::new("acme").expect("it is a good name"),
        priority: None,
        data,
        not_before: None,
    }
}

fn answer(said: &mut Lines<'_>) -> Result<wit::Admitted, wit::Rejection> {
    match said.letter() {
        Some('r') => Err(wit::Rejection { reason: said.text(), field: said.text() }),
        _ => Ok(wit::Admitted {
            id: said.text(),
            hash: said.text(),
            data: said.text(),
            priority: said.maybe_number(),
        }),
    }
}

/// Its commands: no more than allowed, each of which can be carried out.
pub(crate) fn handle(said: &mut Lines<'_>) {
    let limits = small();
    match commands(said.all(10, command), &limits) {
        Ok(taken) => {
            assert!(taken.len() <= limits.commands as usize);
            taken.iter().for_each(assert_command);
        }
        Err(error) => assert_readable(&error.message),
    }
}

fn command(said: &mut Lines<'_>) -> wit::Command {
    match said.letter() {
        Some('c') => wit::Command::Cancel(wit::Cancel { filter: said.text(), reason: said.text() }),
        Some('d') => wit::Command::DisableSchedule(wit::DisableSchedule {
            hash: said.text(),
            reason: said.text(),
        }),
        Some('u') => wit::Command::UpsertSchedule(wit::UpsertSchedule {
            organisation: said.text(),
            hash: said.text(),
            data: said.text(),
            cron: said.maybe(),
            time_zone: said.maybe(),
            deadline_at: said.maybe_number(),
            missed: match said.letter() {
                Some('o') => wit::MissedFire::Once,
                Some('s') => wit::MissedFire::Skip,
                _ => wit::MissedFire::All,
            },
        }),
        _ => wit::Command::Push(wit::Push {
            id: said.maybe(),
            organisation: said.text(),
            hash: said.text(),
            data: said.text(),
            priority: said.maybe_number(),
            not_before: said.maybe_number(),
            schedule: said.maybe(),
        }),
    }
}

fn assert_command(command: &Command) {
    match command {
        Command::Push(Push { data, priority, not_before, .. }) => {
            assert_document(data);
            assert!(priority.is_none_or(Priority::in_range));
            not_before.iter().copied().for_each(assert_moment);
        }
        Command::Cancel(cancel) => {
            let conditions = cancel.filter.conditions().count();
            assert!((1..=Filter::MAX_CONDITIONS).contains(&conditions));
            assert_readable(&cancel.reason);
        }
        Command::UpsertSchedule(schedule) => assert_fires(schedule),
        Command::DisableSchedule { reason, .. } => assert_readable(reason),
    }
}

/// A schedule fires once at least.
fn assert_fires(schedule: &UpsertSchedule) {
    assert_document(&schedule.data);
    schedule.deadline_at.iter().copied().for_each(assert_moment);
    let Some(cron) = &schedule.cron else {
        assert!(schedule.deadline_at.is_some(), "it never fires");
        return;
    };
    let zone = schedule.time_zone.as_deref().unwrap_or("UTC");
    let cron = CronExpression::parse(cron, zone).expect("it was taken");
    let from = Timestamp::from_millis(1_800_000_000_000);
    if let Ok(next) = cron.next_after(from) {
        assert!(next > from, "`{}` is next at {next}", cron.as_str());
    }
}

/// A moment that is taken can be written and read.
fn assert_moment(moment: Timestamp) {
    let written = moment.to_string();
    assert!(written.parse().is_ok_and(|read: Timestamp| read == moment), "{written}");
}

/// A document that is taken can be read, by whoever reads it next.
fn assert_document(data: &str) {
    assert!(serde_json::from_str::<Value>(data).is_ok(), "{data}");
}
