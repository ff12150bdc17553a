//! How the database goes about the statements: none of those that workers wait for walks through a
//! table.

use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use super::{event, facts, history, load, migrate, save, schedule, state, task, tidy};

/// What may be walked through: the parameters of a statement, and what it has narrowed down.
const WALKED: [&str; 6] =
    ["SCAN CONSTANT ROW", "SCAN i", "SCAN json_each", "SCAN jsonb_each", "SCAN step", "SCAN n"];

#[tokio::test]
async fn no_statement_that_workers_wait_for_walks_through_a_table() {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    migrate::migrate(&mut connection).await.unwrap();
    let lists = [
        load::STATEMENTS,
        save::STATEMENTS,
        task::STATEMENTS,
        facts::STATEMENTS,
        history::STATEMENTS,
        schedule::STATEMENTS,
        event::STATEMENTS,
        state::STATEMENTS,
        tidy::STATEMENTS,
    ];
    for statement in lists.into_iter().flatten() {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
        let steps = sqlx::query(explain).fetch_all(&mut connection).await.unwrap();
        for step in steps {
            let step: String = step.get("detail");
            let walks =
                step.contains("SCAN") && !WALKED.iter().any(|walked| step.starts_with(walked));
            assert!(!walks && !step.contains("AUTOMATIC"), "{step} in {statement}");
        }
    }
}
