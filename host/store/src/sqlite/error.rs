//! What the errors of `SQLite` mean to a person.

use hinny_core::store::StoreError;
use sqlx::migrate::MigrateError;

/// Primary result codes of `SQLite`: <https://www.sqlite.org/rescode.html>.
mod code {
    pub(super) const PERM: i64 = 3;
    pub(super) const READONLY: i64 = 8;
    pub(super) const CORRUPT: i64 = 11;
    pub(super) const FULL: i64 = 13;
    pub(super) const CANTOPEN: i64 = 14;
    pub(super) const NOTADB: i64 = 26;
}

/// What an error of the driver means.
pub(crate) fn meaning(error: &sqlx::Error) -> StoreError {
    let why = error.to_string();
    match primary_code(error) {
        Some(code::FULL) => StoreError::ReadOnly {
            why,
            hint: "make room on the disk, or raise `store.size_max`; nothing needs a restart",
        },
        Some(code::READONLY | code::PERM) => {
            StoreError::ReadOnly { why, hint: "let hinny write the database file and its folder" }
        }
        Some(code::CANTOPEN) => StoreError::Unavailable {
            why,
            hint: "make the folder of the database, and let hinny read and write in it",
        },
        Some(code::CORRUPT | code::NOTADB) => {
            StoreError::Corrupt { what: "a file".to_owned(), why: format!("{why}; {MEND}") }
        }
        Some(_) => StoreError::Unavailable {
            why,
            hint: "another program may hold the database, or the disk fails: see the system's log",
        },
        None => without_code(error, why),
    }
}

const MEND: &str = "hint: name another file, or restore a backup";

fn without_code(error: &sqlx::Error, why: String) -> StoreError {
    match error {
        sqlx::Error::ColumnDecode { index, .. } => {
            StoreError::Corrupt { what: format!("a value in column {index}"), why }
        }
        sqlx::Error::PoolTimedOut => StoreError::Unavailable {
            why,
            hint: "all readers are busy: ask for shorter lists, or raise `store.readers`",
        },
        sqlx::Error::Io(_) => {
            StoreError::Unavailable { why, hint: "see the system's log for the disk" }
        }
        _ => StoreError::Unavailable { why, hint: "try again; restart hinny if it stays" },
    }
}

/// The result code of `SQLite` without what refines it.
fn primary_code(error: &sqlx::Error) -> Option<i64> {
    let database = error.as_database_error()?;
    database.code()?.parse::<i64>().ok().map(|code| code & 0xff)
}

/// What an error of a migration means.
pub(crate) fn migration_meaning(error: &MigrateError, known: i64) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => meaning(error),
        MigrateError::VersionMissing(found) => StoreError::NewerSchema { found: *found, known },
        other => StoreError::Corrupt { what: "a schema".to_owned(), why: other.to_string() },
    }
}
