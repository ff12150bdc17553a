//! One unit of work, and what can be asked of it.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Organisation, Priority, ScheduleId, SchedulerId, TaskHash, TaskId, TaskStatus, TaskType,
    Timestamp, filter::Filter, schedule::NewSchedule,
};

/// A task as it is stored.
#[derive(Debug, Clone)]
pub struct Task {
    /// Identity.
    pub id: TaskId,
    /// The scheduler that owns it.
    pub scheduler: SchedulerId,
    /// The schedule that it came from, while that exists.
    pub schedule: Option<ScheduleId>,
    /// Whose work it is.
    pub organisation: Organisation,
    /// Kind of work.
    pub kind: TaskType,
    /// What makes it the same work as another.
    pub hash: TaskHash,
    /// What to do, for the worker to read.
    pub data: Box<RawValue>,
    /// The priority that was asked for, if any: an input of rankers, and what counts without one.
    pub base_priority: Option<Priority>,
    /// Its rank. For a queued task the queue in memory knows a newer one after a change of ranker.
    pub priority: Priority,
    /// Who gave it that rank.
    pub ranked_by: RankedBy,
    /// Where it is in its life.
    pub status: TaskStatus,
    /// How often it was handed to a worker.
    pub attempt: u32,
    /// Not handed out earlier than this.
    pub not_before: Option<Timestamp>,
    /// The worker that holds it loses it at this moment.
    pub lease_until: Option<Timestamp>,
    /// Who got the last attempt, by its own word.
    pub worker: Option<String>,
    /// Why it is where it is: of a failure, a cancellation, a return to the queue.
    pub reason: Option<String>,
    /// Given up: its last attempt was lost and no more are allowed.
    pub dead: bool,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// When it was last handed out; the time of its push before that.
    pub modified_at: Timestamp,
    /// When it came to a terminal status.
    pub finished_at: Option<Timestamp>,
}

/// Who gave a task its priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case", tag = "by", content = "generation")]
pub enum RankedBy {
    /// The host's own rule, where no ranker is active: the asked priority, else the time of creation.
    Host,
    /// A generation of the ranker.
    Generation(u64),
    /// The fallback chain, since this generation failed: last good, else asked, else age.
    Fallback(u64),
}

impl RankedBy {
    /// The number that stores keep: 0 host, n a generation, −n a fallback. Never change it.
    pub fn code(self) -> i64 {
        match self {
            Self::Host => 0,
            Self::Generation(generation) => i64::try_from(generation).unwrap_or(i64::MAX),
            Self::Fallback(generation) => -i64::try_from(generation).unwrap_or(i64::MAX),
        }
    }

    /// From a stored number.
    pub fn from_code(code: i64) -> Self {
        match code {
            0 => Self::Host,
            1.. => Self::Generation(code.unsigned_abs()),
            _ => Self::Fallback(code.unsigned_abs()),
        }
    }
}

/// A task on its way in: identified, checked and ranked.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// Identity.
    pub id: TaskId,
    /// The scheduler that owns it.
    pub scheduler: SchedulerId,
    /// The schedule that it came from.
    pub schedule: Option<ScheduleLink>,
    /// Whose work it is.
    pub organisation: Organisation,
    /// Kind of work.
    pub kind: TaskType,
    /// What makes it the same work as another.
    pub hash: TaskHash,
    /// What to do: a JSON document.
    pub data: Box<RawValue>,
    /// The priority that was asked for.
    pub base_priority: Option<Priority>,
    /// Its rank.
    pub priority: Priority,
    /// Who gave it that rank.
    pub ranked_by: RankedBy,
    /// Not handed out earlier than this.
    pub not_before: Option<Timestamp>,
    /// When it was pushed.
    pub created_at: Timestamp,
}

/// How a task names its schedule.
#[derive(Debug, Clone)]
pub enum ScheduleLink {
    /// By identity.
    Id(ScheduleId),
    /// By hash, within the scheduler; resolved when the task is committed.
    Hash(TaskHash),
    /// The schedule with its own hash, which the push makes, or changes unless it is disabled; to a
    /// disabled one it does not belong. A push that is not done leaves the schedule as it is.
    Planned(Box<NewSchedule>),
}

/// A change to a task, from a worker, a person or the host. `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct TaskChange {
    /// New status; checked against the table of moves.
    pub status: Option<TaskStatus>,
    /// The attempt that is reported on. When it is not the current one the report is stale.
    pub attempt: Option<u32>,
    /// New asked priority (and rank).
    pub priority: Option<Priority>,
    /// New data.
    pub data: Option<Box<RawValue>>,
    /// New hash.
    pub hash: Option<TaskHash>,
    /// New organisation.
    pub organisation: Option<Organisation>,
    /// New schedule; `Some(None)` cuts the link.
    pub schedule: Option<Option<ScheduleId>>,
    /// New time of creation.
    pub created_at: Option<Timestamp>,
    /// New time of modification.
    pub modified_at: Option<Timestamp>,
    /// Who reports.
    pub worker: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Not handed out earlier than this; only with status `queued`.
    pub not_before: Option<Timestamp>,
    /// New end of the lease; only while a worker holds the task.
    pub lease_until: Option<Timestamp>,
    /// Give the task up.
    pub dead: bool,
}

/// Which tasks to list.
#[derive(Debug, Clone, Default)]
pub struct TaskQuery {
    /// Of this scheduler.
    pub scheduler: Option<SchedulerId>,
    /// Of this organisation.
    pub organisation: Option<Organisation>,
    /// Of this kind.
    pub kind: Option<TaskType>,
    /// With this status.
    pub status: Option<TaskStatus>,
    /// With this hash.
    pub hash: Option<TaskHash>,
    /// Given up, or not.
    pub dead: Option<bool>,
    /// Pushed at or after.
    pub min_created_at: Option<Timestamp>,
    /// Pushed at or before.
    pub max_created_at: Option<Timestamp>,
    /// And all of this.
    pub filter: Filter,
}

/// A window on a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// How many to pass over.
    pub offset: u64,
    /// How many to return; 0 only counts.
    pub limit: u64,
    /// Count no further than this; `None` counts exactly.
    pub count_max: Option<u64>,
}

/// One page of a list, newest first.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// How many there are in all.
    pub count: u64,
    /// Those in the window.
    pub items: Vec<T>,
}

/// One step in the life of a task.
#[derive(Debug, Clone)]
pub struct TaskEvent {
    /// When.
    pub at: Timestamp,
    /// The status from then on.
    pub status: TaskStatus,
    /// The attempt it belongs to.
    pub attempt: u32,
    /// Who did it, by its own word.
    pub worker: Option<String>,
    /// Why.
    pub reason: Option<String>,
}
