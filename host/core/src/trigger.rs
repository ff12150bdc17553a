//! What wakes a scheduler.

use crate::{EventId, TaskStatus, Timestamp, schedule::Schedule, task::Task};

/// What wakes a scheduler.
#[derive(Debug, Clone)]
pub enum Trigger {
    /// A message came in.
    Message(Message),
    /// Time passed.
    Tick(Tick),
    /// A schedule is due.
    Due(Box<Schedule>),
    /// A task of this scheduler came to a terminal status.
    Finished(Box<Task>),
}

/// A message from outside.
#[derive(Debug, Clone)]
pub struct Message {
    /// Identity; a repeated delivery has the same one.
    pub id: EventId,
    /// The listener's name for where it came from.
    pub source: String,
    /// When the host took it.
    pub at: Timestamp,
    /// MIME type of the body, as the sender says; empty when it does not.
    pub content_type: String,
    /// The body, as it came.
    pub body: Vec<u8>,
    /// Headers and the like.
    pub attributes: Vec<(String, String)>,
    /// 1 for the first delivery.
    pub delivery: u32,
}

/// A moment that a scheduler asked to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// The moment that was planned.
    pub planned_at: Timestamp,
    /// Milliseconds between ticks.
    pub every_ms: u64,
}

/// Which triggers a scheduler plugin wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interest {
    /// Messages of a source.
    Messages(String),
    /// A tick every so many milliseconds.
    Ticks(u64),
    /// Its schedules, when they are due.
    DueSchedules,
    /// Its tasks, when they come to a terminal status.
    FinishedTasks,
}

impl Trigger {
    /// What kind it is, for logs and metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message(_) => "message",
            Self::Tick(_) => "tick",
            Self::Due(_) => "due",
            Self::Finished(_) => "finished",
        }
    }

    /// Whether a scheduler with an interest wants it.
    pub fn wanted_by(&self, interests: &[Interest]) -> bool {
        interests.iter().any(|interest| match (self, interest) {
            (Self::Message(message), Interest::Messages(source)) => message.source == *source,
            (Self::Tick(tick), Interest::Ticks(every_ms)) => tick.every_ms == *every_ms,
            (Self::Due(_), Interest::DueSchedules) => true,
            (Self::Finished(task), Interest::FinishedTasks) => {
                debug_assert!(task.status.is_terminal() || task.status == TaskStatus::Queued);
                true
            }
            _ => false,
        })
    }
}
