//! The schema: which there is, which this program knows, and the way between.
//!
//! Migrations only go forward. A database of a newer hinny is refused before anything is written.
//! An older hinny may still run on the database: so a migration only adds, and waits for locks no
//! longer than `lock_timeout`, since all that comes after it would wait, too. Two that migrate at
//! once take turns, by a lock of the migrator.

use hinny_core::store::StoreError;
use sqlx::{
    PgConnection, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use super::error::{meaning, migration_meaning};

/// All migrations: version, title, statements. A published one is never edited.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "first", include_str!("../../migrations/postgres/0001_first.sql")),
    (2, "stages", include_str!("../../migrations/postgres/0002_stages.sql")),
    (3, "signatures", include_str!("../../migrations/postgres/0003_signatures.sql")),
    (4, "completed", include_str!("../../migrations/postgres/0004_completed.sql")),
];

/// The newest schema that this program knows.
pub(crate) fn known_schema() -> i64 {
    MIGRATIONS.last().map_or(0, |(version, ..)| *version)
}

/// Brings a database to the newest schema; the answer is what it was before.
pub(crate) async fn migrate(connection: &mut PgConnection) -> Result<i64, StoreError> {
    let found = schema(connection).await?;
    if found > known_schema() {
        return Err(StoreError::NewerSchema { found, known: known_schema() });
    }
    if found == known_schema() {
        return Ok(found);
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
pub(crate) async fn schema(connection: &mut PgConnection) -> Result<i64, StoreError> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()",
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(|error| meaning(&error))?;
    let has = |name| tables.iter().any(|table| table == name);
    match (has("_sqlx_migrations"), tables.len()) {
        // The table of migrations comes before the first of them.
        (_, 0) | (true, 1) => Ok(0),
        (true, _) if has("task_event") && has("task_live") => last_migration(connection).await,
        _ => Err(StoreError::Corrupt {
            what: "tables of another program".to_owned(),
            why: "it was not made by hinny; hint: name another database".to_owned(),
        }),
    }
}

async fn last_migration(connection: &mut PgConnection) -> Result<i64, StoreError> {
    sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
        .fetch_one(connection)
        .await
        .map_err(|error| meaning(&error))
}
