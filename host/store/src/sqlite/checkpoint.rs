//! Moving the log into the database file, beside the commits.
//!
//! Left to itself `SQLite` does that at the end of the commit that fills the log, and the workers
//! that wait for that commit wait for it, too. Here another connection moves most of it while
//! commits go on; then the writer is held up for the few pages that came in between, so that the
//! log starts anew and does not grow for ever under constant load.
//!
//! `SQLite` makes moved pages durable only in the run that finds the whole log moved, which is the
//! one that holds up the writer. So they are made durable here before, and little is left to it.

use std::{fs::File, io, path::Path, sync::Arc, time::Duration};

use hinny_core::store::StoreError;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::{sync::Mutex, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{error::meaning, writer::Writer};

/// Pages in the log from which moving them is worth it: 32 MB. The longer the log, the more commits
/// share the moving of a page, and the more each reader of a page has to look through.
const LOG_PAGES: i64 = 16_384;

/// Pages in the log that are few enough to hold up the writer for.
const FEW_PAGES: i64 = 256;

/// How often the log is moved while commits go on, before the writer is held up for the rest.
const ROUNDS: u32 = 3;

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

impl Log {
    fn to_move(self) -> i64 {
        self.pages - self.moved
    }
}

/// The right to move the log, and the database file, to have what was moved into it on the disk.
///
/// It must be closed after all connections: with the first handle of a file that a process closes,
/// the system drops all its locks on that file, those of `SQLite` too.
#[derive(Clone)]
pub(crate) struct Moved {
    /// `SQLite` refuses a second one who wants to move, instead of having it wait.
    right: Arc<Mutex<()>>,
    file: Option<Arc<File>>,
}

impl Moved {
    /// The file at a path; one that is not durable is left to the system.
    pub(crate) fn new(path: &Path, durable: bool) -> io::Result<Self> {
        let file = if durable { Some(Arc::new(File::open(path)?)) } else { None };
        Ok(Self { right: Arc::default(), file })
    }

    async fn sync(&self) -> Result<(), StoreError> {
        let Some(file) = self.file.clone() else { return Ok(()) };
        let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
        synced.map_err(io::Error::other).flatten().map_err(|error| meaning(&sqlx::Error::Io(error)))
    }
}

/// Moves the log into the database file whenever it is long enough.
pub(crate) struct Mover {
    pub(crate) options: SqliteConnectOptions,
    pub(crate) writer: Arc<Writer>,
    pub(crate) moved: Moved,
}

impl Mover {
    /// Looks at the log until it is told to stop.
    pub(crate) async fn keep_short(self, stop: CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut connection = None;
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                _ = look.tick() => {}
            }
            if let Err(error) = self.shorten(&mut connection).await {
                // The next look tries again; until it succeeds the log only takes more room.
                warn!("the log of the database could not be moved: {error}");
                connection = None;
            }
        }
        if let Some(connection) = connection {
            connection.close().await.ok();
        }
    }

    async fn shorten(&self, connection: &mut Option<SqliteConnection>) -> Result<(), StoreError> {
        let _right = self.moved.right.lock().await;
        let connection = if let Some(connection) = connection {
            connection
        } else {
            let opened = self.options.connect().await;
            connection.insert(opened.map_err(|error| meaning(&error))?)
        };
        let mut log = run(connection, "PRAGMA wal_checkpoint(NOOP)").await?;
        if log.to_move() < LOG_PAGES {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            run(connection, "PRAGMA wal_checkpoint(PASSIVE)").await?;
            self.moved.sync().await?;
            log = run(connection, "PRAGMA wal_checkpoint(NOOP)").await?;
            if log.to_move() < FEW_PAGES {
                break;
            }
        }
        // While the turn is taken nobody writes.
        let turn = self.writer.turn().await?;
        let log = run(connection, "PRAGMA wal_checkpoint(PASSIVE)").await;
        turn.done();
        let log = log?;
        debug!("moved {} of {} pages of the log", log.moved, log.pages);
        Ok(())
    }
}

/// Moves all of the log, and empties it if no reader needs it.
pub(crate) async fn checkpoint(writer: &Writer, moved: &Moved) -> Result<(), StoreError> {
    let _right = moved.right.lock().await;
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
