//! The way to completed tasks, newest first, which is filled behind the commits.
//!
//! Tasks that completed are older than most that wait, so a list of them that goes through all tasks
//! passes over the whole queue first. This way has them alone. A commit does not write it: it would
//! cost each completed task two more indexes, and a database that is older than the way, or was
//! written by an older hinny, would have gaps. Instead it follows the steps in the lives of tasks,
//! which are numbered in the order in which they were committed. A list has it filled up first.

use std::time::{Duration, Instant};

use hinny_core::store::StoreError;
use sqlx::PgPool;
use tokio::{
    sync::{Mutex, watch},
    time::sleep,
};
use tracing::debug;

use super::error::meaning;

/// Steps that one statement reads: a tenth of a second.
const STEPS: i64 = 5_000;

/// So many statements a list waits for; if the way is still behind, it goes another.
const PATIENCE: u32 = 4;

/// How far behind the way is when nobody asks.
const PAUSE: Duration = Duration::from_secs(1);

/// In the order of tasks, so that two hosts that fill the same never wait for each other in a circle.
const FILL: &str = "
    WITH step AS MATERIALIZED (
        SELECT e.seq, e.task, e.status FROM task_event AS e
        WHERE e.seq > (SELECT seq FROM task_completed_until) ORDER BY e.seq LIMIT $1
    ), filled AS (
        INSERT INTO task_completed (scheduler, organisation, created_at, task)
        SELECT t.scheduler, t.organisation, t.created_at, t.id
        FROM (SELECT DISTINCT task FROM step WHERE status = 4 ORDER BY task) AS c
        JOIN task AS t ON t.id = c.task
        ON CONFLICT DO NOTHING
    )
    UPDATE task_completed_until AS u SET seq = greatest(u.seq, r.last)
    FROM (SELECT max(seq) AS last, count(*) AS steps FROM step) AS r WHERE r.last IS NOT NULL
    RETURNING r.steps";

/// Fills the way.
#[derive(Default)]
pub(crate) struct Completed {
    /// Within a process one is enough; who waits finds it done.
    filling: Mutex<()>,
}

impl Completed {
    /// Fills the way up to now; the answer is whether it is complete.
    pub(crate) async fn catch_up(&self, pool: &PgPool) -> Result<bool, StoreError> {
        let _filling = self.filling.lock().await;
        for _ in 0..PATIENCE {
            if !fill(pool).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Keeps the way close behind what is written, for ever.
    pub(crate) async fn keep(&self, pool: &PgPool, mut written: watch::Receiver<u64>) {
        loop {
            written.mark_unchanged();
            if let Err(error) = self.fill_gently(pool).await {
                // Whoever uses the database says so louder.
                debug!(
                    error = &error as &dyn std::error::Error,
                    "completed tasks are noted later: {error}"
                );
            }
            sleep(PAUSE).await;
            if written.changed().await.is_err() {
                return;
            }
        }
    }

    /// Fills the way, half of the time: a database with a long history is behind by minutes.
    async fn fill_gently(&self, pool: &PgPool) -> Result<(), StoreError> {
        loop {
            let begun = Instant::now();
            let more = {
                let _filling = self.filling.lock().await;
                fill(pool).await?
            };
            if !more {
                return Ok(());
            }
            sleep(begun.elapsed()).await;
        }
    }
}

/// Follows some steps; the answer is whether there may be more.
async fn fill(pool: &PgPool) -> Result<bool, StoreError> {
    let steps: Option<i64> = sqlx::query_scalar(FILL)
        .bind(STEPS)
        .fetch_optional(pool)
        .await
        .map_err(|error| meaning(&error))?;
    Ok(steps.is_some_and(|steps| steps >= STEPS))
}
