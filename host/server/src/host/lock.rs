//! One host per database file.

use std::{
    fs::{File, TryLockError},
    io,
    path::PathBuf,
};

/// The right to use a database file, as long as it is held. The system takes it back when the
/// process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DatabaseLock {
    _file: File,
}

/// Why the database file cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another hinny has it.
    #[error(
        "database `{0}` is in use by another hinny; hint: stop that one, or choose another file with --database or `database.url`"
    )]
    InUse(String),
    /// The file of the lock cannot be used.
    #[error("`{}` cannot be locked; hint: check that its folder exists, and who may write there", .path.display())]
    Unusable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DatabaseLock {
    /// Takes the right.
    ///
    /// Each host keeps the order of its queues in memory, so two on one file would hand out tasks
    /// in an order that only one of them knows. It is a file of its own, since `SQLite` locks parts
    /// of the database file itself.
    pub(crate) fn take(database: &str) -> Result<Self, LockError> {
        let path = lock_file(database);
        let unusable = |source| LockError::Unusable { path: path.clone(), source };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::InUse(database.to_owned())),
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}

/// Whether another hinny has a database file. Looks only, and makes nothing.
pub(crate) fn is_taken(database: &str) -> bool {
    let Ok(file) = File::open(lock_file(database)) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

fn lock_file(database: &str) -> PathBuf {
    PathBuf::from(format!("{database}.lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_has_one_host_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("hinny.db").display().to_string();
        assert!(!is_taken(&database));
        let held = DatabaseLock::take(&database).unwrap();
        assert!(is_taken(&database));
        let refused = DatabaseLock::take(&database).unwrap_err();
        assert!(refused.to_string().contains("is in use by another hinny"), "{refused}");
        drop(held);
        assert!(!is_taken(&database));
        DatabaseLock::take(&database).unwrap();
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let refused = DatabaseLock::take("no/such/folder/hinny.db").unwrap_err();
        assert!(refused.to_string().starts_with("`no/such/folder/hinny.db.lock` cannot be locked"));
    }
}
