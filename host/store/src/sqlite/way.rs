//! Ways to the tasks of a list.

use hinny_core::TaskStatus;

use crate::filter::{Column, Comparison, Operand, Predicate};

/// The way to the tasks that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Through all, newest first.
    Newest,
    /// Through those on the queue.
    Queued,
    /// Through those off the queue that have not ended.
    Held,
    /// Through those that ended without success.
    Unsuccessful,
    /// Through those that were given up.
    Dead,
}

/// Through all, as they were pushed, up to the condition. The index has most that narrows them.
pub(crate) const AS_PUSHED: &str = " FROM task AS t INDEXED BY task_created WHERE ";

/// The tables of a way, up to the condition. Each names its index: what the planner would guess
/// from statistics is known here.
pub(crate) fn from(way: Way) -> &'static str {
    match way {
        Way::Newest => {
            " FROM task AS t INDEXED BY task_created
              CROSS JOIN task_state AS s ON s.task = t.id WHERE "
        }
        Way::Queued => {
            " FROM task_state AS s INDEXED BY task_queued
              CROSS JOIN task AS t ON t.id = s.task WHERE s.status = 1 AND "
        }
        Way::Held => {
            " FROM task_state AS s INDEXED BY task_held
              CROSS JOIN task AS t ON t.id = s.task WHERE s.status IN (0, 2, 3) AND "
        }
        Way::Unsuccessful => {
            " FROM task_state AS s INDEXED BY task_unsuccessful
              CROSS JOIN task AS t ON t.id = s.task WHERE s.status IN (5, 6) AND "
        }
        Way::Dead => {
            " FROM task_state AS s INDEXED BY task_dead
              CROSS JOIN task AS t ON t.id = s.task WHERE s.dead = 1 AND "
        }
    }
}

/// The way to the tasks of a rare status, if only such can match; and what all tasks of the way are
/// counted by, if they are counted.
pub(crate) fn rare_way(predicate: &Predicate) -> Option<(Way, Option<Predicate>)> {
    if predicate.demands(Column::Dead) == Some(&Operand::Flag(true)) {
        return Some((Way::Dead, None));
    }
    let Some(Operand::Integer(code)) = predicate.demands(Column::Status) else { return None };
    let way = match i16::try_from(*code).ok().and_then(TaskStatus::from_code)? {
        TaskStatus::Queued => Way::Queued,
        TaskStatus::Pending | TaskStatus::Dispatched | TaskStatus::Running => Way::Held,
        TaskStatus::Failed | TaskStatus::Cancelled => Way::Unsuccessful,
        TaskStatus::Completed => return None,
    };
    let of_way = Predicate::compare(Column::Status, Comparison::Eq, Operand::Integer(*code));
    Some((way, Some(of_way)))
}
