//! The SQL of filters. That the database takes it is for the tests that have one.

use hinny_core::filter::{Filter, FilterRequest};
use serde_json::{Value, json};
use sqlx::{Postgres, QueryBuilder};

use super::{ABILITIES, Tables, push};
use crate::filter::queued_predicate;

fn on_tasks(groups: &Value) -> String {
    let request: FilterRequest = serde_json::from_value(json!({ "filters": groups })).unwrap();
    let filter: Filter = request.try_into().unwrap();
    let mut sql = QueryBuilder::<Postgres>::new("");
    push(&mut sql, Tables::Tasks, &queued_predicate(&filter, ABILITIES).unwrap());
    sql.sql().as_str().to_owned()
}

#[test]
fn conditions_are_words_of_this_crate_and_numbered_values() {
    for (condition, expected) in [
        (
            json!({ "column": "status", "operator": "==", "value": "queued" }),
            "((s.status = $1::bigint))",
        ),
        (json!({ "column": "hash", "operator": "!=", "value": "x" }), "(NOT (t.hash = $1::text))"),
        (json!({ "column": "id", "operator": "in", "value": [] }), "((false))"),
        (
            json!({ "column": "type", "operator": "in", "value": ["a", "b"] }),
            "((t.kind = ANY($1::text[])))",
        ),
        (json!({ "column": "type", "operator": "ilike", "value": "a%" }), "((t.kind ILIKE $1))"),
        (
            json!({ "column": "reason", "operator": "match", "value": "x" }),
            "((to_tsvector('simple', s.reason) @@ plainto_tsquery('simple', $1)))",
        ),
        (
            json!({ "column": "data", "operator": "@>", "value": { "a": 1 } }),
            "(((hinny_document(t.data)) @> hinny_document($1)))",
        ),
        (
            json!({ "column": "data", "field": "a__0", "operator": "gt", "value": 1 }),
            "((CASE WHEN jsonb_typeof((hinny_document(t.data) -> $1::text #> ARRAY[$2::text])) \
             = 'number' THEN (hinny_document(t.data) -> $3::text #> ARRAY[$4::text])::numeric \
             END > $5::bigint))",
        ),
        (
            json!({ "column": "data", "field": "a", "operator": "eq", "value": "x" }),
            "(((strpos(t.data, $1::text) > 0 OR strpos(t.data, '\\') > 0) AND \
             left((((hinny_document(t.data) -> $2::text) #>> '{}') COLLATE \"C\"), 200) = $3::text))",
        ),
        (
            json!({ "column": "schedule", "field": "enabled", "operator": "is", "value": true }),
            "(EXISTS (SELECT 1 FROM schedule AS rs WHERE rs.id = t.schedule \
             AND (rs.enabled = $1::boolean)))",
        ),
    ] {
        assert_eq!(on_tasks(&json!([condition])), expected);
    }
}

#[test]
fn a_group_that_says_neither_yes_nor_no_says_no() {
    let is = |text: &str| json!({ "column": "hash", "operator": "eq", "value": text });
    assert_eq!(
        on_tasks(&json!({ "and": [is("a")], "not": [is("e")] })),
        "((t.hash = $1::text) AND NOT coalesce((t.hash = $2::text), false))"
    );
}
