//! Tasks, as they go out.

use hinny_core::{
    TaskStatus,
    task::{RankedBy, Task},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::wire::{Id, Moment, StatusSchema, Text};

/// A task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Task)]
pub(crate) struct TaskBody {
    /// Identity.
    id: Id,
    /// The scheduler that owns it.
    scheduler_id: Text,
    /// The schedule that it came from, while that exists.
    schedule_id: Option<Id>,
    /// Whose work it is.
    organisation: Text,
    /// Its rank: lower goes first. Of a queued task, the one it has at this moment.
    priority: i64,
    /// Where it is in its life. A popped task shows the status before the pop.
    #[schema(value_type = StatusSchema)]
    status: TaskStatus,
    /// Kind of work.
    #[serde(rename = "type")]
    kind: Text,
    /// What makes it the same work as another.
    hash: Text,
    /// What to do.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
    /// When it was pushed.
    created_at: Moment,
    /// When it was last handed out; the time of its push before that.
    modified_at: Moment,
    /// How often it was handed to a worker; 1 in the answer to its first pop.
    attempt: u32,
    /// Its worker loses it at this moment, unless a heartbeat comes before.
    lease_until: Option<Moment>,
    /// Who gave it its priority.
    #[schema(value_type = RankedBySchema)]
    ranked_by: RankedBy,
    /// The priority that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    base_priority: Option<i64>,
    /// Not handed out earlier than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Moment>,
    /// Who got the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    worker: Option<String>,
    /// Why it is where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When it came to a terminal status.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Moment>,
    /// There when it was given up: its last attempt was lost, and no more are allowed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dead: bool,
}

/// Who gave a task its priority.
#[derive(ToSchema)]
#[schema(as = RankedBy)]
#[expect(dead_code, reason = "it describes what `RankedBy` is written as")]
pub(in crate::routes) struct RankedBySchema {
    /// `host`, `generation` or `fallback`.
    #[schema(example = "generation")]
    by: String,
    /// Which generation of the ranker; with `fallback`, the one that failed.
    generation: Option<u64>,
}

impl From<Task> for TaskBody {
    fn from(task: Task) -> Self {
        Self {
            id: task.id.into(),
            scheduler_id: (&task.scheduler).into(),
            schedule_id: task.schedule.map(Into::into),
            organisation: (&task.organisation).into(),
            priority: task.priority.0,
            status: task.status,
            kind: (&task.kind).into(),
            hash: (&task.hash).into(),
            data: task.data,
            created_at: task.created_at.into(),
            modified_at: task.modified_at.into(),
            attempt: task.attempt,
            lease_until: task.lease_until.map(Into::into),
            ranked_by: task.ranked_by,
            base_priority: task.base_priority.map(|priority| priority.0),
            not_before: task.not_before.map(Into::into),
            worker: task.worker,
            reason: task.reason,
            finished_at: task.finished_at.map(Into::into),
            dead: task.dead,
        }
    }
}
