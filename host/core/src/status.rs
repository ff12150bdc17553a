//! The life of a task, as one table.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskStatus {
    /// Made but not on the queue.
    Pending,
    /// On the queue.
    Queued,
    /// Handed to a worker.
    Dispatched,
    /// A worker has said that it started.
    Running,
    /// Done.
    Completed,
    /// Done, without success.
    Failed,
    /// Taken off the queue by a person or a scheduler.
    Cancelled,
}

/// Which moves between statuses are taken from clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusRule {
    /// The table of [`TaskStatus::may_become`]: finished tasks stay finished.
    #[default]
    Strict,
    /// Any status may follow any other, as clients of older schedulers expect.
    Open,
}

/// A move that the table does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a task that is `{from}` cannot become `{to}`")]
pub struct IllegalMove {
    /// Status now.
    pub from: TaskStatus,
    /// Status asked for.
    pub to: TaskStatus,
}

impl TaskStatus {
    /// All statuses, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Queued,
        Self::Dispatched,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The number that stores keep. Never change one.
    pub fn code(self) -> i16 {
        match self {
            Self::Pending => 0,
            Self::Queued => 1,
            Self::Dispatched => 2,
            Self::Running => 3,
            Self::Completed => 4,
            Self::Failed => 5,
            Self::Cancelled => 6,
        }
    }

    /// The status with a stored number.
    pub fn from_code(code: i16) -> Option<Self> {
        usize::try_from(code).ok().and_then(|at| Self::ALL.get(at).copied())
    }

    /// Whether nothing more happens to the task.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }

    /// Whether a worker holds the task.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Dispatched | Self::Running)
    }

    /// The table of moves. Repeating a status is a move to itself and always taken.
    pub fn may_become(self, next: Self) -> bool {
        use TaskStatus::{Cancelled, Completed, Dispatched, Failed, Pending, Queued, Running};
        self == next
            || matches!(
                (self, next),
                (Pending, Queued | Cancelled)
                    | (Queued, Dispatched | Cancelled | Failed)
                    | (Dispatched, Running | Completed | Failed | Cancelled | Queued)
                    | (Running, Completed | Failed | Cancelled | Queued)
            )
    }

    /// The status after a move.
    pub fn move_to(self, next: Self, rule: StatusRule) -> Result<Self, IllegalMove> {
        match rule {
            StatusRule::Open => Ok(next),
            StatusRule::Strict if self.may_become(next) => Ok(next),
            StatusRule::Strict => Err(IllegalMove { from: self, to: next }),
        }
    }

    /// The name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Queued => "queued",
            Self::Dispatched => "dispatched",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that is not a status.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a status, expected one of pending, queued, dispatched, running, completed, failed, cancelled"
)]
pub struct InvalidStatus(String);

impl FromStr for TaskStatus {
    type Err = InvalidStatus;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| InvalidStatus(text.escape_default().take(32).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_task_stays_finished_under_the_strict_rule() {
        for from in TaskStatus::ALL.into_iter().filter(|status| status.is_terminal()) {
            for to in TaskStatus::ALL.into_iter().filter(|to| *to != from) {
                assert_eq!(from.move_to(to, StatusRule::Strict), Err(IllegalMove { from, to }));
                assert_eq!(from.move_to(to, StatusRule::Open), Ok(to));
            }
        }
    }

    #[test]
    fn stored_numbers_read_back() {
        for status in TaskStatus::ALL {
            assert_eq!(TaskStatus::from_code(status.code()), Some(status));
        }
        assert_eq!(TaskStatus::from_code(7), None);
    }
}
