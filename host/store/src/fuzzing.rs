//! What the fuzzer calls: see `tests/fuzz/README.md`. Each panics when something does not hold.

use std::sync::{LazyLock, Mutex, PoisonError};

use hinny_core::{
    Organisation, Priority, TaskId, Timestamp,
    filter::Filter,
    order::{Arrival, Order, class_key},
    schedule::ScheduleQuery,
    task::TaskQuery,
};
use serde_json::Value;
use sqlx::{Connection as _, Postgres, QueryBuilder, Sqlite, SqliteConnection};
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

use crate::{
    filter::{Tables, queued_predicate, schedule_predicate, task_predicate},
    postgres, sqlite,
};

/// The tasks of the database, and of the queue in memory: organisation and data.
const TASKS: [(&str, &str); 4] = [
    ("acme", r#"{"host": "a", "level": 1, "deep": {"list": ["x", null, 2.5]}}"#),
    ("acme", r#"{"host": "b", "level": "1", "flag": true}"#),
    ("org", r#"{"host": null, "a/b": "x", "": "y"}"#),
    ("org", r#"[{"host": "a"}, "text", 7]"#),
];

/// The places of the data that make classes.
const PLACES: [&str; 3] = ["/host", "/level", "/a/b"];

/// A list of tasks that somebody asks for, as every database is asked for it.
///
/// The text of a statement is ours: values are bound. `SQLite` takes it and finds what the queue in
/// memory finds, where that can tell.
pub fn tasks(query: &TaskQuery) {
    if let Ok(predicate) = task_predicate(query, sqlite::filter::ABILITIES) {
        let mut sql = QueryBuilder::<Sqlite>::new(
            "SELECT t.id FROM task AS t JOIN task_state AS s ON s.task = t.id WHERE ",
        );
        sqlite::filter::push(&mut sql, Tables::Tasks, &predicate);
        found(sql);
    }
    if let Ok(predicate) = task_predicate(query, postgres::filter::ABILITIES) {
        let mut sql = QueryBuilder::<Postgres>::new("");
        postgres::filter::push(&mut sql, Tables::Tasks, &predicate);
        assert_ours(sql.sql().as_str());
    }
    schedules(&query.filter);
    if let Ok(predicate) = queued_predicate(&query.filter, sqlite::filter::ABILITIES) {
        let mut sql = QueryBuilder::<Sqlite>::new(
            "SELECT t.id FROM task AS t JOIN task_state AS s ON s.task = t.id WHERE ",
        );
        sqlite::filter::push(&mut sql, Tables::Tasks, &predicate);
        let stored = found(sql);
        if let Some(queued) = in_memory(&query.filter) {
            assert_eq!(queued, stored, "in memory, and in the database: {:?}", query.filter);
        }
    }
}

/// The same conditions, on schedules.
fn schedules(filter: &Filter) {
    let query = ScheduleQuery { filter: filter.clone(), ..ScheduleQuery::default() };
    if let Ok(predicate) = schedule_predicate(&query, sqlite::filter::ABILITIES) {
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT s.id FROM schedule AS s WHERE ");
        sqlite::filter::push(&mut sql, Tables::Schedules, &predicate);
        found(sql);
    }
    if let Ok(predicate) = schedule_predicate(&query, postgres::filter::ABILITIES) {
        let mut sql = QueryBuilder::<Postgres>::new("");
        postgres::filter::push(&mut sql, Tables::Schedules, &predicate);
        assert_ours(sql.sql().as_str());
    }
}

/// The text of a statement has nothing in it but our words, and its brackets and quotes are closed.
fn assert_ours(sql: &str) {
    let outside: Vec<_> = sql.split('\'').step_by(2).collect();
    let depth = outside.concat().chars().fold(0_i64, |depth, character| {
        assert!(depth >= 0, "a bracket is closed that was not opened: {sql}");
        match character {
            '(' => depth + 1,
            ')' => depth - 1,
            _ => depth,
        }
    });
    assert_eq!(depth, 0, "a bracket is left open: {sql}");
    assert_eq!(sql.matches('\'').count() % 2, 0, "a quote is left open: {sql}");
    assert!(
        sql.chars().all(|character| character.is_ascii() && !character.is_ascii_control()),
        "it has a character that is not ours: {sql}"
    );
}

/// What a statement finds in a database with [`TASKS`]: their numbers.
fn found(mut sql: QueryBuilder<Sqlite>) -> Vec<usize> {
    static DATABASE: LazyLock<Mutex<Database>> = LazyLock::new(|| Mutex::new(Database::make()));
    assert_ours(sql.sql().as_str());
    let mut database = DATABASE.lock().unwrap_or_else(PoisonError::into_inner);
    let Database { runtime, connection } = &mut *database;
    let text = sql.sql().as_str().to_owned();
    let query = sql.build_query_scalar::<Vec<u8>>().persistent(false);
    let ids = runtime.block_on(query.fetch_all(connection));
    assert!(ids.is_ok(), "the database refuses it: {ids:?}: {text}");
    let ids = ids.unwrap_or_default();
    let mut numbers: Vec<_> =
        ids.iter().map(|id| usize::from(id.last().copied().unwrap_or_default())).collect();
    numbers.sort_unstable();
    numbers
}

/// `SQLite` in memory.
struct Database {
    runtime: Runtime,
    connection: SqliteConnection,
}

impl Database {
    fn make() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let connection = runtime.block_on(filled()).expect("a database in memory");
        Self { runtime, connection }
    }
}

async fn filled() -> Result<SqliteConnection, sqlx::Error> {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await?;
    sqlite::migrate::migrate(&mut connection).await.expect("an empty database is migrated");
    for (number, (organisation, data)) in TASKS.iter().enumerate() {
        let task = "INSERT INTO task (id, scheduler, organisation, kind, hash, created_at, data) \
                    VALUES (?, 'jobs', ?, 'job', 'h', 1, ?)";
        let state = "INSERT INTO task_state \
                     (task, status, attempt, priority, ranked_by, dead, modified_at, event) \
                     VALUES (?, 1, 0, 0, 0, 0, 1, 0)";
        let id = Uuid::from_u128(number as u128).into_bytes().to_vec();
        let task = sqlx::query::<Sqlite>(task).bind(id.clone()).bind(*organisation).bind(*data);
        task.execute(&mut connection).await?;
        sqlx::query::<Sqlite>(state).bind(id).execute(&mut connection).await?;
    }
    Ok(connection)
}

/// What the queue in memory would hand out; `None` when classes do not decide it.
fn in_memory(filter: &Filter) -> Option<Vec<usize>> {
    let places = PLACES.map(str::to_owned);
    let mut order = Order::new(1, [].into());
    let now = Timestamp::from_micros(1);
    for (number, (organisation, data)) in TASKS.iter().enumerate() {
        let organisation = Organisation::new(*organisation).expect("it is a good name");
        let data: Value = serde_json::from_str(data).expect("it is JSON");
        let arrival = Arrival {
            id: TaskId(Uuid::from_u128(number as u128)),
            created_at: now,
            priority: Priority(0),
            fallback: false,
            not_before: None,
            class: class_key(&organisation, &places, &data),
            group: None,
            inputs: Box::default(),
        };
        order.insert(&arrival, now);
    }
    let view = order.view(filter, &places)?;
    let taken = order.take(view, TASKS.len());
    let mut numbers: Vec<_> = taken.iter().map(|taken| taken.id.0.as_u128() as usize).collect();
    numbers.sort_unstable();
    Some(numbers)
}

#[cfg(test)]
#[path = "../../../tests/fuzz/kept.rs"]
mod kept;

#[test]
fn what_the_fuzzer_kept_of_filters_holds() {
    kept::each("filter", |bytes| {
        let body = bytes.splitn(2, |byte| *byte == b'\n').last().unwrap_or_default();
        let request = serde_json::from_slice::<hinny_core::filter::FilterRequest>(body);
        if let Some(filter) = request.ok().and_then(|request| Filter::try_from(request).ok()) {
            tasks(&TaskQuery { filter, ..TaskQuery::default() });
        }
    });
}
