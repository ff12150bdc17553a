//! Where a task stands: what its status means for the tables beside it.

use hinny_core::{EventId, TaskStatus, event::finished_event, task::Task};

use super::HashKey;

/// Where a task stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the queue: the live task of its hash.
    Live(HashKey),
    /// Off the queue, but not ended.
    Held(HashKey),
    /// Ended, with the id of the message that says so.
    Ended(EventId),
}

impl Place {
    /// Where a task stands.
    pub(crate) fn of(task: &Task) -> Self {
        match task.status {
            TaskStatus::Queued => Self::Live(key(task)),
            status if status.is_terminal() => Self::Ended(finished_event(task.id, task.attempt)),
            _ => Self::Held(key(task)),
        }
    }

    /// The hash of a task that is on the queue.
    pub(crate) fn live(&self) -> Option<&HashKey> {
        if let Self::Live(key) = self { Some(key) } else { None }
    }

    /// The hash of a task that is off the queue and has not ended.
    pub(crate) fn held(&self) -> Option<&HashKey> {
        if let Self::Held(key) = self { Some(key) } else { None }
    }

    /// The hash of a task that has not ended.
    pub(crate) fn open(&self) -> Option<&HashKey> {
        self.live().or_else(|| self.held())
    }
}

/// The hash of a task within its scheduler.
pub(crate) fn key(task: &Task) -> HashKey {
    (task.scheduler.clone(), task.hash.clone())
}
