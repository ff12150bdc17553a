//! What the planner knows of a young database.
//!
//! It goes by what the server counted when a table was last analyzed, and by itself the server looks
//! once a minute whether that is due. A new database has a hundred thousand tasks by then, and until
//! then statements that join tables go through them the wrong way round. So the host has the tables
//! analyzed each time their number has doubled, until they are large enough for the server's own
//! ways. A database that was restored from a dump has no statistics either.

use hinny_core::store::StoreError;
use sqlx::Connection as _;
use tokio::sync::watch;
use tracing::debug;

use super::{PostgresOptions, error::meaning, open::connect_for_long};

/// Tasks for which it pays the first time.
const FIRST: u64 = 1_000;

/// With so many, the server is soon enough: it analyzes what grew by a tenth.
const ENOUGH: u64 = 100_000;

/// How many tasks there were when the table was last analyzed; -1: it never was.
const KNOWN: &str = "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass('task')";

/// A table that something else is at already is left out.
const ANALYZE: &str = "
    ANALYZE (SKIP_LOCKED) task, task_state, task_live, task_held, task_unsuccessful, task_event,
        task_count, task_untold, task_completed, hash_history, schedule, event_seen, event_kept";

/// Has the tables analyzed while they are small, and returns when they are not.
pub(crate) async fn keep(options: &PostgresOptions, mut written: watch::Receiver<u64>) {
    let known = match ask_known(options).await {
        Ok(known) => known,
        Err(error) => return later(&error),
    };
    let before = u64::try_from(known).unwrap_or(0);
    let mut due = if known < 0 { 0 } else { next(before) };
    while due < ENOUGH {
        let grown = written.wait_for(|written| before + written >= due).await;
        let Ok(tasks) = grown.map(|written| before + *written) else { return };
        if let Err(error) = analyze(options).await {
            later(&error);
        }
        due = next(tasks);
    }
}

fn next(tasks: u64) -> u64 {
    (tasks * 2).max(FIRST)
}

fn later(error: &StoreError) {
    // Whoever uses the database says so louder.
    debug!(error = error as &dyn std::error::Error, "the tables are not analyzed: {error}");
}

async fn ask_known(options: &PostgresOptions) -> Result<i64, StoreError> {
    let mut connection = connect_for_long(options).await?;
    let known = sqlx::query_scalar(KNOWN).fetch_one(&mut connection).await;
    connection.close().await.ok();
    known.map_err(|error| meaning(&error))
}

async fn analyze(options: &PostgresOptions) -> Result<(), StoreError> {
    let mut connection = connect_for_long(options).await?;
    let done = sqlx::raw_sql(ANALYZE).execute(&mut connection).await;
    connection.close().await.ok();
    done.map(drop).map_err(|error| meaning(&error))
}
