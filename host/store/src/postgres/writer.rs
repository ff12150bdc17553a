//! The one connection that writes.
//!
//! A commit decides by what it read, so nobody may write in between. Within this process that is
//! the mutex; for all others there is a lock of the server that each transaction takes first and
//! gives back with its end. So commits are right even with two hosts on one database.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use hinny_core::store::StoreError;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::timeout,
};

use super::error::{meaning, too_slow};

/// Begins a transaction that writes, in one round trip. The number of the lock is that of
/// [`super::lock::LOCKS`], the second says that it is for commits.
const BEGIN: &str = "BEGIN; SELECT pg_advisory_xact_lock(1751740025, 2)";

/// The one connection that writes; who has it, writes alone.
pub(crate) struct Writer {
    options: PgConnectOptions,
    connect_timeout: Duration,
    connection: Mutex<Option<PgConnection>>,
    /// Whether a transaction may still be about to end, of which nobody knows how.
    doubt: AtomicBool,
}

/// The writing connection, for one transaction.
///
/// It goes back with [`Turn::commit`]. Dropped before that, after an error or since the caller
/// went away, it is closed, which undoes what was not committed; the next turn opens another. So
/// nothing has to be known about the state that a failure left behind.
pub(crate) struct Turn<'a> {
    place: MutexGuard<'a, Option<PgConnection>>,
    /// None once it went back.
    connection: Option<PgConnection>,
    doubt: &'a AtomicBool,
}

impl Writer {
    /// A writer with a connection that is open already.
    pub(crate) fn new(
        options: PgConnectOptions,
        connect_timeout: Duration,
        connection: PgConnection,
    ) -> Self {
        let (connection, doubt) = (Mutex::new(Some(connection)), AtomicBool::new(false));
        Self { options, connect_timeout, connection, doubt }
    }

    /// Waits for the connection, and begins a transaction.
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, StoreError> {
        let mut place = self.connection.lock().await;
        let mut connection = match place.take() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let begun = sqlx::raw_sql(BEGIN).execute(&mut connection).await;
        begun.map_err(|error| meaning(&error))?;
        // Who has the lock knows that all transactions before have ended.
        self.doubt.store(false, Ordering::Release);
        Ok(Turn { place, connection: Some(connection), doubt: &self.doubt })
    }

    /// Waits until every transaction has ended of which nobody knows how it ended.
    ///
    /// A server may go on with a commit whose client is gone. Whoever asks what became of it must
    /// not be answered before that.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        if self.doubt.load(Ordering::Acquire) { self.turn().await?.commit().await } else { Ok(()) }
    }

    /// Closes the connection.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        match self.connection.lock().await.take() {
            Some(connection) => connection.close().await.map_err(|error| meaning(&error)),
            None => Ok(()),
        }
    }

    async fn connect(&self) -> Result<PgConnection, StoreError> {
        match timeout(self.connect_timeout, self.options.connect()).await {
            Ok(connection) => connection.map_err(|error| meaning(&error)),
            Err(_) => Err(too_slow("opening a connection")),
        }
    }
}

impl Turn<'_> {
    /// The connection.
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.connection.as_mut().ok_or_else(|| too_slow("its connection is gone"))
    }

    /// Commits, and gives the connection back.
    pub(crate) async fn commit(mut self) -> Result<(), StoreError> {
        let done = sqlx::raw_sql("COMMIT").execute(self.connection()?).await;
        done.map_err(|error| meaning(&error))?;
        *self.place = self.connection.take();
        Ok(())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.connection.is_some() {
            self.doubt.store(true, Ordering::Release);
        }
    }
}
