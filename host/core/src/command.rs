//! What a scheduler plugin answers to a trigger.

use crate::{
    Organisation, Priority, TaskHash, TaskId, Timestamp, filter::Filter, schedule::MissedFire,
};

/// One thing to do. The commands of one trigger are committed together or not at all, in this
/// order whatever their order in the list: cancellations, schedules, pushes.
#[derive(Debug, Clone)]
pub enum Command {
    /// Put a task on the queue. When a live task has the same hash, nothing happens.
    Push(Push),
    /// Take queued tasks of this scheduler off the queue.
    Cancel(Cancel),
    /// Make a schedule, or change the one with the same hash.
    UpsertSchedule(UpsertSchedule),
    /// Stop a schedule from firing.
    DisableSchedule {
        /// Its hash.
        hash: TaskHash,
        /// Why, for people.
        reason: String,
    },
}

/// A task to queue.
#[derive(Debug, Clone)]
pub struct Push {
    /// Identity; the host makes one when there is none.
    pub id: Option<TaskId>,
    /// Whose work it is.
    pub organisation: Organisation,
    /// What makes it the same work as another.
    pub hash: TaskHash,
    /// What to do: a JSON document.
    pub data: String,
    /// The priority to ask for.
    pub priority: Option<Priority>,
    /// Not handed out earlier than this.
    pub not_before: Option<Timestamp>,
    /// The hash of the schedule it comes from.
    pub schedule: Option<TaskHash>,
}

/// Queued tasks to take off the queue.
#[derive(Debug, Clone)]
pub struct Cancel {
    /// Which.
    pub filter: Filter,
    /// Why, for people.
    pub reason: String,
}

/// A schedule to make or change.
#[derive(Debug, Clone)]
pub struct UpsertSchedule {
    /// Whose work it is.
    pub organisation: Organisation,
    /// The hash of the tasks it makes.
    pub hash: TaskHash,
    /// The data of the tasks it makes.
    pub data: String,
    /// Cron expression.
    pub cron: Option<String>,
    /// IANA zone of the expression; UTC when there is none.
    pub time_zone: Option<String>,
    /// When it fires; without one, the next match of the cron expression.
    pub deadline_at: Option<Timestamp>,
    /// What to do about fires that were missed.
    pub missed: MissedFire,
}

/// A small value that a scheduler plugin keeps between calls, and how it was last seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateWrite {
    /// Name of the value.
    pub key: String,
    /// The value; `None` deletes it.
    pub value: Option<Vec<u8>>,
    /// The revision it must have now; 0: it must not exist. `None`: whatever is there.
    pub expected: Option<u64>,
}

/// Everything that came out of one trigger.
#[derive(Debug, Clone, Default)]
pub struct Handled {
    /// What to do.
    pub commands: Vec<Command>,
    /// What to remember, in the same transaction.
    pub state: Vec<StateWrite>,
    /// What to be told later, kept in the same transaction.
    pub messages: Vec<OwnMessage>,
}

/// A message of a scheduler plugin to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnMessage {
    /// Source under which it comes back.
    pub source: String,
    /// The body.
    pub body: Vec<u8>,
    /// Not delivered earlier than this.
    pub not_before: Option<Timestamp>,
}
