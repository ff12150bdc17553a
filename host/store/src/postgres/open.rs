//! Opening a database: the lock, the writer, the readers.

use std::sync::Arc;

use hinny_core::store::StoreError;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool, postgres::PgPoolOptions};
use tokio::time::timeout;

use super::{
    PostgresOptions,
    away::Away,
    error::{meaning, too_slow},
    lock::{self, HostLock},
    migrate::{self, known_schema},
    writer::Writer,
};

/// A database that is open.
pub(crate) struct Opened {
    pub(crate) writer: Writer,
    pub(crate) readers: PgPool,
    pub(crate) away: Arc<Away>,
    pub(crate) lock: Arc<HostLock>,
    /// The connection that holds the lock.
    pub(crate) holder: PgConnection,
}

/// Opens a database, takes its lock, and brings its schema up to date.
pub(crate) async fn open(options: &PostgresOptions) -> Result<Opened, StoreError> {
    let away = Arc::new(Away::default());
    let (lock, mut holder) = HostLock::take(options, Arc::clone(&away)).await?;
    migrate::migrate(&mut holder).await?;
    check_writable(&mut holder).await?;
    let writer = Writer::open(options.writing(), options.connect_timeout).await?;
    let readers = PgPoolOptions::new()
        .max_connections(options.readers_max.max(1))
        .acquire_timeout(options.connect_timeout)
        // What is lost is noticed by whoever uses it, and a test would be a round trip each time.
        .test_before_acquire(false)
        .connect_lazy_with(options.reading());
    Ok(Opened { writer, readers, away, lock: Arc::new(lock), holder })
}

/// Brings the schema of a database up to date; the answer is the schema before and now.
pub(crate) async fn migrate(options: &PostgresOptions) -> Result<(i64, i64), StoreError> {
    let mut connection = connect(options).await?;
    let before = migrate::migrate(&mut connection).await?;
    connection.close().await.map_err(|error| meaning(&error))?;
    Ok((before, known_schema()))
}

/// The schema of a database, and the newest that this program knows.
pub(crate) async fn schema_version(options: &PostgresOptions) -> Result<(i64, i64), StoreError> {
    let mut connection = connect(options).await?;
    let found = migrate::schema(&mut connection).await?;
    connection.close().await.map_err(|error| meaning(&error))?;
    Ok((found, known_schema()))
}

/// Which hinny uses a database now.
pub(crate) async fn user(options: &PostgresOptions) -> Result<Option<String>, StoreError> {
    let mut connection = connect(options).await?;
    let user = lock::holder(&mut connection).await?;
    connection.close().await.map_err(|error| meaning(&error))?;
    Ok(user)
}

/// Whether the database answers.
pub(crate) async fn ping(readers: &PgPool) -> Result<(), StoreError> {
    // It reads a table, so it finds out what a bare `SELECT 1` would not.
    sqlx::query("SELECT count(*) FROM plugin_version")
        .fetch_one(readers)
        .await
        .map(|_| ())
        .map_err(|error| meaning(&error))
}

/// Finds out whether commits will work: a standby, or a user without rights, is found only by a
/// statement that writes. This one changes nothing.
async fn check_writable(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM event_seen WHERE false")
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(|error| meaning(&error))
}

async fn connect(options: &PostgresOptions) -> Result<PgConnection, StoreError> {
    match timeout(options.connect_timeout, options.writing().connect()).await {
        Ok(connection) => connection.map_err(|error| meaning(&error)),
        Err(_) => Err(too_slow("opening a connection")),
    }
}

/// A connection for statements that take their time, and nobody waits for.
pub(crate) async fn connect_for_long(
    options: &PostgresOptions,
) -> Result<PgConnection, StoreError> {
    options.indexing().connect().await.map_err(|error| meaning(&error))
}
