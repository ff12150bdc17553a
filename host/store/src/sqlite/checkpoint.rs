//! Moving the log into the database file, beside the commits.
//!
//! Left to itself `SQLite` does that at the end of the commit that fills the log, and the workers
//! that wait for that commit wait for it, too. Here another connection moves most of it while
//! commits go on; then the writer is held up for the few pages that came in between, so that the
//! log starts anew and does not grow for ever under constant load.

use std::time::Duration;

use hinny_core::store::StoreError;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{error::meaning, writer::Writer};

/// Pages in the log from which moving them is worth it: 8 MB.
const LOG_PAGES: i64 = 4096;

/// How often the log is looked at. Between two looks it grows by tens of megabytes at most.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Pages in the log at which the writer moves them itself, if nobody else could: 256 MB.
pub(crate) const LOG_PAGES_MAX: u32 = 131_072;

/// What is in the log: all pages, and those of them that are in the database file already.
#[derive(Debug, Clone, Copy)]
struct Log {
    pages: i64,
    moved: i64,
}

/// Looks at the log until it is told to stop.
pub(crate) async fn keep_short(
    options: SqliteConnectOptions,
    writer: std::sync::Arc<Writer>,
    stop: CancellationToken,
) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connection = None;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = look.tick() => {}
        }
        if let Err(error) = shorten(&options, &mut connection, &writer).await {
            // The next look tries again; until it succeeds the log only takes more room.
            warn!("the log of the database could not be moved: {error}");
            connection = None;
        }
    }
    if let Some(connection) = connection {
        connection.close().await.ok();
    }
}

async fn shorten(
    options: &SqliteConnectOptions,
    connection: &mut Option<SqliteConnection>,
    writer: &Writer,
) -> Result<(), StoreError> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(options.connect().await.map_err(|error| meaning(&error))?),
    };
    let log = run(connection, "PRAGMA wal_checkpoint(NOOP)").await?;
    if log.pages - log.moved < LOG_PAGES {
        return Ok(());
    }
    run(connection, "PRAGMA wal_checkpoint(PASSIVE)").await?;
    // While the turn is taken nobody writes.
    let turn = writer.turn().await?;
    let log = run(connection, "PRAGMA wal_checkpoint(PASSIVE)").await;
    turn.done();
    let log = log?;
    debug!("moved {} of {} pages of the log", log.moved, log.pages);
    Ok(())
}

/// Moves all of the log, and empties it if no reader needs it.
pub(crate) async fn checkpoint(writer: &Writer) -> Result<(), StoreError> {
    let mut turn = writer.turn().await?;
    run(turn.connection(), "PRAGMA wal_checkpoint(TRUNCATE)").await?;
    turn.done();
    Ok(())
}

async fn run(connection: &mut SqliteConnection, pragma: &'static str) -> Result<Log, StoreError> {
    let (_, pages, moved): (i64, i64, i64) =
        sqlx::query_as(pragma).fetch_one(connection).await.map_err(|error| meaning(&error))?;
    Ok(Log { pages, moved })
}
