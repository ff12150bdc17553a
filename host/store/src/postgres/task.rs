//! Tasks, from rows.

use hinny_core::{
    Priority, ScheduleId, SchedulerId, TaskHash, TaskId, Timestamp, store::StoreError, task::Task,
};
use sqlx::{PgPool, postgres::PgRow};

use super::{error::meaning, row::Columns};
use crate::by_hash::in_order;

/// The columns of a task, of `task AS t` and `task_state AS s`. A macro, so that statements stay
/// constants. The number of the last step in its life comes first.
///
/// A schedule that is gone is none. That is asked as a value and not with `EXISTS`: for that, the
/// planner expects more rows than a page has, and reads all schedules into a hash table first.
macro_rules! task_columns {
    () => {
        "s.event, t.id, t.scheduler, \
         (SELECT x.id FROM schedule AS x WHERE x.id = t.schedule), \
         t.organisation, t.kind, t.hash, t.data, t.base_priority, s.priority, s.ranked_by, \
         s.status, s.attempt, s.not_before, s.lease_until, s.worker, s.reason, s.dead, \
         t.created_at, s.modified_at, s.finished_at"
    };
}

pub(crate) use task_columns;

const BY_ID: &str = concat!(
    "SELECT ",
    task_columns!(),
    " FROM unnest($1::uuid[]) AS i(id)
    JOIN task AS t ON t.id = i.id
    JOIN task_state AS s ON s.task = t.id"
);

/// The queued tasks of a scheduler, by id, of which a condition holds.
macro_rules! queued {
    ($condition:literal) => {
        concat!(
            "SELECT ",
            task_columns!(),
            " FROM (
                SELECT task FROM task_live WHERE scheduler = $1",
            $condition,
            " ORDER BY task LIMIT $2
            ) AS l
            JOIN task_state AS s ON s.task = l.task
            JOIN task AS t ON t.id = s.task
            ORDER BY s.task"
        )
    };
}

const QUEUED: &str = queued!("");
const QUEUED_AFTER: &str = queued!(" AND task > $3");

const ENDED_LEASES: &str = concat!(
    "SELECT ",
    task_columns!(),
    " FROM task_held AS h
    JOIN task_state AS s ON s.task = h.task
    JOIN task AS t ON t.id = s.task
    WHERE h.scheduler = $2 AND s.lease_until <= $1
    ORDER BY s.lease_until
    LIMIT $3"
);

// The newest is the queued one, one that is held, or the newest that ended. The hash is looked at
// again, since a task that ended may have got another one.
const NEWEST_BY_HASH: &str = concat!(
    "SELECT ",
    task_columns!(),
    " FROM (
        SELECT task FROM task_live WHERE scheduler = $1 AND hash = $2
        UNION SELECT task FROM task_held WHERE scheduler = $1 AND hash = $2
        UNION SELECT newest FROM hash_history WHERE scheduler = $1 AND hash = $2
    ) AS n
    JOIN task AS t ON t.id = n.task
    JOIN task_state AS s ON s.task = t.id
    WHERE t.hash = $2
    ORDER BY t.created_at DESC, t.id DESC
    LIMIT 1"
);

// The same for many hashes.
const NEWEST_BY_HASHES: &str = concat!(
    "SELECT ",
    task_columns!(),
    " FROM unnest($2::text[]) AS i(hash)
    CROSS JOIN LATERAL (
        SELECT o.id FROM (
            SELECT task FROM task_live WHERE scheduler = $1 AND hash = i.hash
            UNION SELECT task FROM task_held WHERE scheduler = $1 AND hash = i.hash
            UNION SELECT newest FROM hash_history WHERE scheduler = $1 AND hash = i.hash
        ) AS n
        JOIN task AS o ON o.id = n.task
        WHERE o.hash = i.hash
        ORDER BY o.created_at DESC, o.id DESC
        LIMIT 1
    ) AS n
    JOIN task AS t ON t.id = n.id
    JOIN task_state AS s ON s.task = t.id"
);

/// Tasks by id; unknown ids are left out.
pub(crate) async fn by_id(readers: &PgPool, ids: &[TaskId]) -> Result<Vec<Task>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query(BY_ID).bind(ids).fetch_all(readers).await;
    rows.map_err(|error| meaning(&error))?.iter().map(task).collect()
}

/// The queued tasks of a scheduler, by id, after an id.
pub(crate) async fn queued(
    readers: &PgPool,
    scheduler: &SchedulerId,
    after: Option<TaskId>,
    limit: u32,
) -> Result<Vec<Task>, StoreError> {
    let statement = if after.is_some() { QUEUED_AFTER } else { QUEUED };
    let query = sqlx::query(statement).bind(scheduler.as_str()).bind(i64::from(limit));
    let query = if let Some(after) = after { query.bind(after.0) } else { query };
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(task).collect()
}

/// The tasks whose lease ended at or before a moment, the oldest end first.
pub(crate) async fn ended_leases(
    readers: &PgPool,
    scheduler: &SchedulerId,
    by: Timestamp,
    limit: u32,
) -> Result<Vec<Task>, StoreError> {
    let query = sqlx::query(ENDED_LEASES).bind(by.as_micros()).bind(scheduler.as_str());
    let rows =
        query.bind(i64::from(limit)).fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(task).collect()
}

/// The newest task with a hash.
pub(crate) async fn newest_by_hash(
    readers: &PgPool,
    scheduler: &SchedulerId,
    hash: &TaskHash,
) -> Result<Option<Task>, StoreError> {
    let query = sqlx::query(NEWEST_BY_HASH).bind(scheduler.as_str()).bind(hash.as_str());
    let row = query.fetch_optional(readers).await.map_err(|error| meaning(&error))?;
    row.as_ref().map(task).transpose()
}

/// The newest task of each hash, in the same order.
pub(crate) async fn newest_by_hashes(
    readers: &PgPool,
    scheduler: &SchedulerId,
    hashes: &[TaskHash],
) -> Result<Vec<Option<Task>>, StoreError> {
    let wanted: Vec<_> = hashes.iter().map(TaskHash::as_str).collect();
    let query = sqlx::query(NEWEST_BY_HASHES).bind(scheduler.as_str()).bind(wanted);
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    in_order(hashes, rows.iter().map(task), |task| &task.hash)
}

/// The task in a row, with the number of the last step in its life.
pub(crate) fn numbered_task(row: &PgRow) -> Result<(i64, Task), StoreError> {
    let mut columns = Columns::of(row, "a task");
    let event = columns.next()?;
    Ok((event, read_task(&mut columns)?))
}

/// The task in a row.
pub(crate) fn task(row: &PgRow) -> Result<Task, StoreError> {
    numbered_task(row).map(|(_, task)| task)
}

fn read_task(columns: &mut Columns<'_>) -> Result<Task, StoreError> {
    Ok(Task {
        id: columns.id().map(TaskId)?,
        scheduler: columns.parse()?,
        schedule: columns.id_if_any()?.map(ScheduleId),
        organisation: columns.parse()?,
        kind: columns.parse()?,
        hash: columns.parse()?,
        data: columns.json()?,
        base_priority: columns.next::<Option<i64>>()?.map(Priority),
        priority: columns.priority()?,
        ranked_by: columns.ranked_by()?,
        status: columns.status()?,
        attempt: columns.number()?,
        not_before: columns.moment_if_any()?,
        lease_until: columns.moment_if_any()?,
        worker: columns.text_if_any()?,
        reason: columns.text_if_any()?,
        dead: columns.next()?,
        created_at: columns.moment()?,
        modified_at: columns.moment()?,
        finished_at: columns.moment_if_any()?,
    })
}
