//! Forgetting what is not needed any more.

use hinny_core::{Timestamp, store::StoreError};

use super::{error::meaning, writer::Writer};
use crate::commit::hour_of;

/// Most marks that one transaction deletes, so that commits never wait long.
const MARKS_MAX: u64 = 5_000;

const SEEN: &str = "
    DELETE FROM event_seen WHERE (scheduler, event) IN (
        SELECT scheduler, event FROM event_seen WHERE at < $1 ORDER BY at LIMIT 5000
    )";

// The hours before go into one row, at the start of time.
const MERGE_HOURS: &str = "
    INSERT INTO task_count AS c (scheduler, organisation, kind, status, hour, count)
    SELECT scheduler, organisation, kind, status, 0, sum(count) FROM task_count
    WHERE hour > 0 AND hour < $1
    GROUP BY scheduler, organisation, kind, status
    ON CONFLICT (scheduler, organisation, kind, status, hour)
        DO UPDATE SET count = c.count + excluded.count";

const FORGET_HOURS: &str = "DELETE FROM task_count WHERE hour > 0 AND hour < $1";

const FORGET_ZEROS: &str = "DELETE FROM task_count WHERE count = 0";

/// Forgets marks of handled messages from before a moment, and merges old counters.
pub(crate) async fn tidy(writer: &Writer, before: Timestamp) -> Result<(), StoreError> {
    while forget_marks(writer, before).await? >= MARKS_MAX {}
    merge_counts(writer, before).await
}

async fn forget_marks(writer: &Writer, before: Timestamp) -> Result<u64, StoreError> {
    let mut turn = writer.turn().await?;
    let done = sqlx::query(SEEN).bind(before.as_micros()).execute(turn.connection()?).await;
    let forgotten = done.map_err(|error| meaning(&error))?.rows_affected();
    turn.end().await?;
    Ok(forgotten)
}

async fn merge_counts(writer: &Writer, before: Timestamp) -> Result<(), StoreError> {
    let hour = hour_of(before);
    let mut turn = writer.turn().await?;
    turn.begin().await?;
    let connection = turn.connection()?;
    for statement in [MERGE_HOURS, FORGET_HOURS] {
        let done = sqlx::query(statement).bind(hour).execute(&mut *connection).await;
        done.map_err(|error| meaning(&error))?;
    }
    sqlx::query(FORGET_ZEROS).execute(connection).await.map_err(|error| meaning(&error))?;
    turn.end().await
}
