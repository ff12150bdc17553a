//! The one connection that writes.
//!
//! A commit decides by what it read, so nobody may write in between. Within this process that is
//! the mutex; for all others there is a lock of the server, which the connection takes when it is
//! opened and which the server gives back when it has ended, with its last statement done. So
//! commits need neither a transaction to look things up in, nor one around a single statement.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use hinny_core::store::StoreError;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};
use tokio::{
    sync::{Mutex, MutexGuard, watch},
    time::timeout,
};

use super::{
    error::{meaning, too_slow},
    lock,
    past::Past,
};
use crate::commit::Changes;

/// The one connection that writes; who has it, writes alone.
pub(crate) struct Writer {
    options: PgConnectOptions,
    connect_timeout: Duration,
    connection: Mutex<Option<PgConnection>>,
    /// Whether a statement may still be about to end, of which nobody knows how.
    doubt: AtomicBool,
    /// New tasks since it was opened.
    written: watch::Sender<u64>,
    past: Past,
}

/// The writing connection, for one commit.
///
/// It goes back with [`Turn::end`]. Dropped before that, after an error or since the caller went
/// away, it is closed, which undoes what was not committed; the next turn opens another. So
/// nothing has to be known about the state that a failure left behind.
pub(crate) struct Turn<'a> {
    place: MutexGuard<'a, Option<PgConnection>>,
    /// None once it went back.
    connection: Option<PgConnection>,
    /// Whether there is a transaction to commit.
    begun: bool,
    doubt: &'a AtomicBool,
    past: &'a Past,
}

impl Writer {
    /// A writer with a connection that is open already.
    pub(crate) async fn open(
        options: PgConnectOptions,
        connect_timeout: Duration,
    ) -> Result<Self, StoreError> {
        let (connection, doubt) = (Mutex::new(None), AtomicBool::new(false));
        let written = watch::Sender::default();
        let past = Past::new();
        let writer = Self { options, connect_timeout, connection, doubt, written, past };
        let connection = writer.connect().await?;
        *writer.connection.lock().await = Some(connection);
        Ok(writer)
    }

    /// Waits for the connection.
    ///
    /// What is looked up by it stays true until the turn ends, and a statement that writes is a
    /// transaction of its own; for several of them there is [`Turn::begin`].
    pub(crate) async fn turn(&self) -> Result<Turn<'_>, StoreError> {
        let mut place = self.connection.lock().await;
        let connection = if let Some(connection) = place.take() {
            connection
        } else {
            let connection = self.connect().await?;
            // Who has the lock knows that everything before has ended.
            self.doubt.store(false, Ordering::Release);
            connection
        };
        let (doubt, past) = (&self.doubt, &self.past);
        Ok(Turn { place, connection: Some(connection), begun: false, doubt, past })
    }

    /// Waits until every commit has ended of which nobody knows how it ended.
    ///
    /// A server may go on with a commit whose client is gone. Whoever asks what became of it must
    /// not be answered before that.
    pub(crate) async fn settle(&self) -> Result<(), StoreError> {
        if self.doubt.load(Ordering::Acquire) { self.turn().await?.end().await } else { Ok(()) }
    }

    /// How many new tasks were written since it was opened. It is told with every step in the life
    /// of a task.
    pub(crate) fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// What is known of tasks that do not change.
    pub(crate) fn past(&self) -> &Past {
        &self.past
    }

    /// Notes what was written.
    pub(crate) fn wrote(&self, changes: &Changes) {
        self.past.committed(changes);
        if !changes.events.is_empty() {
            let tasks = (changes.pushed.len() + changes.imported.len()) as u64;
            self.written.send_modify(|written| *written += tasks);
        }
    }

    /// Closes the connection.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        match self.connection.lock().await.take() {
            Some(connection) => connection.close().await.map_err(|error| meaning(&error)),
            None => Ok(()),
        }
    }

    /// Opens a connection that has the lock of the writer, and may write.
    async fn connect(&self) -> Result<PgConnection, StoreError> {
        let mut connection = match timeout(self.connect_timeout, self.options.connect()).await {
            Ok(connection) => connection.map_err(|error| meaning(&error))?,
            Err(_) => return Err(too_slow("opening a connection")),
        };
        lock::take_for_writing(&mut connection).await?;
        Ok(connection)
    }
}

impl Turn<'_> {
    /// The connection.
    pub(crate) fn connection(&mut self) -> Result<&mut PgConnection, StoreError> {
        self.connection.as_mut().ok_or_else(|| too_slow("its connection is gone"))
    }

    /// Begins a transaction, so that what follows happens whole or not at all.
    pub(crate) async fn begin(&mut self) -> Result<(), StoreError> {
        self.run("BEGIN").await?;
        self.begun = true;
        Ok(())
    }

    /// Commits what has begun, and gives the connection back.
    pub(crate) async fn end(mut self) -> Result<(), StoreError> {
        if self.begun {
            self.run("COMMIT").await?;
        }
        *self.place = self.connection.take();
        Ok(())
    }

    async fn run(&mut self, sql: &'static str) -> Result<(), StoreError> {
        let done = sqlx::raw_sql(sql).execute(self.connection()?).await;
        done.map(|_| ()).map_err(|error| meaning(&error))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.connection.is_some() {
            self.doubt.store(true, Ordering::Release);
            self.past.end_era();
        }
    }
}
