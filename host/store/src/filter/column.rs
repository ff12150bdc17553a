//! The columns that filters may name.

use hinny_core::filter::FilterError;

/// What is filtered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entity {
    /// Tasks.
    Task,
    /// Schedules.
    Schedule,
}

/// A column of tasks or schedules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Id,
    Scheduler,
    Schedule,
    Organisation,
    Kind,
    Hash,
    Data,
    BasePriority,
    Priority,
    Status,
    Attempt,
    Worker,
    Reason,
    Dead,
    NotBefore,
    LeaseUntil,
    CreatedAt,
    ModifiedAt,
    FinishedAt,
    Enabled,
    Cron,
    TimeZone,
    DeadlineAt,
}

impl Column {
    /// Whether it is of the life of a task, and not of the task as it was pushed.
    pub(crate) fn is_of_life(self) -> bool {
        matches!(
            self,
            Self::Priority
                | Self::Status
                | Self::Attempt
                | Self::Worker
                | Self::Reason
                | Self::Dead
                | Self::NotBefore
                | Self::LeaseUntil
                | Self::ModifiedAt
                | Self::FinishedAt
        )
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnType {
    Text,
    Integer,
    Flag,
    Id,
    Moment,
    Status,
    Json,
}

/// A column as clients name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ColumnSpec {
    pub(crate) name: &'static str,
    pub(crate) column: Column,
    pub(crate) holds: ColumnType,
}

const fn spec(name: &'static str, column: Column, holds: ColumnType) -> ColumnSpec {
    ColumnSpec { name, column, holds }
}

const TASK: &[ColumnSpec] = &[
    spec("id", Column::Id, ColumnType::Id),
    spec("scheduler_id", Column::Scheduler, ColumnType::Text),
    spec("schedule_id", Column::Schedule, ColumnType::Id),
    spec("organisation", Column::Organisation, ColumnType::Text),
    spec("type", Column::Kind, ColumnType::Text),
    spec("hash", Column::Hash, ColumnType::Text),
    spec("data", Column::Data, ColumnType::Json),
    spec("base_priority", Column::BasePriority, ColumnType::Integer),
    spec("priority", Column::Priority, ColumnType::Integer),
    spec("status", Column::Status, ColumnType::Status),
    spec("attempt", Column::Attempt, ColumnType::Integer),
    spec("worker", Column::Worker, ColumnType::Text),
    spec("reason", Column::Reason, ColumnType::Text),
    spec("dead", Column::Dead, ColumnType::Flag),
    spec("not_before", Column::NotBefore, ColumnType::Moment),
    spec("lease_until", Column::LeaseUntil, ColumnType::Moment),
    spec("created_at", Column::CreatedAt, ColumnType::Moment),
    spec("modified_at", Column::ModifiedAt, ColumnType::Moment),
    spec("finished_at", Column::FinishedAt, ColumnType::Moment),
];

const SCHEDULE: &[ColumnSpec] = &[
    spec("id", Column::Id, ColumnType::Id),
    spec("scheduler_id", Column::Scheduler, ColumnType::Text),
    spec("organisation", Column::Organisation, ColumnType::Text),
    spec("hash", Column::Hash, ColumnType::Text),
    spec("data", Column::Data, ColumnType::Json),
    spec("enabled", Column::Enabled, ColumnType::Flag),
    spec("schedule", Column::Cron, ColumnType::Text),
    spec("time_zone", Column::TimeZone, ColumnType::Text),
    spec("deadline_at", Column::DeadlineAt, ColumnType::Moment),
    spec("created_at", Column::CreatedAt, ColumnType::Moment),
    spec("modified_at", Column::ModifiedAt, ColumnType::Moment),
];

impl Entity {
    /// The relation to the other entity, as clients name it.
    pub(crate) fn relation(self) -> &'static str {
        match self {
            Self::Task => "schedule",
            Self::Schedule => "tasks",
        }
    }

    /// The entity that the relation leads to.
    pub(crate) fn related(self) -> Self {
        match self {
            Self::Task => Self::Schedule,
            Self::Schedule => Self::Task,
        }
    }

    fn columns(self) -> &'static [ColumnSpec] {
        match self {
            Self::Task => TASK,
            Self::Schedule => SCHEDULE,
        }
    }

    /// The column with a name.
    pub(crate) fn column(self, name: &str) -> Option<ColumnSpec> {
        self.columns().iter().find(|spec| spec.name == name).copied()
    }

    /// The error for a name that no column has.
    pub(crate) fn unknown(self, name: &str, with_relation: bool) -> FilterError {
        let mut known: Vec<_> = self.columns().iter().map(|spec| spec.name).collect();
        if with_relation {
            known.push(self.relation());
        }
        FilterError::UnknownColumn { column: shown(name), known: known.join(", ") }
    }
}

/// A name that was sent, fit to be shown.
pub(crate) fn shown(name: &str) -> String {
    name.escape_default().take(64).collect()
}
