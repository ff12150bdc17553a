//! Schedules, from rows.

use hinny_core::{
    ScheduleId, SchedulerId, TaskHash, Timestamp, schedule::Schedule, store::StoreError,
};
use sqlx::{SqlitePool, sqlite::SqliteRow};

use super::{error::meaning, row::Columns, sql::json};
use crate::by_hash::in_order;

/// The columns of a schedule, of `schedule AS s`.
macro_rules! schedule_columns {
    () => {
        "s.id, s.scheduler, s.organisation, s.hash, s.data, s.enabled, s.cron, s.time_zone, \
         s.deadline_at, s.missed, s.created_at, s.modified_at"
    };
}

pub(crate) use schedule_columns;

const BY_ID: &str = concat!("SELECT ", schedule_columns!(), " FROM schedule AS s WHERE s.id = ?");

const BY_HASH: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM json_each(?2) AS i
    CROSS JOIN schedule AS s ON s.scheduler = ?1 AND s.hash = i.value"
);

const DUE: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM schedule AS s INDEXED BY schedule_due
    WHERE s.scheduler = ? AND s.deadline_at <= ? AND s.enabled = 1 AND s.deadline_at IS NOT NULL
    ORDER BY s.deadline_at
    LIMIT ?"
);

/// Those whose cost must not grow with what is stored.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[BY_ID, BY_HASH, DUE];

/// One schedule.
pub(crate) async fn by_id(
    readers: &SqlitePool,
    id: ScheduleId,
) -> Result<Option<Schedule>, StoreError> {
    let row = sqlx::query(BY_ID).bind(id.0.as_bytes().as_slice()).fetch_optional(readers).await;
    row.map_err(|error| meaning(&error))?.as_ref().map(read_schedule).transpose()
}

/// The schedule of each hash, in the same order.
pub(crate) async fn by_hash(
    readers: &SqlitePool,
    scheduler: &SchedulerId,
    hashes: &[TaskHash],
) -> Result<Vec<Option<Schedule>>, StoreError> {
    let wanted = json(&hashes.iter().map(TaskHash::as_str).collect::<Vec<_>>())?;
    let query = sqlx::query(BY_HASH).bind(scheduler.as_str()).bind(wanted);
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    in_order(hashes, rows.iter().map(read_schedule), |schedule| &schedule.hash)
}

/// Enabled schedules that are due, earliest deadline first.
pub(crate) async fn due(
    readers: &SqlitePool,
    scheduler: &SchedulerId,
    by: Timestamp,
    limit: u32,
) -> Result<Vec<Schedule>, StoreError> {
    let query = sqlx::query(DUE).bind(scheduler.as_str()).bind(by.as_micros()).bind(limit);
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(read_schedule).collect()
}

/// The schedule in a row.
pub(crate) fn read_schedule(row: &SqliteRow) -> Result<Schedule, StoreError> {
    let mut columns = Columns::of(row, "a schedule");
    Ok(Schedule {
        id: columns.id().map(ScheduleId)?,
        scheduler: columns.parse()?,
        organisation: columns.parse()?,
        hash: columns.parse()?,
        data: columns.json()?,
        enabled: columns.next()?,
        cron: columns.next()?,
        time_zone: columns.next()?,
        deadline_at: columns.moment_if_any()?,
        missed: columns.word()?,
        created_at: columns.moment()?,
        modified_at: columns.moment()?,
    })
}
