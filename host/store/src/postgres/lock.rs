//! One host per database: the lock, and its keeper.
//!
//! Each host keeps the order of its queues in memory, so two on one database would hand out tasks
//! in an order that only one of them knows. The lock belongs to a connection: the server takes it
//! back when that ends, however it ends. No write depends on it: the connection that writes has a
//! lock of its own (see [`super::writer`]).
//!
//! The keeper watches its connection, since that is the first to know that the server went away,
//! and opens another until there is one.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use hinny_core::store::StoreError;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{
    PostgresOptions,
    away::Away,
    error::{is_locked, meaning, too_slow},
};

/// The name of all locks of hinny: "hiny" in ASCII. The second number says which.
pub(crate) const LOCKS: i32 = 0x6869_6e79;

/// The lock of the host.
const HOST: i32 = 1;

/// The lock of the connection that writes.
const WRITER: i32 = 2;

/// How often the connection is tried.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a start waits for the lock, trying again and again: the server takes that of a host which
/// was killed back when it is done with its last statement.
const PATIENCE: Duration = Duration::from_secs(3);
const TRY_EVERY: Duration = Duration::from_millis(50);

/// How long to wait between attempts to open another: at first, and at most.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

const TAKE: &str = "SELECT pg_try_advisory_lock($1, $2)";

/// It waits no longer than `lock_timeout`.
const WAIT: &str = "SELECT pg_advisory_lock($1, $2)";

const HOLDER: &str = "
    SELECT a.application_name, a.pid, coalesce(host(a.client_addr), 'this machine'),
        to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
    FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND l.classid::bigint = $1 AND l.objid::bigint = $2";

/// How this host stands to the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has it.
    Held,
    /// It lost the connection that had it, and there is no other yet.
    Lost,
    /// Another host has it.
    Taken {
        /// Who that is.
        by: String,
    },
}

/// The right to use a database, as long as its keeper has a connection.
pub(crate) struct HostLock {
    options: PostgresOptions,
    standing: RwLock<Standing>,
    away: Arc<Away>,
}

impl HostLock {
    /// Takes the lock, or says who has it.
    pub(crate) async fn take(
        options: &PostgresOptions,
        away: Arc<Away>,
    ) -> Result<(Self, PgConnection), StoreError> {
        let mut connection = connect(options).await?;
        let began = Instant::now();
        loop {
            match try_take(&mut connection).await? {
                Standing::Taken { .. } if began.elapsed() < PATIENCE => sleep(TRY_EVERY).await,
                Standing::Taken { by } => return Err(refused(&by)),
                standing => {
                    let standing = RwLock::new(standing);
                    return Ok((Self { options: options.clone(), standing, away }, connection));
                }
            }
        }
    }

    /// How this host stands to the lock now.
    pub(crate) fn standing(&self) -> Standing {
        self.standing.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An error while another host has the lock.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.standing() {
            Standing::Taken { by } => Err(refused(&by)),
            Standing::Held | Standing::Lost => Ok(()),
        }
    }

    /// Keeps the lock until it is told to stop.
    pub(crate) async fn keep(self: Arc<Self>, connection: PgConnection, stop: CancellationToken) {
        let mut connection = Some(connection);
        let mut wait = BACK_OFF.0;
        loop {
            let pause = if connection.is_some() { LOOK_EVERY } else { wait };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = self.away.doubted(), if connection.is_some() => {}
                () = sleep(pause) => {}
            }
            connection = self.look(connection).await;
            wait = match connection {
                Some(_) => BACK_OFF.0,
                None => (wait * 2).min(BACK_OFF.1),
            };
        }
        if let Some(connection) = connection {
            connection.close().await.ok();
        }
    }

    /// Tries the connection, and opens another if it is lost.
    async fn look(&self, connection: Option<PgConnection>) -> Option<PgConnection> {
        if let Some(mut connection) = connection
            && self.is_well(&mut connection).await
        {
            return Some(connection);
        }
        match self.take_again().await {
            Ok(connection) => {
                if self.away.back() {
                    info!("the database is back");
                }
                Some(connection)
            }
            Err(error) => {
                self.set(Standing::Lost);
                if self.away.set(error.clone()) {
                    warn!("{error}");
                }
                None
            }
        }
    }

    async fn is_well(&self, connection: &mut PgConnection) -> bool {
        let answer = timeout(self.options.connect_timeout, async {
            match self.standing() {
                Standing::Held => connection.ping().await.map_err(|error| meaning(&error)),
                // It may have been given back.
                _ => try_take(connection).await.map(|standing| self.set(standing)),
            }
        });
        matches!(answer.await, Ok(Ok(())))
    }

    async fn take_again(&self) -> Result<PgConnection, StoreError> {
        let mut connection = connect(&self.options).await?;
        let standing = try_take(&mut connection).await?;
        self.set(standing);
        Ok(connection)
    }

    fn set(&self, standing: Standing) {
        let mut place = self.standing.write().unwrap_or_else(PoisonError::into_inner);
        if *place == standing {
            return;
        }
        match &standing {
            Standing::Held => info!("this hinny has the lock of the database again"),
            Standing::Lost => warn!("the connection that held the lock of the database is lost"),
            Standing::Taken { by } => warn!("{}", refused(by)),
        }
        *place = standing;
    }
}

/// Opens a connection, no longer than it may take.
async fn connect(options: &PostgresOptions) -> Result<PgConnection, StoreError> {
    match timeout(options.connect_timeout, options.reading().connect()).await {
        Ok(connection) => connection.map_err(|error| meaning(&error)),
        Err(_) => Err(too_slow("opening a connection")),
    }
}

async fn try_take(connection: &mut PgConnection) -> Result<Standing, StoreError> {
    let taken: bool = sqlx::query_scalar(TAKE)
        .bind(LOCKS)
        .bind(HOST)
        .fetch_one(&mut *connection)
        .await
        .map_err(|error| meaning(&error))?;
    if taken {
        return Ok(Standing::Held);
    }
    Ok(Standing::Taken { by: holder(connection).await?.unwrap_or_else(|| "unknown".to_owned()) })
}

/// Takes the lock of the connection that writes, or says who has it.
pub(crate) async fn take_for_writing(connection: &mut PgConnection) -> Result<(), StoreError> {
    let waited = sqlx::query(WAIT).bind(LOCKS).bind(WRITER).execute(&mut *connection).await;
    match waited {
        Ok(_) => Ok(()),
        Err(error) if is_locked(&error) => {
            let by = holder_of(WRITER, connection).await?.unwrap_or_else(|| "unknown".to_owned());
            Err(refused(&by))
        }
        Err(error) => Err(meaning(&error)),
    }
}

/// Which host has the lock.
pub(crate) async fn holder(connection: &mut PgConnection) -> Result<Option<String>, StoreError> {
    holder_of(HOST, connection).await
}

async fn holder_of(lock: i32, connection: &mut PgConnection) -> Result<Option<String>, StoreError> {
    let row = sqlx::query(HOLDER)
        .bind(i64::from(LOCKS))
        .bind(i64::from(lock))
        .fetch_optional(connection)
        .await
        .map_err(|error| meaning(&error))?;
    let Some(row) = row else { return Ok(None) };
    let read = || -> Result<String, sqlx::Error> {
        let (name, pid): (String, i32) = (row.try_get(0)?, row.try_get(1)?);
        let (from, since): (String, String) = (row.try_get(2)?, row.try_get(3)?);
        Ok(format!("`{name}` from {from}, connected since {since}, backend {pid}"))
    };
    read().map(Some).map_err(|error| meaning(&error))
}

fn refused(by: &str) -> StoreError {
    StoreError::Unavailable {
        why: format!("it is in use by another hinny: {by}"),
        hint: "stop that one, or choose another database with --database or `database.url`",
    }
}
