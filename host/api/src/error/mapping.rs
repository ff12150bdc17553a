//! What the core refuses, as answers.

use hinny_core::{
    cron::CronError,
    filter::FilterError,
    plugin::PluginError,
    queue::{PushRefusal, QueueError},
    store::StoreError,
};

use super::ApiError;

impl From<QueueError> for ApiError {
    fn from(error: QueueError) -> Self {
        match error {
            QueueError::UnknownScheduler(scheduler) => Self::NotFound(format!(
                "Scheduler {scheduler} not found; hint: `GET /schedulers` lists them"
            )),
            QueueError::UnknownTask(task) => Self::task_not_found(task),
            QueueError::Plugin(failure) => Self::Plugin(failure),
            QueueError::Store(error) => error.into(),
            QueueError::Filter(error) => error.into(),
            QueueError::NoPlugin(_) | QueueError::Stopping => Self::Unavailable(error.to_string()),
            QueueError::Illegal(_)
            | QueueError::StaleAttempt { .. }
            | QueueError::NotHeld { .. }
            | QueueError::DuplicateHash { .. } => Self::Conflict(error.to_string()),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Filter(error) => error.into(),
            StoreError::Unavailable { .. } | StoreError::ReadOnly { .. } => {
                Self::Unavailable(error.to_string())
            }
            StoreError::NewerSchema { .. } | StoreError::Corrupt { .. } => Self::Internal(error),
        }
    }
}

impl From<FilterError> for ApiError {
    fn from(error: FilterError) -> Self {
        Self::BadRequest(format!("Invalid filter(s): {error}"))
    }
}

impl From<PushRefusal> for ApiError {
    fn from(refusal: PushRefusal) -> Self {
        match &refusal {
            PushRefusal::Duplicate { .. } | PushRefusal::IdTaken(_) => {
                Self::Conflict(format!("queue is not allowed to push items: {refusal}"))
            }
            PushRefusal::Full { .. } => Self::TooMany(refusal.to_string()),
            PushRefusal::Schema { .. }
            | PushRefusal::Rejected { .. }
            | PushRefusal::PriorityRange(_) => {
                Self::BadRequest(format!("malformed item: {refusal}"))
            }
        }
    }
}

impl From<PluginError> for ApiError {
    fn from(error: PluginError) -> Self {
        let text = error.to_string();
        match error {
            PluginError::Refused(verdict) => Self::Refused { reason: text, verdict },
            PluginError::UnknownVersion(_) | PluginError::UnknownSlot(_) => Self::NotFound(text),
            PluginError::WrongWorld { .. } => Self::BadRequest(format!(
                "{text}; hint: `GET /plugins` shows the world of each version"
            )),
            PluginError::NoTrial(_) | PluginError::NoLines(_) | PluginError::Signature { .. } => {
                Self::BadRequest(text)
            }
            PluginError::NoEarlier(_)
            | PluginError::NothingBeside(_)
            | PluginError::NothingActive(_)
            | PluginError::NotRecorded
            | PluginError::Quarantined { .. }
            | PluginError::Untrusted { .. }
            | PluginError::Busy(_) => Self::Conflict(text),
            PluginError::Unreadable { .. } => Self::Unavailable(text),
            PluginError::TooManyUploads { .. } => Self::TooMany(text),
            PluginError::Store(error) => error.into(),
        }
    }
}

impl ApiError {
    /// A cron expression or zone that cannot be used.
    pub(crate) fn cron(error: &CronError) -> Self {
        Self::Validation(format!(
            "1 validation error for Schedule: `schedule`: Invalid cron expression: {error}"
        ))
    }

    /// No such task.
    pub(crate) fn task_not_found(task: hinny_core::TaskId) -> Self {
        Self::NotFound(format!("task not found, by task_id: {task}"))
    }

    /// No such schedule.
    pub(crate) fn schedule_not_found(schedule: hinny_core::ScheduleId) -> Self {
        Self::NotFound(format!("schedule not found, by schedule_id: {schedule}"))
    }
}
