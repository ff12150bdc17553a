//! Tasks that are handed out together.

use std::time::Duration;

use hinny_core::{
    filter::{Condition, Filter, Operator},
    queue::{PopRequest, Queues},
};
use serde_json::json;

use super::harness::{Rig, name, request};

async fn rig() -> Rig {
    Rig::builder().config(|config| config.group = Some("/batch".to_owned())).start().await
}

async fn push(rig: &Rig, name: &str, batch: Option<&str>, kind: &str, priority: i64) {
    let data = json!({"name": name, "batch": batch, "kind": kind, "size": name.len()});
    rig.push_all(vec![request(Some(priority), &data)]).await.unwrap();
}

async fn pop(rig: &Rig, limit: Option<u32>, filter: Filter) -> Vec<String> {
    let request = PopRequest { limit, filter, wait: Duration::ZERO, worker: None };
    let tasks = rig.queues.pop(&rig.jobs, request).await.unwrap();
    tasks.iter().map(name).collect()
}

fn only(field: &str, operator: Operator, value: serde_json::Value) -> Filter {
    let path = vec![field.to_owned()];
    let condition = Condition { column: "data".to_owned(), path, operator, value };
    Filter { and: vec![condition], ..Filter::default() }
}

async fn fill(rig: &Rig) {
    push(rig, "alone", None, "web", 1).await;
    push(rig, "first", Some("g"), "web", 2).await;
    push(rig, "between", None, "web", 3).await;
    push(rig, "second", Some("g"), "dns", 4).await;
    push(rig, "third", Some("g"), "web", 5).await;
}

#[tokio::test]
async fn the_first_in_order_decides_and_brings_its_group() {
    let rig = rig().await;
    fill(&rig).await;
    for expected in [vec!["alone"], vec!["first", "second", "third"], vec!["between"], vec![]] {
        assert_eq!(pop(&rig, None, Filter::default()).await, expected);
    }
}

#[tokio::test]
async fn a_limit_cuts_a_group_and_the_rest_comes_next() {
    let rig = rig().await;
    fill(&rig).await;
    for expected in [vec!["alone"], vec!["first", "second"], vec!["between"], vec!["third"]] {
        assert_eq!(pop(&rig, Some(2), Filter::default()).await, expected);
    }
}

#[tokio::test]
async fn only_what_the_filter_admits_of_a_group_goes() {
    // The one by a class of the queue, the other one by the database.
    for filter in [only("kind", Operator::Eq, json!("web")), only("size", Operator::Eq, json!(5))] {
        let rig = rig().await;
        fill(&rig).await;
        assert_eq!(pop(&rig, None, filter.clone()).await, ["alone"]);
        assert_eq!(pop(&rig, None, filter.clone()).await, ["first", "third"]);
    }
}

#[tokio::test]
async fn groups_are_known_after_a_restart() {
    let rig = rig().await;
    fill(&rig).await;
    let rig = rig.restarted().await;
    assert_eq!(pop(&rig, None, Filter::default()).await, ["alone"]);
    assert_eq!(pop(&rig, None, Filter::default()).await, ["first", "second", "third"]);
}

#[tokio::test]
async fn without_a_configured_group_nothing_belongs_together() {
    let rig = Rig::start().await;
    fill(&rig).await;
    assert_eq!(pop(&rig, Some(3), Filter::default()).await, ["alone", "first", "between"]);
}

#[tokio::test]
async fn a_filter_that_cannot_be_used_is_an_error_on_an_empty_queue_too() {
    let rig = Rig::start().await;
    let mut filter = only("kind", Operator::Eq, json!("web"));
    filter.and[0].column = "colour".to_owned();
    let request = PopRequest { limit: None, filter, wait: Duration::ZERO, worker: None };
    let refused = rig.queues.pop(&rig.jobs, request).await.unwrap_err();
    assert!(refused.to_string().contains("`colour`"), "{refused}");
}
