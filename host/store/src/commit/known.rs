//! What is stored, as far as a commit needs it, kept up to date while it is decided.

use std::collections::{HashMap, HashSet};

use hinny_core::{
    EventId, ScheduleId, SchedulerId, TaskId, TaskStatus, Timestamp, schedule::Schedule, task::Task,
};

use super::{HashKey, StateSlot, place::Place};

/// What is stored, as far as a commit needs it.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Messages that were handled, with the moments of their marks.
    pub(crate) seen: HashMap<(SchedulerId, EventId), Timestamp>,
    /// Values of plugins: revision, and whether there is a value.
    pub(crate) states: HashMap<StateSlot, KnownState>,
    /// Tasks.
    pub(crate) tasks: HashMap<TaskId, StoredTask>,
    /// Ids that tasks have.
    pub(crate) taken: HashSet<TaskId>,
    /// The queued task of each hash.
    pub(crate) live: HashMap<HashKey, TaskId>,
    /// Schedules.
    pub(crate) schedules: HashMap<ScheduleId, Schedule>,
    /// The schedule of each hash.
    pub(crate) schedule_by_hash: HashMap<HashKey, ScheduleId>,
    /// Ids that schedules have.
    pub(crate) schedule_ids: HashSet<ScheduleId>,
    /// The number of the last step in the life of any task.
    pub(crate) last_event: i64,
}

/// A value of a plugin, without the value.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KnownState {
    /// How often it was written.
    pub(crate) revision: u64,
    /// Whether it was not deleted.
    pub(crate) exists: bool,
}

/// A task as it is stored, or is to be.
#[derive(Debug)]
pub(crate) struct StoredTask {
    /// The task.
    pub(crate) task: Task,
    /// The number of the last step in its life.
    pub(crate) event: i64,
    /// Where it was before this commit; none while the commit has not changed it.
    pub(crate) before: Option<Place>,
    /// Whether more than its state is to be written.
    pub(crate) rewritten: bool,
}

impl StoredTask {
    /// A task that was loaded.
    pub(crate) fn new(task: Task, event: i64) -> Self {
        Self { task, event, before: None, rewritten: false }
    }

    /// Whether it had ended before this commit.
    pub(crate) fn had_ended(&self) -> bool {
        matches!(self.before, Some(Place::Ended(_)))
    }

    /// Whether it ended without success, or was given up.
    pub(crate) fn is_unsuccessful(&self) -> bool {
        self.task.dead || matches!(self.task.status, TaskStatus::Failed | TaskStatus::Cancelled)
    }
}

impl Known {
    /// Takes in a schedule that was loaded or made.
    pub(crate) fn add_schedule(&mut self, schedule: Schedule) {
        let key = (schedule.scheduler.clone(), schedule.hash.clone());
        self.schedule_by_hash.insert(key, schedule.id);
        self.schedule_ids.insert(schedule.id);
        self.schedules.insert(schedule.id, schedule);
    }

    /// Forgets a schedule.
    pub(crate) fn remove_schedule(&mut self, id: ScheduleId) -> Option<Schedule> {
        let schedule = self.schedules.remove(&id)?;
        self.schedule_ids.remove(&id);
        self.schedule_by_hash.remove(&(schedule.scheduler.clone(), schedule.hash.clone()));
        Some(schedule)
    }
}
