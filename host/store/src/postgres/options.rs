//! How a database is reached, and how its connections are set up.

use std::{str::FromStr as _, time::Duration};

use hinny_core::store::StoreError;
use sqlx::postgres::PgConnectOptions;

/// Statements that a connection keeps prepared: a commit is made of one or two, of as many parts as
/// come up.
const STATEMENTS: usize = 512;

/// How a database is reached.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    connect: PgConnectOptions,
    /// Most connections that read. Two more are used: one that writes, and one that holds the lock
    /// of the host.
    pub readers_max: u32,
    /// How long to wait for a connection: for the server to accept one, and for a reader to be
    /// free.
    pub connect_timeout: Duration,
    /// Longest that a statement may take; the server ends it.
    pub statement_timeout: Duration,
    /// Longest that a statement may wait for a lock, such as that of a migration.
    pub lock_timeout: Duration,
    /// Longest that a transaction may stand still before the server ends it: then this process
    /// hangs, and others wait for its locks.
    pub idle_timeout: Duration,
}

impl PostgresOptions {
    /// A URL (`postgres://user:password@host:5432/database`), with the usual options.
    pub fn url(url: &str) -> Result<Self, StoreError> {
        // The error of the driver is left out, since it may repeat the URL with its password.
        let connect = PgConnectOptions::from_str(url).map_err(|_| StoreError::Unavailable {
            why: "the URL of the database cannot be read".to_owned(),
            hint: "write it as `postgres://user:password@host:5432/database`",
        })?;
        Ok(Self {
            connect: connect
                .application_name(&format!("hinny {}", std::process::id()))
                .statement_cache_capacity(STATEMENTS),
            readers_max: 8,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            lock_timeout: Duration::from_secs(5),
            idle_timeout: Duration::from_secs(30),
        })
    }

    /// The database, as a person calls it: without user and password.
    pub fn place(&self) -> String {
        let connect = &self.connect;
        let database = connect.get_database().unwrap_or("postgres");
        format!("{}:{}/{database}", connect.get_host(), connect.get_port())
    }

    /// How connections that look things up are set up.
    pub(crate) fn reading(&self) -> PgConnectOptions {
        // A list may narrow down millions of tasks by their pages: with less memory, it forgets which
        // tasks of a page it meant, and reads them all.
        self.connect.clone().options(self.settings()).options([("work_mem", "32MB")])
    }

    /// How the connection that writes is set up: its statements are planned once.
    pub(crate) fn writing(&self) -> PgConnectOptions {
        self.reading().options([("plan_cache_mode", "force_generic_plan")])
    }

    /// How the connection that makes indexes is set up: that takes its time, and nobody waits.
    pub(crate) fn indexing(&self) -> PgConnectOptions {
        self.connect.clone().options([("statement_timeout", "0"), ("lock_timeout", "0")])
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let milliseconds = |time: Duration| time.as_millis().to_string();
        vec![
            ("statement_timeout", milliseconds(self.statement_timeout)),
            ("lock_timeout", milliseconds(self.lock_timeout)),
            ("idle_in_transaction_session_timeout", milliseconds(self.idle_timeout)),
            // The server ends a connection whose client is gone within half a minute, and gives its
            // locks back: a machine that fell off the network says no good-bye.
            ("tcp_keepalives_idle", "15".to_owned()),
            ("tcp_keepalives_interval", "5".to_owned()),
            ("tcp_keepalives_count", "3".to_owned()),
            // Compiling a statement takes longer than running any of these.
            ("jit", "off".to_owned()),
            // Each statement looks up rows by an index that is there for it. On tables that grew
            // since they were last analyzed, above all new ones, the planner would read them whole,
            // and a prepared statement would go on doing so.
            ("enable_seqscan", "off".to_owned()),
            ("enable_hashjoin", "off".to_owned()),
            ("enable_mergejoin", "off".to_owned()),
        ]
    }
}
