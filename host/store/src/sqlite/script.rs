//! Several statements that run in one round trip.
//!
//! Each statement that is sent alone costs a hand-over to the thread of the connection and back,
//! which is more than most statements of a commit take. A script is one query of several
//! statements; each takes its parameters in turn.

use futures::TryStreamExt as _;
use serde::Serialize;
use sqlx::{
    AssertSqlSafe, Either, Executor as _, SqliteConnection,
    sqlite::{SqliteArguments, SqliteRow},
};

/// Statements on their way to a connection.
#[derive(Default)]
pub(crate) struct Script {
    sql: String,
    arguments: SqliteArguments,
}

/// The rows of each statement of a script, in order.
pub(crate) struct Answers(std::vec::IntoIter<Vec<SqliteRow>>);

impl Answers {
    /// The rows of the next statement.
    pub(crate) fn next(&mut self) -> Vec<SqliteRow> {
        self.0.next().unwrap_or_default()
    }
}

impl Script {
    /// Adds a statement without parameters.
    pub(crate) fn step(&mut self, sql: &'static str) {
        self.sql.push_str(sql);
        self.sql.push_str(";\n");
    }

    /// Adds a statement whose only parameter is a JSON document.
    pub(crate) fn step_with(
        &mut self,
        sql: &'static str,
        rows: &impl Serialize,
    ) -> Result<(), sqlx::Error> {
        let json =
            serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(error.into()))?;
        sqlx::Arguments::add(&mut self.arguments, json).map_err(sqlx::Error::Encode)?;
        self.step(sql);
        Ok(())
    }

    /// Adds a statement whose only parameter is a number.
    pub(crate) fn step_at(&mut self, sql: &'static str, number: i64) -> Result<(), sqlx::Error> {
        sqlx::Arguments::add(&mut self.arguments, number).map_err(sqlx::Error::Encode)?;
        self.step(sql);
        Ok(())
    }

    /// Adds a statement for rows, unless there are none.
    pub(crate) fn step_each<T: Serialize>(
        &mut self,
        sql: &'static str,
        rows: impl IntoIterator<Item = T>,
    ) -> Result<(), sqlx::Error> {
        let rows: Vec<T> = rows.into_iter().collect();
        if rows.is_empty() { Ok(()) } else { self.step_with(sql, &rows) }
    }

    /// Runs the statements in order; the first that fails ends it.
    pub(crate) async fn run(
        self,
        connection: &mut SqliteConnection,
    ) -> Result<Answers, sqlx::Error> {
        // The text is made of this crate's constants; values are bound.
        let query = sqlx::query_with(AssertSqlSafe(self.sql), self.arguments);
        let mut steps = connection.fetch_many(query);
        let (mut answers, mut rows) = (Vec::new(), Vec::new());
        while let Some(step) = steps.try_next().await? {
            match step {
                Either::Right(row) => rows.push(row),
                Either::Left(_) => answers.push(std::mem::take(&mut rows)),
            }
        }
        Ok(Answers(answers.into_iter()))
    }
}
