//! What the errors of `PostgreSQL` mean to a person.

use hinny_core::store::StoreError;
use sqlx::migrate::MigrateError;

/// Codes of `PostgreSQL`: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
mod code {
    pub(super) const READ_ONLY: &str = "25006";
    pub(super) const NO_RIGHT: &str = "42501";
    pub(super) const DISK_FULL: &str = "53100";
    pub(super) const OUT_OF_MEMORY: &str = "53200";
    pub(super) const TOO_MANY: &str = "53300";
    pub(super) const LOCKED: &str = "55P03";
    pub(super) const TOOK_LONG: &str = "57014";
    pub(super) const NO_DATABASE: &str = "3D000";
    pub(super) const NO_TABLE: &str = "42P01";
    /// Classes: the first two characters.
    pub(super) const LOGIN: &str = "28";
    pub(super) const CORRUPT: &str = "XX";
}

/// What an error of the driver means.
pub(crate) fn meaning(error: &sqlx::Error) -> StoreError {
    let why = error.to_string();
    let code =
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default();
    let unavailable = |hint| StoreError::Unavailable { why: why.clone(), hint };
    match &*code {
        "" => without_code(error, why),
        code::DISK_FULL => StoreError::ReadOnly {
            why,
            hint: "make room on the disk of the database; nothing needs a restart",
        },
        code::READ_ONLY => StoreError::ReadOnly {
            why,
            hint: "let `database.url` name the primary server, and let it take writes",
        },
        code::NO_RIGHT => StoreError::ReadOnly {
            why,
            hint: "let the user of `database.url` own the database, or its schema and tables",
        },
        code::OUT_OF_MEMORY => unavailable("give the database server more memory"),
        code::TOO_MANY => unavailable(
            "raise `max_connections` of the server, or lower `database.connections_max`",
        ),
        code::LOCKED => unavailable(
            "another program holds a lock for long, perhaps a migration: see `pg_locks`",
        ),
        code::TOOK_LONG => unavailable(
            "ask for less, or raise `database.statement_timeout_seconds`; see the load of the server",
        ),
        code::NO_DATABASE => unavailable("make the database with `CREATE DATABASE`"),
        code::NO_TABLE => StoreError::Corrupt {
            what: "a schema".to_owned(),
            why: format!("{why}; hint: name another database, or restore a backup"),
        },
        code if code.starts_with(code::LOGIN) => {
            unavailable("check user and password in `database.url`, and `pg_hba.conf`")
        }
        code if code.starts_with(code::CORRUPT) => {
            StoreError::Corrupt { what: "a file".to_owned(), why }
        }
        _ => unavailable("see the log of the database server; hinny tries again by itself"),
    }
}

/// Whether a statement waited for a lock for as long as it may.
pub(crate) fn is_locked(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref()
        == Some(code::LOCKED)
}

fn without_code(error: &sqlx::Error, why: String) -> StoreError {
    match error {
        sqlx::Error::ColumnDecode { index, .. } => {
            StoreError::Corrupt { what: format!("a value in column {index}"), why }
        }
        sqlx::Error::PoolTimedOut => StoreError::Unavailable {
            why,
            hint: "all readers are busy: ask for shorter lists, or raise `database.connections_max`",
        },
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) => StoreError::Unavailable {
            why,
            hint: "start the database server, and check `database.url` and the network; hinny tries again by itself",
        },
        _ => StoreError::Unavailable { why, hint: "hinny tries again by itself" },
    }
}

/// The error for something that took longer than a limit of this side.
pub(crate) fn too_slow(what: &str) -> StoreError {
    StoreError::Unavailable {
        why: format!("the database server did not answer in time: {what}"),
        hint: "check the network and the load of the server; hinny tries again by itself",
    }
}

/// What an error of a migration means.
pub(crate) fn migration_meaning(error: &MigrateError, known: i64) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => meaning(error),
        MigrateError::VersionMissing(found) => StoreError::NewerSchema { found: *found, known },
        other => StoreError::Corrupt { what: "a schema".to_owned(), why: other.to_string() },
    }
}
