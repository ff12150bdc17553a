//! Opening a database: the writer, the readers, and how each is set up.

use std::path::PathBuf;

use hinny_core::store::StoreError;
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tempfile::TempDir;

use super::{
    Location, SqliteOptions,
    checkpoint::{LOG_PAGES_MAX, Moved},
    error::meaning,
    migrate::{self, known_schema},
    writer::Writer,
};

/// Statements that a connection keeps prepared: a commit is made of some twenty, in as many
/// combinations as come up.
const STATEMENTS: usize = 512;

/// Rows that a connection reads ahead of whoever takes them.
const ROWS_AHEAD: usize = 1024;

/// Memory for pages of each reader. The system keeps more.
const READER_CACHE_BYTES: u64 = 8 << 20;

/// Most bytes of the file that are read by way of a map of it, the most that `SQLite` takes. At a
/// million queued tasks it made pops a fifth faster. The price: a disk that cannot
/// read back what it holds ends the process instead of giving an error.
const MAPPED_BYTES_MAX: u64 = 0x7fff_0000;

/// A database that is open.
pub(crate) struct Opened {
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
    /// How connections for other purposes are opened.
    pub(crate) others: SqliteConnectOptions,
    /// The file, for what is moved into it.
    pub(crate) moved: Moved,
    pub(crate) folder: Option<TempDir>,
}

/// Opens a database, makes it if it is missing, and brings its schema up to date.
pub(crate) async fn open(options: &SqliteOptions) -> Result<Opened, StoreError> {
    let (path, folder) = place(options)?;
    let setup = Setup { path, durable: folder.is_none(), options };
    let writing = setup.writing();
    let mut connection = writing.connect().await.map_err(|error| meaning(&error))?;
    migrate::migrate(&mut connection).await?;
    check_writable(&mut connection).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(options.readers_max.max(1))
        .acquire_timeout(options.busy_timeout)
        // A file does not go away as a network does.
        .test_before_acquire(false)
        .connect_with(setup.reading())
        .await
        .map_err(|error| meaning(&error))?;
    let moved =
        Moved::new(&setup.path, setup.durable).map_err(|error| meaning(&sqlx::Error::Io(error)))?;
    let writer = Writer::new(writing.clone(), connection);
    Ok(Opened { writer, readers, others: writing, moved, folder })
}

/// Finds out whether commits will work: a file that may only be read opens without an error, and
/// even begins a transaction. This changes nothing, but takes the right to.
async fn check_writable(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM event_seen WHERE false")
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(|error| meaning(&error))
}

/// Brings the schema of a database up to date; the answer is the schema before and now.
pub(crate) async fn migrate(options: &SqliteOptions) -> Result<(i64, i64), StoreError> {
    let (path, folder) = place(options)?;
    let setup = Setup { path, durable: folder.is_none(), options };
    let mut connection = setup.writing().connect().await.map_err(|error| meaning(&error))?;
    let before = migrate::migrate(&mut connection).await?;
    connection.close().await.map_err(|error| meaning(&error))?;
    Ok((before, known_schema()))
}

/// The schema of a database, and the newest that this program knows.
pub(crate) async fn schema_version(options: &SqliteOptions) -> Result<(i64, i64), StoreError> {
    let (path, folder) = place(options)?;
    let setup = Setup { path, durable: folder.is_none(), options };
    let reading = setup.reading();
    let mut connection = reading.connect().await.map_err(|error| meaning(&error))?;
    let found = migrate::schema(&mut connection).await?;
    connection.close().await.map_err(|error| meaning(&error))?;
    Ok((found, known_schema()))
}

/// Whether the database answers.
pub(crate) async fn ping(readers: &SqlitePool) -> Result<(), StoreError> {
    // It reads a page, so it finds out what a bare `SELECT 1` would not.
    sqlx::query("SELECT count(*) FROM plugin_version")
        .fetch_one(readers)
        .await
        .map(|_| ())
        .map_err(|error| meaning(&error))
}

fn place(options: &SqliteOptions) -> Result<(PathBuf, Option<TempDir>), StoreError> {
    match &options.location {
        Location::File(path) => Ok((path.clone(), None)),
        Location::Temporary => {
            let folder =
                TempDir::with_prefix("hinny-").map_err(|error| StoreError::Unavailable {
                    why: format!("no temporary folder: {error}"),
                    hint: "let hinny write in the folder that TMPDIR names",
                })?;
            Ok((folder.path().join("hinny.db"), Some(folder)))
        }
    }
}

/// How the connections of a database are set up.
struct Setup<'a> {
    path: PathBuf,
    /// Whether commits must survive a loss of power.
    durable: bool,
    options: &'a SqliteOptions,
}

impl Setup<'_> {
    fn common(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(&self.path)
            .busy_timeout(self.options.busy_timeout)
            .foreign_keys(false)
            .statement_cache_capacity(STATEMENTS)
            .row_buffer_size(ROWS_AHEAD)
            // Sorting in memory: the lists that are sorted are short.
            .pragma("temp_store", "MEMORY")
            .pragma("mmap_size", MAPPED_BYTES_MAX.to_string())
    }

    fn writing(&self) -> SqliteConnectOptions {
        // A commit is on the disk before it is answered.
        let durable = if self.durable { SqliteSynchronous::Full } else { SqliteSynchronous::Off };
        let pages_max = self.options.size_max.map(|bytes| bytes / u64::from(page_bytes()));
        let options = self
            .common()
            .create_if_missing(true)
            .page_size(page_bytes())
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(durable)
            .pragma("cache_size", cache(self.options.cache_bytes))
            .pragma("wal_autocheckpoint", LOG_PAGES_MAX.to_string())
            // A log that grew under load gives its room back.
            .pragma("journal_size_limit", (64_u64 << 20).to_string());
        match pages_max {
            Some(pages) => options.pragma("max_page_count", pages.max(1).to_string()),
            None => options,
        }
    }

    fn reading(&self) -> SqliteConnectOptions {
        self.common()
            .read_only(true)
            .pragma("query_only", "ON")
            .pragma("cache_size", cache(READER_CACHE_BYTES))
    }
}

fn page_bytes() -> u32 {
    SqliteOptions::PAGE_BYTES
}

/// A size of a cache: `SQLite` takes kibibytes as a negative number.
fn cache(bytes: u64) -> String {
    format!("-{}", bytes / 1024)
}
