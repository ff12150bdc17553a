//! A database as mula's migrations leave it, in the `PostgreSQL` that the tests are given.

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection,
    postgres::PgConnectOptions,
};
use uuid::Uuid;

const SCHEMA: &str = "
    CREATE TYPE taskstatus AS ENUM ('PENDING', 'QUEUED', 'DISPATCHED', 'RUNNING', 'COMPLETED',
        'FAILED', 'CANCELLED');
    CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
    INSERT INTO alembic_version VALUES ('0010');
    CREATE TABLE schedules (
        id uuid PRIMARY KEY,
        scheduler_id varchar NOT NULL,
        organisation varchar NOT NULL,
        hash varchar(32) UNIQUE,
        data jsonb NOT NULL,
        enabled boolean NOT NULL,
        schedule varchar,
        deadline_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        modified_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE tasks (
        id uuid PRIMARY KEY,
        scheduler_id varchar NOT NULL,
        schedule_id uuid REFERENCES schedules (id) ON DELETE SET NULL,
        organisation varchar NOT NULL,
        type varchar NOT NULL,
        hash varchar(32),
        priority integer,
        data jsonb NOT NULL,
        status taskstatus NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        modified_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX ix_tasks_hash ON tasks (hash);
    CREATE INDEX ix_tasks_status_queued ON tasks (scheduler_id, status) WHERE status = 'QUEUED';";

/// A database of its own; it goes with [`Database::drop`].
pub(crate) struct Database {
    server: PgConnectOptions,
    name: String,
    /// What the import is given.
    pub(crate) url: String,
}

impl Database {
    /// One of mula, without rows.
    pub(crate) async fn new() -> Self {
        let database = Self::empty().await;
        database.run(SCHEMA).await;
        database
    }

    /// One without anything.
    pub(crate) async fn empty() -> Self {
        let url = std::env::var("HINNY_TEST_POSTGRES_URL").expect(
            "this test needs a PostgreSQL: run `cargo xtask test`, or set HINNY_TEST_POSTGRES_URL \
             to the URL of a superuser",
        );
        let server: PgConnectOptions = url.parse().unwrap();
        let name = format!("import_{}", Uuid::now_v7().simple());
        let mut connection = server.connect().await.unwrap();
        run(&mut connection, format!("CREATE DATABASE {name}")).await;
        connection.close().await.unwrap();
        Self { url: with_name(&url, &name), server, name }
    }

    /// The number that a statement answers.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let mut connection = self.server.clone().database(&self.name).connect().await.unwrap();
        let count = sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        count
    }

    /// Runs statements in it.
    pub(crate) async fn run(&self, sql: &str) {
        let mut connection = self.server.clone().database(&self.name).connect().await.unwrap();
        run(&mut connection, sql.to_owned()).await;
        connection.close().await.unwrap();
    }

    /// Removes it.
    pub(crate) async fn drop(self) {
        let mut connection = self.server.connect().await.unwrap();
        run(&mut connection, format!("DROP DATABASE {} WITH (FORCE)", self.name)).await;
        connection.close().await.unwrap();
    }
}

/// The URL of another database on the same server.
fn with_name(url: &str, name: &str) -> String {
    let (url, query) = url.split_once('?').map_or((url, ""), |(url, query)| (url, query));
    let (scheme, rest) = url.split_once("://").unwrap();
    let host = rest.split('/').next().unwrap();
    let query = if query.is_empty() { String::new() } else { format!("?{query}") };
    format!("{scheme}://{host}/{name}{query}")
}

async fn run(connection: &mut PgConnection, sql: String) {
    connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
}
