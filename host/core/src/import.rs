//! Bringing over what another system has, with its ids, times and outcomes.

use async_trait::async_trait;

use crate::{ScheduleId, TaskId, schedule::Schedule, store::StoreError, task::Task};

/// Tasks and schedules as they are to be.
#[derive(Debug, Clone, Default)]
pub struct ImportBatch {
    /// Schedules; they come before the tasks, which may be linked to them.
    pub schedules: Vec<Schedule>,
    /// Tasks, in any status. A link to a schedule that does not exist is no link.
    pub tasks: Vec<Task>,
}

/// Whether something is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportMode {
    /// It is.
    Write,
    /// The outcomes say what would happen.
    Look,
}

/// What became of each, in the same order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOutcomes {
    /// One per schedule.
    pub schedules: Vec<ImportOutcome>,
    /// One per task.
    pub tasks: Vec<ImportOutcome>,
}

/// What became of a task or a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportOutcome {
    /// It is there from now on.
    Imported,
    /// One with that id was there, and stays as it is.
    Present,
    /// It would be queued, and this queued task has the same hash. It was left out.
    Duplicate(TaskId),
    /// This schedule of the scheduler has the same hash. It was left out.
    HashTaken(ScheduleId),
}

/// A store that takes what another system has.
///
/// No scheduler is told of what comes in, and no queue of a running host learns of it: it is for
/// databases that no host uses at the time.
#[async_trait]
pub trait Import: Send + Sync {
    /// Brings a batch over, in one durable transaction.
    async fn import(
        &self,
        batch: ImportBatch,
        mode: ImportMode,
    ) -> Result<ImportOutcomes, StoreError>;
}
