//! Forgetting what is not needed any more.

use hinny_core::{Timestamp, store::StoreError};

use super::{error::meaning, script::Script, writer::Writer};
use crate::commit::hour_of;

const BEGIN: &str = "BEGIN IMMEDIATE";

/// Most marks that one transaction deletes, so that commits never wait long.
const MARKS_MAX: u64 = 5_000;

const SEEN: &str = "
    DELETE FROM event_seen WHERE (scheduler, event) IN (
        SELECT scheduler, event FROM event_seen INDEXED BY event_seen_at
        WHERE at < ? LIMIT 5000
    )";

// The hours before go into one row, at the start of time.
const MERGE_HOURS: &str = "
    INSERT INTO task_count (scheduler, organisation, kind, status, hour, count)
    SELECT scheduler, organisation, kind, status, 0, sum(count) FROM task_count
    WHERE hour > 0 AND hour < ?
    GROUP BY scheduler, organisation, kind, status
    ON CONFLICT DO UPDATE SET count = count + excluded.count";

const FORGET_HOURS: &str = "DELETE FROM task_count WHERE hour > 0 AND hour < ?";

const FORGET_ZEROS: &str = "DELETE FROM task_count WHERE count = 0";

/// Those whose cost must not grow with what is stored.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[SEEN];

/// Forgets marks of handled messages from before a moment, and merges old counters.
pub(crate) async fn tidy(writer: &Writer, before: Timestamp) -> Result<(), StoreError> {
    while forget_marks(writer, before).await? >= MARKS_MAX {}
    merge_counts(writer, before).await
}

async fn forget_marks(writer: &Writer, before: Timestamp) -> Result<u64, StoreError> {
    let mut turn = writer.turn().await?;
    let done = sqlx::query(SEEN).bind(before.as_micros()).execute(turn.connection()).await;
    let forgotten = done.map_err(|error| meaning(&error))?.rows_affected();
    turn.done();
    Ok(forgotten)
}

async fn merge_counts(writer: &Writer, before: Timestamp) -> Result<(), StoreError> {
    let hour = hour_of(before);
    let script = || -> Result<Script, sqlx::Error> {
        let mut script = Script::default();
        script.step(BEGIN);
        script.step_at(MERGE_HOURS, hour)?;
        script.step_at(FORGET_HOURS, hour)?;
        script.step(FORGET_ZEROS);
        script.step("COMMIT");
        Ok(script)
    };
    let mut turn = writer.turn().await?;
    let done = match script() {
        Ok(script) => script.run(turn.connection()).await,
        Err(error) => Err(error),
    };
    done.map_err(|error| meaning(&error))?;
    turn.done();
    Ok(())
}
