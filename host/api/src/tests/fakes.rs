//! A host of vectors: just enough behaviour to be asked over the API.

mod connectors;
mod decisions;
mod events;
mod plugins;
mod queues;
mod store;

use std::sync::Mutex;

use hinny_core::{
    Organisation, Priority, TaskHash, TaskId, TaskStatus, TaskType, Timestamp,
    decision::ReplayRequest,
    event::KeptEvent,
    plugin::{Activation, PluginSignature, PluginVersion, Refusal},
    queue::{CancelRequest, NewMessage, PopRequest},
    schedule::Schedule,
    task::{RankedBy, Task, TaskChange, TaskQuery},
};
use serde_json::value::RawValue;

use super::{NOW, jobs};

/// A host with one scheduler, `jobs`.
#[derive(Default)]
pub(super) struct FakeHost {
    pub(super) tasks: Mutex<Vec<Task>>,
    pub(super) schedules: Mutex<Vec<Schedule>>,
    pub(super) kept: Mutex<Vec<KeptEvent>>,
    pub(super) versions: Mutex<Vec<PluginVersion>>,
    pub(super) activations: Mutex<Vec<Activation>>,
    pub(super) signatures: Mutex<Vec<PluginSignature>>,
    pub(super) refusals: Mutex<Vec<Refusal>>,
    pub(super) messages: Mutex<Vec<NewMessage>>,
    pub(super) pops: Mutex<Vec<PopRequest>>,
    pub(super) changes: Mutex<Vec<TaskChange>>,
    pub(super) cancels: Mutex<Vec<CancelRequest>>,
    pub(super) queries: Mutex<Vec<TaskQuery>>,
    pub(super) replays: Mutex<Vec<ReplayRequest>>,
    /// Whether the database is out of reach.
    pub(super) is_down: Mutex<bool>,
}

pub(super) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A queued task with an id that ends in `number`.
pub(super) fn task(number: u128, data: &str) -> Task {
    Task {
        id: TaskId(uuid::Uuid::from_u128(number)),
        scheduler: jobs(),
        schedule: None,
        organisation: Organisation::new("acme").unwrap(),
        kind: TaskType::new("job").unwrap(),
        hash: TaskHash::new(format!("hash-{number}")).unwrap(),
        data: RawValue::from_string(data.to_owned()).unwrap(),
        base_priority: None,
        priority: Priority(10),
        ranked_by: RankedBy::Generation(3),
        status: TaskStatus::Queued,
        attempt: 0,
        not_before: None,
        lease_until: None,
        worker: None,
        reason: None,
        dead: false,
        created_at: now(),
        modified_at: now(),
        finished_at: None,
    }
}
