//! What was: the steps in the lives of tasks, and the last run of each hash.

use hinny_core::{
    SchedulerId, TaskHash, TaskId, input::LastRun, store::StoreError, task::TaskEvent,
};
use sqlx::{PgPool, postgres::PgRow};

use super::{error::meaning, row::Columns};

// From the last step back to the first.
const EVENTS: &str = "
    WITH RECURSIVE step(seq) AS (
        SELECT event FROM task_state WHERE task = $1
        UNION ALL
        SELECT e.previous FROM step
        JOIN task_event AS e ON e.seq = step.seq
        WHERE e.previous IS NOT NULL
    )
    SELECT e.at, e.status, e.attempt, e.worker, e.reason
    FROM step JOIN task_event AS e ON e.seq = step.seq
    ORDER BY e.seq";

const LAST_RUNS: &str = "
    SELECT i.key - 1, h.finished_at, h.status, h.duration_ms
    FROM unnest($2::text[]) WITH ORDINALITY AS i(value, key)
    JOIN hash_history AS h ON h.scheduler = $1 AND h.hash = i.value";

/// The steps in the life of a task, oldest first.
pub(crate) async fn events(readers: &PgPool, id: TaskId) -> Result<Vec<TaskEvent>, StoreError> {
    let query = sqlx::query(EVENTS).bind(id.0);
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(read_event).collect()
}

/// The last ended task of each hash, in the same order.
pub(crate) async fn last_runs(
    readers: &PgPool,
    scheduler: &SchedulerId,
    hashes: &[TaskHash],
) -> Result<Vec<Option<LastRun>>, StoreError> {
    let names = hashes.iter().map(TaskHash::as_str).collect::<Vec<_>>();
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

fn read_event(row: &PgRow) -> Result<TaskEvent, StoreError> {
    let mut columns = Columns::of(row, "a step in the life of a task");
    Ok(TaskEvent {
        at: columns.moment()?,
        status: columns.status()?,
        attempt: columns.number()?,
        worker: columns.text_if_any()?,
        reason: columns.text_if_any()?,
    })
}

fn read_run(row: &PgRow) -> Result<(usize, LastRun), StoreError> {
    let mut columns = Columns::of(row, "the last run of a hash");
    let at = columns.number()?;
    let finished_at = columns.moment()?;
    let status = columns.status()?;
    Ok((at, LastRun { finished_at, status, duration_ms: columns.number()? }))
}
