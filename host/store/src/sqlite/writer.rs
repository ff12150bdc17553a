//! The one connection that writes.

use hinny_core::store::StoreError;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, MutexGuard};

use super::error::meaning;

/// The one connection that writes; who has it, writes alone.
pub(crate) struct Writer {
    options: SqliteConnectOptions,
    connection: Mutex<Option<SqliteConnection>>,
}

/// The writing connection, for one transaction.
///
/// It goes back with [`Turn::done`]. Dropped before that, after an error or since the caller went
/// away, it is closed, which undoes what was not committed; the next turn opens another. So
/// nothing has to be known about the state that a failure left behind.
pub(crate) struct Turn<'a> {
    place: MutexGuard<'a, Option<SqliteConnection>>,
    connection: SqliteConnection,
}

impl Writer {
    /// A writer with a connection that is open already.
    pub(crate) fn new(options: SqliteConnectOptions, connection: SqliteConnection) -> Self {
        Self { options, connection: Mutex::new(Some(connection)) }
    }

    /// Waits for the connection.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, StoreError> {
        let mut place = self.connection.lock().await;
        let connection = match place.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(|error| meaning(&error))?,
        };
        Ok(Turn { place, connection })
    }

    /// Closes the connection.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        match self.connection.lock().await.take() {
            Some(connection) => connection.close().await.map_err(|error| meaning(&error)),
            None => Ok(()),
        }
    }
}

impl Turn<'_> {
    /// The connection.
    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Gives the connection back: there is no open transaction.
    pub(crate) fn done(mut self) {
        *self.place = Some(self.connection);
    }
}
