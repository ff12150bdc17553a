//! Messages that could not be handled at once: waiting for a retry, or in quarantine.

use serde::{Deserialize, Serialize};

use crate::{EventId, SchedulerId, TaskId, Timestamp, trigger::Message};

/// A message that the host keeps.
#[derive(Debug, Clone)]
pub struct KeptEvent {
    /// The message; its `delivery` counts the tries so far.
    pub message: Message,
    /// The scheduler that has yet to handle it.
    pub scheduler: SchedulerId,
    /// Where it is.
    pub state: EventState,
    /// When it is tried again; only while it waits.
    pub retry_at: Option<Timestamp>,
    /// Why it was not handled.
    pub reason: String,
}

/// Where a kept message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EventState {
    /// Tried again later.
    Waiting,
    /// Set aside until a person replays or drops it.
    Quarantined,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOutcome {
    /// Handled: its commands are committed.
    Handled {
        /// Tasks queued.
        pushed: u64,
        /// Tasks not queued, since a live one has the same hash.
        duplicates: u64,
        /// Tasks cancelled.
        cancelled: u64,
    },
    /// It was handled before; nothing happened.
    Repeated,
    /// No scheduler wants messages of this source.
    Unwanted,
    /// Kept, to be tried again.
    Waiting {
        /// When.
        retry_at: Timestamp,
        /// Why.
        reason: String,
    },
    /// Set aside.
    Quarantined {
        /// Why.
        reason: String,
    },
}

/// How a message goes from "tried" to "set aside".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all.
    pub attempts_max: u32,
    /// Wait before the second try.
    pub first: std::time::Duration,
    /// Longest wait.
    pub longest: std::time::Duration,
}

impl RetryPolicy {
    /// The wait after a number of tries: doubling, bounded; `None`: no more tries.
    pub fn wait_after(&self, tries: u32) -> Option<std::time::Duration> {
        if tries >= self.attempts_max {
            return None;
        }
        let factor = 1_u32.checked_shl(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        Some(self.first.saturating_mul(factor).min(self.longest))
    }
}

/// The identity of the news that an attempt of a task has ended: the same on every host and after
/// every start, so that its scheduler is told once. A UUID of version 8. Never change it.
pub fn finished_event(task: TaskId, attempt: u32) -> EventId {
    // A step without pattern, so that the attempts of tasks with neighbouring ids never meet.
    const STEP: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;
    let moved = task.0.as_u128().wrapping_add(STEP.wrapping_mul(u128::from(attempt) + 1));
    let id = uuid::Builder::from_u128(moved)
        .with_version(uuid::Version::Custom)
        .with_variant(uuid::Variant::RFC4122);
    EventId(id.into_uuid())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_then_end() {
        let policy = RetryPolicy {
            attempts_max: 5,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(3),
        };
        let waits: Vec<_> =
            (1..=5).map(|tries| policy.wait_after(tries).map(|wait| wait.as_secs())).collect();
        assert_eq!(waits, [Some(1), Some(2), Some(3), Some(3), None]);
    }
    #[test]
    fn the_ends_of_neighbouring_tasks_and_attempts_are_told_apart() {
        let ends: std::collections::BTreeSet<_> = (0..300_u128)
            .flat_map(|task| (0..300).map(move |attempt| (task << 64 | task, attempt)))
            .map(|(task, attempt)| finished_event(TaskId(uuid::Uuid::from_u128(task)), attempt))
            .collect();
        assert_eq!(ends.len(), 300 * 300);
    }

    #[test]
    fn the_end_of_an_attempt_has_the_same_identity_for_ever() {
        let task = TaskId(uuid::Uuid::from_u128(0x0190_1234_5678_7abc_8def_0123_4567_89ab));
        assert_eq!(finished_event(task, 1).to_string(), "3dff05a7-550d-82e8-b528-81e3ff431a15");
    }
}
