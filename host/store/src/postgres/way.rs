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
    /// Through those that ended without success, or were given up.
    Unsuccessful,
    /// Through those that completed, newest first.
    Completed,
}

/// Through all, as they were pushed, in any order, up to the condition.
pub(crate) const AS_PUSHED: &str = " FROM task AS t WHERE ";

/// The tables of a way, up to the condition.
pub(crate) fn from(way: Way) -> &'static str {
    match way {
        Way::Newest => {
            " FROM task AS t
              JOIN task_state AS s ON s.task = t.id WHERE "
        }
        Way::Queued => {
            " FROM task_live AS l JOIN task_state AS s ON s.task = l.task
              JOIN task AS t ON t.id = s.task WHERE "
        }
        Way::Held => {
            " FROM task_held AS h JOIN task_state AS s ON s.task = h.task
              JOIN task AS t ON t.id = s.task WHERE "
        }
        Way::Unsuccessful => {
            " FROM task_unsuccessful AS u JOIN task_state AS s ON s.task = u.task
              JOIN task AS t ON t.id = s.task WHERE "
        }
        // One after the other: what the planner would guess from statistics is known here. A task
        // that was given another place in the order is there a second time.
        Way::Completed => {
            " FROM task_completed AS c
              CROSS JOIN LATERAL (
                  SELECT * FROM task WHERE id = c.task AND organisation = c.organisation
                      AND created_at = c.created_at OFFSET 0
              ) AS t
              CROSS JOIN LATERAL (SELECT * FROM task_state WHERE task = c.task OFFSET 0) AS s WHERE "
        }
    }
}

/// Newest first, in words that the planner follows the way by.
pub(crate) fn newest_first(way: Way) -> &'static str {
    match way {
        Way::Completed => " ORDER BY c.created_at DESC, c.task DESC",
        _ => " ORDER BY t.created_at DESC, t.id DESC",
    }
}

/// Whether only tasks that completed can match.
pub(crate) fn is_completed(predicate: &Predicate) -> bool {
    let completed = i64::from(TaskStatus::Completed.code());
    predicate.demands(Column::Status) == Some(&Operand::Integer(completed))
}

/// The way to the tasks of a rare status, if only such can match; and what all tasks of the way are
/// counted by, if they are counted.
pub(crate) fn rare_way(predicate: &Predicate) -> Option<(Way, Option<Predicate>)> {
    if predicate.demands(Column::Dead) == Some(&Operand::Flag(true)) {
        return Some((Way::Unsuccessful, None));
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
