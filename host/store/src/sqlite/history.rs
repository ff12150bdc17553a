//! What was: the steps in the lives of tasks, and the last run of each hash.

use hinny_core::{
    SchedulerId, TaskHash, TaskId, input::LastRun, store::StoreError, task::TaskEvent,
};
use sqlx::{SqlitePool, sqlite::SqliteRow};

use super::{error::meaning, row::Columns, sql::json};

// From the last step back to the first.
const EVENTS: &str = "
    WITH RECURSIVE step(seq) AS (
        SELECT event FROM task_state WHERE task = ?
        UNION ALL
        SELECT e.previous FROM step
        CROSS JOIN task_event AS e ON e.seq = step.seq
        WHERE e.previous IS NOT NULL
    )
    SELECT e.at, e.status, e.attempt, e.worker, e.reason
    FROM step CROSS JOIN task_event AS e ON e.seq = step.seq
    ORDER BY e.seq";

const LAST_RUNS: &str = "
    SELECT i.key, h.finished_at, h.status, h.duration_ms FROM json_each(?2) AS i
    CROSS JOIN hash_history AS h ON h.scheduler = ?1 AND h.hash = i.value";

/// Those whose cost must not grow with what is stored.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[EVENTS, LAST_RUNS];

/// The steps in the life of a task, oldest first.
pub(crate) async fn events(readers: &SqlitePool, id: TaskId) -> Result<Vec<TaskEvent>, StoreError> {
    let query = sqlx::query(EVENTS).bind(id.0.as_bytes().to_vec());
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(read_event).collect()
}

/// The last ended task of each hash, in the same order.
pub(crate) async fn last_runs(
    readers: &SqlitePool,
    scheduler: &SchedulerId,
    hashes: &[TaskHash],
) -> Result<Vec<Option<LastRun>>, StoreError> {
    let names = json(&hashes.iter().map(TaskHash::as_str).collect::<Vec<_>>())?;
    let query = sqlx::query(LAST_RUNS).bind(scheduler.as_str()).bind(names);
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    let mut runs = vec![None; hashes.len()];
    for row in &rows {
        let (at, run) = read_run(row)?;
        if let Some(place) = runs.get_mut(at) {
            *place = Some(run);
        }
    }
    Ok(runs)
}

fn read_event(row: &SqliteRow) -> Result<TaskEvent, StoreError> {
    let mut columns = Columns::of(row, "a step in the life of a task");
    Ok(TaskEvent {
        at: columns.moment()?,
        status: columns.status()?,
        attempt: columns.number()?,
        worker: columns.next()?,
        reason: columns.next()?,
    })
}

fn read_run(row: &SqliteRow) -> Result<(usize, LastRun), StoreError> {
    let mut columns = Columns::of(row, "the last run of a hash");
    let at = columns.number()?;
    let finished_at = columns.moment()?;
    let status = columns.status()?;
    Ok((at, LastRun { finished_at, status, duration_ms: columns.number()? }))
}
