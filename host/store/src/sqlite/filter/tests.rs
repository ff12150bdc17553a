//! The SQL of filters, and that the database takes it.

use hinny_core::filter::{Condition, Filter, FilterRequest, Operator};
use serde_json::{Value, json};
use sqlx::{Connection as _, QueryBuilder, Sqlite, SqliteConnection};

use super::{ABILITIES, Tables, push};
use crate::filter::{queued_predicate, schedule_predicate};

fn filter(groups: &Value) -> Filter {
    let request: FilterRequest = serde_json::from_value(json!({ "filters": groups })).unwrap();
    request.try_into().unwrap()
}

fn on_tasks(filter: &Filter) -> String {
    let mut sql = QueryBuilder::<Sqlite>::new("");
    push(&mut sql, Tables::Tasks, &queued_predicate(filter, ABILITIES).unwrap());
    sql.sql().as_str().to_owned()
}

fn on_schedules(filter: Filter) -> String {
    let query = hinny_core::schedule::ScheduleQuery { filter, ..Default::default() };
    let mut sql = QueryBuilder::<Sqlite>::new("");
    push(&mut sql, Tables::Schedules, &schedule_predicate(&query, ABILITIES).unwrap());
    sql.sql().as_str().to_owned()
}

#[test]
fn an_empty_filter_holds_always() {
    assert_eq!(on_tasks(&Filter::default()), "true");
}

#[test]
fn conditions_are_words_of_this_crate_and_question_marks() {
    for (condition, expected) in [
        (json!({ "column": "status", "operator": "==", "value": "queued" }), "((s.status = ?))"),
        (json!({ "column": "hash", "operator": "!=", "value": "x" }), "(NOT (t.hash = ?))"),
        (
            json!({ "column": "id", "operator": "in", "value": [] }),
            "((t.id IN (SELECT value FROM json_each(?))))",
        ),
        (
            json!({
                "column": "id", "operator": "not_in",
                "value": ["0190a1b2-0000-7000-8000-000000000001"],
            }),
            "(NOT (t.id IN (SELECT unhex(value) FROM json_each(?))))",
        ),
        (
            json!({ "column": "worker", "operator": "is_not", "value": null }),
            "(NOT (s.worker IS NULL))",
        ),
        (json!({ "column": "type", "operator": "like", "value": "a%" }), "((t.kind GLOB ?))"),
        (
            json!({ "column": "type", "operator": "ilike", "value": "a%" }),
            r"((t.kind LIKE ? ESCAPE '\'))",
        ),
        (
            json!({ "column": "reason", "operator": "contains", "value": "x" }),
            "((instr(s.reason, ?) > 0))",
        ),
        (
            json!({ "column": "reason", "operator": "starts_with", "value": "x" }),
            "((substr(s.reason, 1, ?) = ?))",
        ),
        (
            json!({ "column": "data", "field": "a__b", "operator": "gt", "value": 1 }),
            "((CASE WHEN json_valid(t.data) THEN coalesce(CASE json_type(t.data, ?) \
             WHEN 'integer' THEN json_extract(t.data, ?) WHEN 'real' THEN json_extract(t.data, ?) \
             END, NULL) > ? END))",
        ),
        (
            json!({ "column": "data", "field": "a", "operator": "eq", "value": "x" }),
            "(((instr(t.data, ?) > 0 OR instr(t.data, '\\') > 0) AND \
             CASE WHEN json_valid(t.data) THEN coalesce(CASE json_type(t.data, ?) \
             WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' \
             ELSE CAST(json_extract(t.data, ?) AS TEXT) END, NULL) = ? END))",
        ),
        (
            json!({ "column": "schedule", "field": "enabled", "operator": "is", "value": true }),
            "(EXISTS (SELECT 1 FROM schedule AS rs WHERE rs.id = t.schedule AND (rs.enabled = ?)))",
        ),
    ] {
        assert_eq!(on_tasks(&filter(&json!([condition]))), expected);
    }
    let by_tasks = json!([{
        "column": "tasks", "field": "status", "operator": "==", "value": "failed",
    }]);
    assert_eq!(
        on_schedules(filter(&by_tasks)),
        "((s.id IN (SELECT rt.schedule FROM task AS rt JOIN task_state AS rs ON rs.task = rt.id \
         WHERE (rs.status = ?))))"
    );
}

#[test]
fn groups_are_joined() {
    let is = |text: &str| json!({ "column": "hash", "operator": "eq", "value": text });
    let groups = json!({
        "and": [is("a"), is("b")], "or": [is("c"), is("d")], "not": [is("e")],
    });
    assert_eq!(
        on_tasks(&filter(&groups)),
        "((t.hash = ?) AND (t.hash = ?) AND ((t.hash = ?) OR (t.hash = ?)) \
         AND NOT ifnull((t.hash = ?), false))"
    );
}

/// A condition with every operator on every column, with text that must not be found in the SQL.
fn all_conditions(columns: &[(&str, &[&str])]) -> Vec<Condition> {
    let operators = [
        "==",
        "!=",
        ">",
        ">=",
        "<",
        "<=",
        "is",
        "is_not",
        "is_null",
        "is_not_null",
        "like",
        "not_like",
        "ilike",
        "not_ilike",
        "in",
        "not_in",
        "contains",
        "starts_with",
        "@>",
    ];
    let values = [
        json!("splice"),
        json!(7_654_321),
        json!(0.765),
        json!(true),
        json!(null),
        json!("failed"),
        json!("0190a1b2-0000-7000-8000-000000000001"),
        json!("2026-01-31T12:00:00Z"),
        json!(["splice", "other"]),
        json!([7_654_321, 0.765]),
        json!([true]),
        json!({ "splice": ["splice", { "splice": 7_654_321 }, [null, false]] }),
    ];
    let mut conditions = Vec::new();
    for (column, paths) in columns {
        for path in *paths {
            for operator in operators {
                let operator: Operator = serde_json::from_value(json!(operator)).unwrap();
                let path: Vec<_> =
                    path.split("__").filter(|part| !part.is_empty()).map(str::to_owned).collect();
                conditions.extend(values.iter().map(|value| Condition {
                    column: (*column).to_owned(),
                    path: path.clone(),
                    operator,
                    value: value.clone(),
                }));
            }
        }
    }
    conditions
}

const TASK_COLUMNS: &[(&str, &[&str])] = &[
    ("id", &[""]),
    ("scheduler_id", &[""]),
    ("schedule_id", &[""]),
    ("organisation", &[""]),
    ("type", &[""]),
    ("hash", &[""]),
    ("data", &["", "splice", "splice__0__3"]),
    ("base_priority", &[""]),
    ("priority", &[""]),
    ("status", &[""]),
    ("attempt", &[""]),
    ("worker", &[""]),
    ("reason", &[""]),
    ("dead", &[""]),
    ("not_before", &[""]),
    ("lease_until", &[""]),
    ("created_at", &[""]),
    ("modified_at", &[""]),
    ("finished_at", &[""]),
    ("schedule", &["enabled", "schedule", "time_zone", "deadline_at", "hash", "data__splice"]),
];

const SCHEDULE_COLUMNS: &[(&str, &[&str])] = &[
    ("id", &[""]),
    ("scheduler_id", &[""]),
    ("organisation", &[""]),
    ("hash", &[""]),
    ("data", &["", "splice"]),
    ("enabled", &[""]),
    ("schedule", &[""]),
    ("time_zone", &[""]),
    ("deadline_at", &[""]),
    ("created_at", &[""]),
    ("modified_at", &[""]),
    ("tasks", &["id", "status", "dead", "finished_at", "schedule_id", "data__splice"]),
];

async fn database() -> SqliteConnection {
    let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
    crate::sqlite::migrate::migrate(&mut connection).await.unwrap();
    connection
}

/// Runs each condition that is not refused; the answer is how many those were.
async fn run_all(conditions: Vec<Condition>, tables: Tables, from: &'static str) -> usize {
    let (mut connection, mut ran) = (database().await, 0);
    for condition in conditions {
        let filter = Filter { and: vec![condition.clone()], ..Filter::default() };
        let predicate = match tables {
            Tables::Schedules => {
                let query = hinny_core::schedule::ScheduleQuery { filter, ..Default::default() };
                schedule_predicate(&query, ABILITIES)
            }
            _ => queued_predicate(&filter, ABILITIES),
        };
        let Ok(predicate) = predicate else { continue };
        let mut sql = QueryBuilder::<Sqlite>::new("SELECT count(*) FROM ");
        sql.push(from);
        push(&mut sql, tables, &predicate);
        let text = sql.sql().as_str().to_owned();
        for value in ["splice", "7654321", "0.765", "0190a1b2", "2026-01"] {
            assert!(!text.contains(value), "{condition:?} is in {text}");
        }
        let found = sql.build_query_scalar::<i64>().fetch_one(&mut connection).await;
        assert_eq!(found.map_err(|error| error.to_string()), Ok(0), "{condition:?}: {text}");
        ran += 1;
    }
    ran
}

#[tokio::test]
async fn every_condition_on_tasks_is_taken_or_refused() {
    let from = "task AS t JOIN task_state AS s ON s.task = t.id WHERE ";
    let ran = run_all(all_conditions(TASK_COLUMNS), Tables::Tasks, from).await;
    assert!(ran > 1000, "{ran} is too few to be all that fit");
}

#[tokio::test]
async fn every_condition_on_schedules_is_taken_or_refused() {
    let from = "schedule AS s WHERE ";
    let ran = run_all(all_conditions(SCHEDULE_COLUMNS), Tables::Schedules, from).await;
    assert!(ran > 500, "{ran} is too few to be all that fit");
}
