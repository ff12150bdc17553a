//! A batch of tasks, as a ranker ranks it.

use std::collections::BTreeSet;

use anyhow::bail;
use hinny_core::{
    Organisation, Priority, SchedulerId, TaskId, TaskStatus, TaskType, Timestamp,
    input::{LastRun, TaskFacts},
};
use hinny_plugins::ConfiguredRanker;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Difference;

/// A task.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldenTask {
    /// What it is called in the file.
    task: String,
    /// What to do.
    #[serde(default = "super::empty")]
    data: Value,
    /// When it was pushed; the moment of the call when it is left out.
    created_at: Option<Timestamp>,
    #[serde(default = "acme")]
    organisation: Organisation,
    #[serde(default = "task", rename = "type")]
    kind: TaskType,
    /// The priority that was asked for.
    priority: Option<i64>,
    /// How often it was handed out.
    #[serde(default)]
    attempts: u32,
    /// The last finished task of the same work.
    last_run: Option<GoldenRun>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GoldenRun {
    finished_at: Timestamp,
    status: TaskStatus,
    duration_ms: u64,
}

pub(super) fn acme() -> Organisation {
    Organisation::new("acme").expect("it is a good name")
}

fn task() -> TaskType {
    TaskType::new("task").expect("it is a good name")
}

/// A task, and its place by being where it is in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli::plugin) struct Ranked {
    task: String,
    priority: i64,
}

/// What is expected of a task: its place, and its priority if that is said.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Wanted {
    Place(String),
    Ranked(Ranked),
}

impl Wanted {
    fn task(&self) -> &str {
        match self {
            Self::Place(task) | Self::Ranked(Ranked { task, .. }) => task,
        }
    }
}

/// Refuses two tasks of one name: what is expected is said by name.
pub(super) fn check_names(tasks: &[GoldenTask]) -> anyhow::Result<()> {
    let mut names = BTreeSet::new();
    match tasks.iter().find(|task| !names.insert(&task.task)) {
        Some(twice) => bail!("two tasks are called `{}`; hint: rename one", twice.task),
        None => Ok(()),
    }
}

/// The tasks in the order in which they would be handed out.
pub(super) fn ranked(
    ranker: &ConfiguredRanker,
    now: Timestamp,
    scheduler: &SchedulerId,
    tasks: &[GoldenTask],
) -> anyhow::Result<Vec<Ranked>> {
    let facts = (1..).zip(tasks).map(|(number, task)| (task.facts(number, now), task.data.clone()));
    let facts: Vec<_> = facts.collect();
    let priorities = ranker.rank(now, scheduler, &facts)?;
    let mut order: Vec<_> = priorities.into_iter().zip(&facts).zip(tasks).collect();
    order.sort_by_key(|((priority, (facts, _)), _)| (*priority, facts.created_at, facts.id));
    let ranked = order
        .into_iter()
        .map(|((priority, _), task)| Ranked { task: task.task.clone(), priority: priority.0 });
    Ok(ranked.collect())
}

impl GoldenTask {
    fn facts(&self, number: u128, now: Timestamp) -> TaskFacts<'_> {
        TaskFacts {
            id: TaskId(Uuid::from_u128(number)),
            created_at: self.created_at.unwrap_or(now),
            base_priority: self.priority.map(Priority),
            attempts: self.attempts,
            organisation: &self.organisation,
            kind: &self.kind,
            last_run: self.last_run.as_ref().map(|run| LastRun {
                finished_at: run.finished_at,
                status: run.status,
                duration_ms: run.duration_ms,
            }),
        }
    }
}

/// Priorities that are not as expected, task by task, and then the order if it is another.
pub(super) fn differences(expected: &str, got: &[Ranked]) -> Vec<Difference> {
    let wanted: Vec<Wanted> = match serde_json::from_str(expected) {
        Ok(wanted) => wanted,
        Err(_) => return vec![unreadable(expected, got)],
    };
    let mut differences = Vec::new();
    for one in got {
        match wanted.iter().find(|wanted| wanted.task() == one.task) {
            Some(Wanted::Place(_)) => {}
            Some(Wanted::Ranked(wanted)) if wanted == one => {}
            Some(Wanted::Ranked(wanted)) => {
                differences.push(priority(&one.task, Some(wanted.priority), Some(one.priority)));
            }
            None => differences.push(priority(&one.task, None, Some(one.priority))),
        }
    }
    for gone in wanted.iter().filter(|wanted| got.iter().all(|one| one.task != wanted.task())) {
        let expected = match gone {
            Wanted::Ranked(wanted) => Some(wanted.priority),
            Wanted::Place(_) => None,
        };
        differences.push(priority(gone.task(), expected, None));
    }
    let before: Vec<_> = wanted.iter().map(Wanted::task).collect();
    let now: Vec<_> = got.iter().map(|one| one.task.as_str()).collect();
    if before != now && !before.is_empty() {
        differences.push(Difference {
            what: "order".to_owned(),
            expected: Some(json!(before)),
            got: Some(json!(now)),
        });
    }
    differences
}

fn unreadable(expected: &str, got: &[Ranked]) -> Difference {
    Difference {
        what: "`expected`, which is neither a list of names nor one of names with priorities"
            .to_owned(),
        expected: serde_json::from_str(expected).ok(),
        got: serde_json::to_value(got).ok(),
    }
}

fn priority(task: &str, expected: Option<i64>, got: Option<i64>) -> Difference {
    let what = format!("priority of `{task}`");
    Difference { what, expected: expected.map(Value::from), got: got.map(Value::from) }
}
