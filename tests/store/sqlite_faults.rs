//! What goes wrong with a `SQLite` file: what is said then, and what still holds.

mod commits;
mod disk;
mod opening;

use std::{path::PathBuf, sync::Arc};

use hinny_core::store::StoreError;
use hinny_store::{SqliteOptions, SqliteStore};
use sqlx::{
    AssertSqlSafe, Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;

use super::subject::Subject;

/// A place for a database, and for what breaks it.
struct Place {
    path: PathBuf,
    _folder: Option<TempDir>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { path: folder.path().join("hinny.db"), _folder: Some(folder) }
    }

    fn options(&self) -> SqliteOptions {
        SqliteOptions::file(&self.path)
    }

    async fn store(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(&self.options()).await.unwrap())
    }

    async fn subject(&self) -> Subject {
        Subject::over(self.store().await)
    }

    /// Why it does not open.
    async fn refusal(&self) -> StoreError {
        match SqliteStore::open(&self.options()).await {
            Ok(_) => panic!("it opened"),
            Err(error) => error,
        }
    }

    /// A connection that knows nothing of hinny.
    async fn stranger(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(&self.path).create_if_missing(true);
        SqliteConnection::connect_with(&options).await.unwrap()
    }

    async fn run(&self, sql: &str) {
        let mut connection = self.stranger().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Every row of every table, to compare two states.
    async fn rows(&self) -> Vec<String> {
        let mut connection = self.stranger().await;
        let tables = "SELECT name, (SELECT group_concat('quote(' || c.name || ')', ' || '','' || ')
                FROM pragma_table_info(t.name) AS c)
            FROM sqlite_schema AS t WHERE t.type = 'table' AND name NOT LIKE 'sqlite%'";
        let mut rows = Vec::new();
        for table in sqlx::query(tables).fetch_all(&mut connection).await.unwrap() {
            let (name, values): (String, String) = (table.get(0), table.get(1));
            let sql = format!("SELECT '{name}: ' || {values} FROM {name}");
            let found = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut connection).await;
            rows.extend::<Vec<String>>(found.unwrap());
        }
        rows.sort();
        rows
    }
}
