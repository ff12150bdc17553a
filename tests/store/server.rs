//! The `PostgreSQL` server of the tests: each test makes a database of its own on it.

use std::{
    env, process,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use hinny_store::PostgresOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// Names the server.
const VARIABLE: &str = "HINNY_TEST_POSTGRES_URL";

/// Longest that anything may take to come right.
const PATIENCE: Duration = Duration::from_mins(1);

/// Numbers of the databases that this process made.
static MADE: AtomicU32 = AtomicU32::new(0);

/// Asks until the answer is good; the server does some things in its own time.
pub(crate) async fn until<T, E>(
    mut ask: impl AsyncFnMut() -> T,
    good: impl Fn(&T) -> bool,
    what: E,
) -> T
where
    T: std::fmt::Debug,
    E: std::fmt::Display,
{
    let asked = async {
        loop {
            let answer = ask().await;
            if good(&answer) {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or_else(|_| panic!("no {what}"))
}

/// A database that goes when this is dropped.
pub(crate) struct Database {
    server: String,
    name: String,
}

impl Database {
    /// A new database without tables.
    pub(crate) async fn new() -> Self {
        let server = server();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("hinny_test_{}_{number}", process::id());
        run_on(&server, &format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        Self { server, name }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        let (before, query) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let (place, _) = before.rsplit_once('/').expect("a URL with a database");
        if query.is_empty() {
            format!("{place}/{}", self.name)
        } else {
            format!("{place}/{}?{query}", self.name)
        }
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresOptions::url(&self.url()).unwrap()
    }

    /// A connection that knows nothing of hinny.
    pub(crate) async fn stranger(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }

    /// Runs statements as a stranger.
    pub(crate) async fn run(&self, sql: &str) {
        run_on(&self.url(), sql).await;
    }

    /// Runs statements as the owner of the server, who is not connected to this database.
    pub(crate) async fn run_outside(&self, sql: &str) {
        run_on(&self.server, sql).await;
    }
}

/// Also when the test failed.
impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let server = self.server.clone();
        // The runtime of the test is busy with this drop.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(run_on(&server, &drop));
        });
        dropped.join().ok();
    }
}

async fn run_on(url: &str, sql: &str) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[expect(clippy::disallowed_methods, reason = "where the server is, is told by whoever runs tests")]
fn server() -> String {
    env::var(VARIABLE).unwrap_or_else(|_| {
        panic!(
            "these tests need a PostgreSQL server; hint: run `cargo xtask test`, which starts \
             one, or set {VARIABLE} to the URL of a superuser, such as \
             `postgres://postgres@127.0.0.1:5432/postgres`"
        )
    })
}
