//! What a trigger would do, without doing it.

use crate::{
    TaskId,
    command::{OwnMessage, StateWrite},
    scheduler::HandleFailure,
    store::ScheduleWrite,
    task::NewTask,
};

/// What would come of a trigger now.
#[derive(Debug)]
pub enum DryRun {
    /// The plugin does not want such triggers.
    Unwanted,
    /// The plugin would not handle it.
    Failed(HandleFailure),
    /// It would do this, in one transaction.
    Would(Box<WouldDo>),
}

/// What a trigger would do.
#[derive(Debug, Default)]
pub struct WouldDo {
    /// The tasks to push, ranked.
    pub pushes: Vec<WouldPush>,
    /// The queued tasks to cancel.
    pub cancels: Vec<TaskId>,
    /// Changes to schedules.
    pub schedules: Vec<ScheduleWrite>,
    /// What the plugin would remember.
    pub state: Vec<StateWrite>,
    /// What it would send to itself.
    pub messages: Vec<OwnMessage>,
}

/// A task that would be pushed.
#[derive(Debug)]
pub struct WouldPush {
    /// The task.
    pub task: NewTask,
    /// The queued task with the same hash; then nothing would be pushed.
    pub queued: Option<TaskId>,
}
