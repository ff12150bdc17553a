//! Filters on what is inside of documents.

use hinny_core::{
    filter::{Condition, Filter, Operator},
    task::NewTask,
};
use serde_json::{Value, json};

use super::{
    make::{condition, jobs, json as raw, new_task, task_id},
    subject::Subject,
};

impl Subject {
    /// Tasks with some documents, numbered from 1.
    pub(crate) async fn documents(&self, documents: &[&str]) {
        let tasks = documents.iter().zip(1..);
        let tasks = tasks.map(|(text, number)| NewTask { data: raw(text), ..new_task(number) });
        self.push(tasks.collect()).await;
    }
}

pub(crate) async fn values_inside_of_data_compare_by_their_type(subject: &Subject) {
    subject
        .documents(&[
            r#"{"v": "10"}"#,
            r#"{"v": 10}"#,
            r#"{"v": 10.5}"#,
            r#"{"v": true}"#,
            r#"{"v": null}"#,
            r"{}",
            r#"{"v": {"w": ["x", {"y": 3}]}}"#,
            r#"{"v": "X"}"#,
            r#"{"a\".b": 1, "0": "zero", "é": "y", "": "empty"}"#,
            "7",
        ])
        .await;
    subject
        .finds(vec![
            ("data.v", "eq", json!("10"), vec![2, 1]),
            ("data.v", "eq", json!(10), vec![2]),
            ("data.v", "ne", json!(10), vec![3]),
            ("data.v", "gt", json!(10), vec![3]),
            ("data.v", "gte", json!(10.0), vec![3, 2]),
            ("data.v", "lt", json!(10.5), vec![2]),
            ("data.v", "lte", json!("X"), vec![8, 3, 2, 1]),
            ("data.v", "eq", json!(true), vec![4]),
            ("data.v", "is", json!(true), vec![4]),
            ("data.v", "ne", json!(false), vec![4]),
            ("data.v", "eq", json!("true"), vec![4]),
            ("data.v", "is", Value::Null, vec![10, 9, 6, 5]),
            ("data.v", "is_not_null", Value::Null, vec![8, 7, 4, 3, 2, 1]),
            ("data.v", "in", json!(["10", "X"]), vec![8, 2, 1]),
            ("data.v", "in", json!([10, 10.5]), vec![3, 2]),
            ("data.v", "in", json!([true, false]), vec![4]),
            ("data.v", "not_in", json!([10]), vec![3]),
            ("data.v", "like", json!("1_"), vec![2, 1]),
            ("data.v", "ilike", json!("x"), vec![8]),
            ("data.v", "contains", json!("0."), vec![3]),
            ("data.v", "starts_with", json!("10"), vec![3, 2, 1]),
            ("data.v__w__0", "eq", json!("x"), vec![7]),
            ("data.v__w__1__y", "eq", json!(3), vec![7]),
            ("data.v__w__9", "ne", json!("x"), vec![]),
            ("data.0", "eq", json!("zero"), vec![9]),
            ("data.é", "eq", json!("y"), vec![9]),
        ])
        .await;
    // A name may hold whatever means something elsewhere.
    let odd = |name: &str, value| Filter {
        and: vec![Condition {
            column: "data".to_owned(),
            path: vec![name.to_owned()],
            operator: Operator::Eq,
            value,
        }],
        ..Filter::default()
    };
    assert_eq!(subject.filtered(odd("a\".b", json!(1))).await, [9]);
    assert_eq!(subject.filtered(odd("", json!("empty"))).await, [9]);
    for name in ["$", "*", "#", "v.w", "v\"", "'", "[0]", "\\"] {
        assert_eq!(subject.filtered(odd(name, json!(1))).await, [], "{name}");
    }
}

pub(crate) async fn text_is_found_however_a_document_writes_it(subject: &Subject) {
    subject
        .documents(&[
            r#"{"v": "nmap"}"#,
            r#"{"v": "\u006emap"}"#,
            r#"{ "v" : "nmap" , "w": "a\\b" }"#,
            r#"{"v": "nmap-udp", "nmap": 1, "w": ["nmap"]}"#,
            r#"{"v": "say \"nmap\""}"#,
            r#"{"v": ""}"#,
            r#"{"v": 1e2}"#,
            r#"{"v": [1, "x"]}"#,
        ])
        .await;
    subject
        .finds(vec![
            ("data.v", "eq", json!("nmap"), vec![3, 2, 1]),
            ("data.v", "in", json!(["nmap", "nmap-udp"]), vec![4, 3, 2, 1]),
            ("data.v", "eq", json!("say \"nmap\""), vec![5]),
            ("data.v", "eq", json!(""), vec![6]),
            ("data.v", "eq", json!(100), vec![7]),
            ("data.v", "ne", json!("nmap"), vec![8, 7, 6, 5, 4]),
            ("data.w", "ne", json!("nmap"), vec![4, 3]),
            ("data.nmap", "eq", json!("nmap"), vec![]),
        ])
        .await;
    let not = Filter {
        not: condition("data", "w", "eq", &json!("a\\b")).and.pop().map(Box::new),
        ..Filter::default()
    };
    assert_eq!(subject.filtered(not).await, [8, 7, 6, 5, 4, 2, 1]);
}

pub(crate) async fn documents_are_compared_and_contained(subject: &Subject) {
    subject
        .documents(&[
            r#"{"v": {"b": [1, "x"], "a": null}, "w": 1}"#,
            r#"{"v": {"a": null, "b": [1, "x"]}}"#,
            r#"{"v": {"a": null, "b": ["x", 1]}}"#,
            r#"{"v": ["{\"c\": 1}", {"c": 1, "d": true}, [2]]}"#,
            r#"{"v": null}"#,
            r#"{"w": 1.0}"#,
        ])
        .await;
    let same = json!({ "b": [1, "x"], "a": null });
    subject
        .finds(vec![
            ("data.v", "eq", same.clone(), vec![2, 1]),
            ("data.v", "eq", json!(same.to_string()), vec![2, 1]),
            ("data.v", "ne", same, vec![5, 4, 3]),
            ("data.v", "eq", json!({ "b": [1, "x"] }), vec![]),
            ("data", "eq", json!({ "w": 1 }), vec![6]),
            ("data", "@>", json!({ "w": 1 }), vec![6, 1]),
            ("data", "@>", json!(r#"{"w": 1}"#), vec![6, 1]),
            ("data", "@>", json!({}), vec![6, 5, 4, 3, 2, 1]),
            ("data", "@>", json!({ "v": { "b": ["x"] } }), vec![3, 2, 1]),
            ("data", "@>", json!({ "v": { "b": ["x", 1, 1] } }), vec![3, 2, 1]),
            ("data", "@>", json!({ "v": { "b": ["y"] } }), vec![]),
            ("data", "@>", json!({ "v": [{ "c": 1 }] }), vec![4]),
            ("data", "@>", json!({ "v": [[2], { "d": true }] }), vec![4]),
            ("data", "@>", json!({ "v": [{ "d": false }] }), vec![]),
            ("data", "@>", json!({ "v": null }), vec![5]),
            ("data.v__b", "@>", json!("\"x\""), vec![3, 2, 1]),
            ("data.v__b", "@>", json!(1), vec![3, 2, 1]),
            ("data.v__b", "@>", json!([1]), vec![3, 2, 1]),
        ])
        .await;
}

pub(crate) async fn a_document_that_is_too_deep_hides_no_other(subject: &Subject) {
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    subject.documents(&[r#"{"v": 1}"#, &deep, r#"{"v": 2}"#]).await;
    assert_eq!(subject.task(2).await.data.get(), deep);
    subject
        .finds(vec![
            ("data.v", "gte", json!(1), vec![3, 1]),
            ("data.v", "ne", json!(1), vec![3]),
            ("data.v", "is_not_null", Value::Null, vec![3, 1]),
            ("data", "@>", json!({ "v": 2 }), vec![3]),
            ("data.v", "eq", json!({}), vec![]),
        ])
        .await;
    let filter = condition("data", "v", "in", &json!([1, 2]));
    let found = subject.store.match_queued(&jobs(), &filter, None, 10).await.unwrap();
    assert_eq!(found, [task_id(1), task_id(3)]);
}
