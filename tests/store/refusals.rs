//! Filters that are refused, and those that only just are not.

use hinny_core::{
    filter::{Condition, Filter},
    store::StoreError,
    task::{TaskQuery, Window},
};
use serde_json::{Value, json};

use super::{
    make::{condition, task_id},
    subject::Subject,
};

/// Column, field, operator and value.
type Refused = (&'static str, &'static str, &'static str, Value);

impl Subject {
    /// The error that a filter on tasks is answered with.
    async fn refusal(&self, filter: Filter) -> String {
        let query = TaskQuery { filter, ..TaskQuery::default() };
        let window = Window { offset: 0, limit: 1, count_max: None };
        match self.store.list_tasks(&query, window).await {
            Err(StoreError::Filter(error)) => error.to_string(),
            other => panic!("not refused: {other:?}"),
        }
    }

    async fn refuses(&self, cases: &[(Refused, &str)]) {
        for ((column, field, operator, value), expected) in cases {
            let refusal = self.refusal(condition(column, field, operator, value)).await;
            assert_eq!(refusal, *expected);
        }
    }
}

pub(crate) async fn a_filter_that_cannot_be_used_says_how_to_mend_it(subject: &Subject) {
    let cases = [
        (
            ("colour", "", "eq", json!("x")),
            "filter column `colour` is unknown, expected one of id, scheduler_id, schedule_id, \
             organisation, type, hash, data, base_priority, priority, status, attempt, worker, \
             reason, dead, not_before, lease_until, created_at, modified_at, finished_at, schedule",
        ),
        (
            ("schedule", "colour", "eq", json!("x")),
            "filter column `colour` is unknown, expected one of id, scheduler_id, organisation, \
             hash, data, enabled, schedule, time_zone, deadline_at, created_at, modified_at",
        ),
        (
            ("organisation", "name", "eq", json!("x")),
            "filter column `organisation` has no fields inside, drop `field: name`",
        ),
        (
            ("organisation", "", "eq", json!(1)),
            "filter on `organisation` with operator `eq`: value 1 does not fit, expected text",
        ),
        (
            ("priority", "", "gt", json!("x")),
            "filter on `priority` with operator `gt`: value \"x\" does not fit, expected a number",
        ),
        (
            ("priority", "", "like", json!("1%")),
            "filter operator `like` does not work on `priority`: it compares text, and this \
             column holds none",
        ),
        (
            ("status", "", "eq", json!("done")),
            "filter on `status` with operator `eq`: value \"done\" does not fit, expected \
             pending, queued, dispatched, running, completed, failed or cancelled",
        ),
        (
            ("id", "", "eq", json!("7")),
            "filter on `id` with operator `eq`: value \"7\" does not fit, expected a UUID",
        ),
        (
            ("created_at", "", "gt", json!("yesterday")),
            "filter on `created_at` with operator `gt`: value \"yesterday\" does not fit, \
             expected a date-time in RFC 3339, such as `2026-01-31T12:00:00Z`",
        ),
        (
            ("dead", "", "eq", json!("yes")),
            "filter on `dead` with operator `eq`: value \"yes\" does not fit, expected true or \
             false",
        ),
        (
            ("organisation", "", "in", json!("acme")),
            "filter on `organisation` with operator `in`: value \"acme\" does not fit, expected \
             a list",
        ),
        (
            ("organisation", "", "@>", json!("x")),
            "filter operator `@>` does not work on `organisation`: it works inside of JSON \
             columns only",
        ),
        (
            ("organisation", "", "any", json!(["x"])),
            "filter operator `any` does not work on `organisation`: use `in` with a list",
        ),
    ];
    subject.refuses(&cases).await;
    // What is shown of a value is bounded.
    let long = "x".repeat(60_000);
    let refusal = subject.refusal(condition("organisation", "", "eq", &json!(long))).await;
    assert!(refusal.len() < 300 && refusal.contains("at most 50000 bytes"), "{refusal}");
    let long = "*".repeat(16_001);
    let refusal = subject.refusal(condition("organisation", "", "like", &json!(long))).await;
    assert!(refusal.contains("a pattern of at most 16000 bytes"), "{refusal}");
    let one = condition("organisation", "", "eq", &json!("x")).and.remove(0);
    let filter = Filter { and: vec![one; 65], ..Filter::default() };
    assert_eq!(subject.refusal(filter).await, "a filter has at most 64 conditions, got 65");
}

/// Operators that an embedded database does not have.
const ONLY_ON_A_SERVER: [((&str, &str, &str), &str); 2] = [
    (
        ("data", "v", "match"),
        "filter operator `match` does not work on `data`: this database has no full-text search, \
         use `ilike` or `contains`",
    ),
    (
        ("data", "v", "<@"),
        "filter operator `<@` does not work on `data`: this database cannot turn `@>` around, use \
         `in` on a field",
    ),
];

fn with_value<'a>(
    (column, field, operator): (&'a str, &'a str, &'a str),
) -> (&'a str, &'a str, &'a str, Value) {
    (column, field, operator, json!("[1]"))
}

pub(crate) async fn a_filter_on_documents_says_how_to_mend_it(subject: &Subject) {
    let cases = [
        (
            ("data", "v", "in", json!([1, "x"])),
            "filter on `data` with operator `in`: value [1,\"x\"] does not fit, expected a list \
             of values of one type",
        ),
        (
            ("data", "", "gt", json!(1)),
            "filter operator `gt` does not work on `data`: name a `field` inside of it, or use \
             `@>`",
        ),
        (
            ("data", "v", "@>", json!("x")),
            "filter on `data` with operator `@>`: value \"x\" does not fit, expected a JSON \
             document, as text or as it is",
        ),
        (
            ("data", "v", "@?", json!("$.a")),
            "filter operator `@?` does not work on `data`: this database has no JSON path \
             expressions, name the `field` and compare it",
        ),
    ];
    subject.refuses(&cases).await;
    if !subject.has_full_text {
        subject.refuses(&ONLY_ON_A_SERVER.map(|(case, why)| (with_value(case), why))).await;
    }
    let deep = (0..16).fold(json!(1), |inner, _| json!([inner]));
    let refusal = subject.refusal(condition("data", "", "@>", &deep)).await;
    assert!(refusal.ends_with("expected a JSON document at most 16 deep"), "{refusal}");
    let one = condition("data", "", "@>", &json!((0..31).collect::<Vec<_>>())).and.remove(0);
    let filter = Filter { and: vec![one; 3], ..Filter::default() };
    let refusal = subject.refusal(filter).await;
    let expected = "expected documents of at most 64 values in all of the filter";
    assert!(refusal.ends_with(expected), "{refusal}");
}

pub(crate) async fn values_are_never_part_of_the_statement(subject: &Subject) {
    subject.six().await;
    let evil = "x'\"); DROP TABLE task; --\\";
    for operator in ["eq", "like", "ilike", "contains", "starts_with"] {
        let text = json!(evil);
        subject
            .finds(vec![
                ("organisation", operator, text.clone(), vec![]),
                ("data.number", operator, text, vec![]),
            ])
            .await;
    }
    let document = json!({ evil: [evil, { evil: evil }] });
    subject
        .finds(vec![
            ("organisation", "in", json!([evil]), vec![]),
            ("data.number", "in", json!([evil, "1"]), vec![1]),
            ("data.number", "eq", document.clone(), vec![]),
            ("data", "@>", document, vec![]),
        ])
        .await;
    let path = condition("data", evil, "eq", &json!(evil));
    assert_eq!(subject.filtered(path).await, []);
    assert_eq!(subject.filtered(Filter::default()).await.len(), 6);
}

pub(crate) async fn the_largest_filters_are_answered(subject: &Subject) {
    subject.documents(&[r#"{"a": [{"b": 1}]}"#, r#"{"a": []}"#]).await;
    let deep = (1..16).fold(json!(1), |inner, _| json!([inner]));
    let wide: Value = (1..64).map(|number| (number.to_string(), json!("x"))).collect();
    for (document, times) in [(deep, 4), (wide, 1)] {
        for operator in ["eq", "ne", "@>"] {
            let one = condition("data", "a__0", operator, &document).and.remove(0);
            let filter = Filter { or: vec![one; times], ..Filter::default() };
            let expected = if operator == "ne" { vec![1] } else { vec![] };
            assert_eq!(subject.filtered(filter).await, expected);
        }
    }
    let path = vec!["0".to_owned(); 200];
    let one = Condition { path, ..condition("data", "", "in", &json!([1.5, 2])).and.remove(0) };
    let filter =
        Filter { or: vec![one.clone(); 63], not: Some(Box::new(one)), ..Filter::default() };
    assert_eq!(subject.filtered(filter).await, []);
    let many: Vec<_> = (2..100_000).map(|number| format!("hash-{number}")).collect();
    subject.finds(vec![("hash", "in", json!(many), vec![2])]).await;
    let ids: Vec<_> = (2..100_000).map(|number| task_id(number).to_string()).collect();
    subject.finds(vec![("id", "not_in", json!(ids), vec![1])]).await;
    let pattern = "*".repeat(16_000);
    subject.finds(vec![("hash", "like", json!(pattern), vec![])]).await;
}
