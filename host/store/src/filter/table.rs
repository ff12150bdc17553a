//! Where the columns of filters are in the tables, which every database calls the same.

use super::Column;

/// The tables that a predicate is about, as the statement calls them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tables {
    /// `task AS t`, `task_state AS s`.
    Tasks,
    /// `schedule AS s`.
    Schedules,
    /// `task_count AS c`, whose columns are some of those of tasks.
    Counts,
    /// `schedule AS rs`, that a task leads to.
    RelatedSchedule,
    /// `task AS rt`, `task_state AS rs`, that a schedule leads to.
    RelatedTasks,
}

/// The SQL of a column.
pub(crate) fn expression(tables: Tables, column: Column) -> &'static str {
    match tables {
        Tables::Tasks => task(column),
        Tables::RelatedTasks => related_task(column),
        Tables::Schedules => schedule(column),
        Tables::RelatedSchedule => related_schedule(column),
        Tables::Counts => count(column),
    }
}

/// A macro for what differs in the names of the tables only.
macro_rules! task_column {
    ($column:expr, $task:literal, $state:literal) => {
        match $column {
            Column::Id => concat!($task, ".id"),
            Column::Scheduler => concat!($task, ".scheduler"),
            Column::Schedule => {
                concat!("(SELECT id FROM schedule WHERE id = ", $task, ".schedule)")
            }
            Column::Organisation => concat!($task, ".organisation"),
            Column::Kind => concat!($task, ".kind"),
            Column::Hash => concat!($task, ".hash"),
            Column::Data => concat!($task, ".data"),
            Column::BasePriority => concat!($task, ".base_priority"),
            Column::CreatedAt => concat!($task, ".created_at"),
            Column::Priority => concat!($state, ".priority"),
            Column::Status => concat!($state, ".status"),
            Column::Attempt => concat!($state, ".attempt"),
            Column::Worker => concat!($state, ".worker"),
            Column::Reason => concat!($state, ".reason"),
            Column::Dead => concat!($state, ".dead"),
            Column::NotBefore => concat!($state, ".not_before"),
            Column::LeaseUntil => concat!($state, ".lease_until"),
            Column::ModifiedAt => concat!($state, ".modified_at"),
            Column::FinishedAt => concat!($state, ".finished_at"),
            Column::Enabled | Column::Cron | Column::TimeZone | Column::DeadlineAt => NONE,
        }
    };
}

macro_rules! schedule_column {
    ($column:expr, $schedule:literal) => {
        match $column {
            Column::Id => concat!($schedule, ".id"),
            Column::Scheduler => concat!($schedule, ".scheduler"),
            Column::Organisation => concat!($schedule, ".organisation"),
            Column::Hash => concat!($schedule, ".hash"),
            Column::Data => concat!($schedule, ".data"),
            Column::Enabled => concat!($schedule, ".enabled"),
            Column::Cron => concat!($schedule, ".cron"),
            Column::TimeZone => concat!($schedule, ".time_zone"),
            Column::DeadlineAt => concat!($schedule, ".deadline_at"),
            Column::CreatedAt => concat!($schedule, ".created_at"),
            Column::ModifiedAt => concat!($schedule, ".modified_at"),
            _ => NONE,
        }
    };
}

/// A column of the other entity: the filter was checked against the columns of this one.
const NONE: &str = "NULL";

fn task(column: Column) -> &'static str {
    task_column!(column, "t", "s")
}

fn related_task(column: Column) -> &'static str {
    task_column!(column, "rt", "rs")
}

fn schedule(column: Column) -> &'static str {
    schedule_column!(column, "s")
}

fn related_schedule(column: Column) -> &'static str {
    schedule_column!(column, "rs")
}

fn count(column: Column) -> &'static str {
    match column {
        Column::Scheduler => "c.scheduler",
        Column::Organisation => "c.organisation",
        Column::Kind => "c.kind",
        Column::Status => "c.status",
        _ => NONE,
    }
}
