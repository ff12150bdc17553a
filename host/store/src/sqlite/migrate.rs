//! The schema: which there is, which this program knows, and the way between.
//!
//! Migrations only go forward. A database of a newer hinny is refused before anything is written.

use hinny_core::store::StoreError;
use sqlx::{
    SqlSafeStr as _, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
};

use super::error::{meaning, migration_meaning};

/// In the header of every database of hinny: "hiny" in ASCII.
const APPLICATION_ID: i64 = 0x6869_6e79;

/// All migrations: version, title, statements. A published one is never edited.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../../migrations/sqlite/0001_first.sql")),
    (2, "stages", include_str!("../../migrations/sqlite/0002_stages.sql")),
    (3, "signatures", include_str!("../../migrations/sqlite/0003_signatures.sql")),
];

/// The newest schema that this program knows.
pub(crate) fn known_schema() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, ..)| *version)
}

/// Brings a database to the newest schema; the answer is what it was before.
pub(crate) async fn migrate(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let found = schema(connection).await?;
    if found > known_schema() {
        return Err(StoreError::NewerSchema { found, known: known_schema() });
    }
    if found == 0 {
        claim_file(connection).await?;
    }
    let migrations = MIGRATIONS.iter().map(|(version, title, sql)| {
        Migration::new(*version, (*title).into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
        .run_direct(None, connection, false)
        .await
        .map_err(|error| migration_meaning(&error, known_schema()))?;
    Ok(found)
}

/// The schema of a database; 0: it is empty. Anything that hinny did not make is refused.
pub(crate) async fn schema(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let application: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| meaning(&error))?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| meaning(&error))?;
    match (application, tables) {
        (_, 0) => Ok(0),
        (APPLICATION_ID, _) => last_migration(connection).await,
        _ => Err(StoreError::Corrupt {
            what: "tables of another program".to_owned(),
            why: "it was not made by hinny; hint: name another file".to_owned(),
        }),
    }
}

async fn claim_file(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    sqlx::query("PRAGMA application_id = 1751740025")
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(|error| meaning(&error))
}

async fn last_migration(connection: &mut SqliteConnection) -> Result<i64, StoreError> {
    let exists: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| meaning(&error))?;
    if exists == 0 {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
        .fetch_one(connection)
        .await
        .map_err(|error| meaning(&error))
}
