//! What a scheduler plugin is told, and what it answers.

use std::collections::BTreeMap;

use anyhow::Context;
use hinny_core::{
    EventId, Organisation, Priority, ScheduleId, SchedulerId, TaskHash, TaskId, TaskStatus,
    TaskType, Timestamp,
    schedule::{MissedFire, Schedule},
    scheduler::{Draft, HandleFailure},
    task::{RankedBy, Task},
    trigger::{Message, Tick, Trigger},
};
use hinny_plugins::ConfiguredScheduler;
use serde::Deserialize;
use serde_json::{Value, json, value::to_raw_value};
use uuid::Uuid;

use super::{Difference, command, ranking::acme};

/// Something that a scheduler plugin is told.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum GoldenTrigger {
    /// A task is pushed.
    Push(GoldenPush),
    /// A message comes in.
    Message(GoldenMessage),
    /// Time passes.
    Tick(GoldenTick),
    /// A schedule is due.
    Due(GoldenSchedule),
    /// A task has ended.
    Finished(GoldenEnd),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldenPush {
    #[serde(default = "acme")]
    organisation: Organisation,
    data: Value,
    priority: Option<i64>,
    /// The id that was sent.
    id: Option<TaskId>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldenMessage {
    source: String,
    /// Text is sent as it is, anything else as JSON.
    body: Value,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldenTick {
    every_ms: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldenSchedule {
    #[serde(default = "acme")]
    organisation: Organisation,
    hash: TaskHash,
    data: Value,
    cron: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoldenEnd {
    #[serde(default = "acme")]
    organisation: Organisation,
    hash: TaskHash,
    data: Value,
    status: TaskStatus,
    #[serde(default = "once")]
    attempts: u32,
    reason: Option<String>,
}

fn once() -> u32 {
    1
}

impl GoldenTrigger {
    /// What it is called where it is shown.
    fn name(&self) -> &'static str {
        match self {
            Self::Push(_) => "push",
            Self::Message(_) => "message",
            Self::Tick(_) => "tick",
            Self::Due(_) => "due",
            Self::Finished(_) => "finished",
        }
    }

    /// Tells the plugin, and writes down the answer. `number` makes the ids.
    pub(super) fn tell(
        &self,
        plugin: &ConfiguredScheduler,
        now: Timestamp,
        scheduler: &SchedulerId,
        number: u128,
    ) -> anyhow::Result<Value> {
        let trigger = match self {
            Self::Push(push) => return Ok(push.tell(plugin, now, number)),
            Self::Message(message) => Trigger::Message(message.message(now, number)?),
            Self::Tick(tick) => Trigger::Tick(Tick { planned_at: now, every_ms: tick.every_ms }),
            Self::Due(due) => Trigger::Due(Box::new(due.schedule(now, scheduler, number)?)),
            Self::Finished(end) => Trigger::Finished(Box::new(end.task(now, scheduler, number)?)),
        };
        if !plugin.wants(&trigger) {
            return Ok(json!("unwanted"));
        }
        Ok(match plugin.handle(now, &trigger) {
            Ok(handled) => command::handled(&handled),
            Err(HandleFailure::Retry { after_ms, reason }) => {
                json!({"retry": {"after_ms": after_ms, "reason": reason}})
            }
            Err(HandleFailure::Reject { reason }) => json!({"rejected": reason}),
            Err(HandleFailure::Failed(failure)) => json!({"failed": failure.to_string()}),
        })
    }
}

impl GoldenPush {
    fn tell(&self, plugin: &ConfiguredScheduler, now: Timestamp, number: u128) -> Value {
        let draft = Draft {
            sent_id: self.id,
            fresh_id: TaskId(Uuid::from_u128(number)),
            organisation: self.organisation.clone(),
            priority: self.priority.map(Priority),
            data: self.data.to_string(),
            not_before: None,
        };
        match plugin.admit(now, draft) {
            Ok(Ok(admitted)) => command::admitted(&admitted),
            Ok(Err(rejection)) => {
                json!({"rejected": rejection.reason, "field": rejection.field})
            }
            Err(failure) => json!({"failed": failure.to_string()}),
        }
    }
}

impl GoldenMessage {
    fn message(&self, now: Timestamp, number: u128) -> anyhow::Result<Message> {
        let body = match &self.body {
            Value::String(text) => text.clone().into_bytes(),
            other => serde_json::to_vec(other)?,
        };
        Ok(Message {
            id: EventId(Uuid::from_u128(number)),
            source: self.source.clone(),
            at: now,
            content_type: "application/json".to_owned(),
            body,
            attributes: self.attributes.clone().into_iter().collect(),
            delivery: 1,
        })
    }
}

impl GoldenSchedule {
    fn schedule(
        &self,
        now: Timestamp,
        scheduler: &SchedulerId,
        number: u128,
    ) -> anyhow::Result<Schedule> {
        Ok(Schedule {
            id: ScheduleId(Uuid::from_u128(number)),
            scheduler: scheduler.clone(),
            organisation: self.organisation.clone(),
            hash: self.hash.clone(),
            data: to_raw_value(&self.data)?,
            enabled: true,
            cron: self.cron.clone(),
            time_zone: "UTC".to_owned(),
            deadline_at: Some(now),
            missed: MissedFire::Once,
            created_at: now,
            modified_at: now,
        })
    }
}

impl GoldenEnd {
    fn task(&self, now: Timestamp, scheduler: &SchedulerId, number: u128) -> anyhow::Result<Task> {
        Ok(Task {
            id: TaskId(Uuid::from_u128(number)),
            scheduler: scheduler.clone(),
            schedule: None,
            organisation: self.organisation.clone(),
            kind: TaskType::new("task").context("`task` is the name of a kind of tasks")?,
            hash: self.hash.clone(),
            data: to_raw_value(&self.data)?,
            base_priority: None,
            priority: Priority(0),
            ranked_by: RankedBy::Host,
            status: self.status,
            attempt: self.attempts,
            not_before: None,
            lease_until: None,
            worker: None,
            reason: self.reason.clone(),
            dead: false,
            created_at: now,
            modified_at: now,
            finished_at: Some(now),
        })
    }
}

/// Answers that are not as expected, one by one.
pub(super) fn differences(
    expected: &str,
    triggers: &[GoldenTrigger],
    got: &[Value],
) -> Vec<Difference> {
    let expected: Vec<Value> = serde_json::from_str(expected).unwrap_or_default();
    let most = expected.len().max(got.len());
    let differs = (0..most).filter(|at| expected.get(*at) != got.get(*at));
    let difference = |at: usize| Difference {
        what: format!(
            "answer {} ({})",
            at + 1,
            triggers.get(at).map_or("to nothing", GoldenTrigger::name)
        ),
        expected: expected.get(at).cloned(),
        got: got.get(at).cloned(),
    };
    differs.map(difference).collect()
}
