//! Tasks on their way to workers.

use std::time::Duration;

use axum::body::Body;
use hinny_core::TaskStatus;

use super::{TestApi, fakes::task, problem, request};

const POP: &str = "/schedulers/jobs/pop";

fn with_tasks(count: u128) -> TestApi {
    let api = TestApi::new();
    let tasks = (1..=count).map(|number| task(number, r#"{"target":"a"}"#));
    api.host.tasks.lock().unwrap().extend(tasks);
    api
}

#[tokio::test]
async fn a_popped_task_shows_the_status_before_the_pop() {
    let api = with_tasks(2);
    let answer = api.send(request("POST", POP).body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200);
    let popped = &answer.json()["results"][0];
    assert_eq!(popped["status"], "queued");
    assert_eq!(popped["attempt"], 1);
    assert_eq!(popped["lease_until"], "2026-11-24T01:31:00Z");
    assert_eq!(api.host.tasks.lock().unwrap()[0].status, TaskStatus::Dispatched);
}

#[tokio::test]
async fn no_task_is_an_empty_list() {
    let api = with_tasks(0);
    assert_eq!(api.post(POP, "null").await.text, r#"{"results":[]}"#);
    assert_eq!(
        with_tasks(3).post("/schedulers/jobs/pop?limit=0", "").await.text,
        r#"{"results":[]}"#
    );
}

#[tokio::test]
async fn limit_wait_and_filter_reach_the_queue() {
    let api = with_tasks(3);
    let filter = r#"{"filters": [{"column": "data", "field": "tool__id", "operator": "in", "value": ["x"]}]}"#;
    let answer = api.post("/schedulers/jobs/pop?limit=2.0&wait=0.5&zz=1", filter).await;
    assert_eq!(answer.json()["results"].as_array().unwrap().len(), 2);
    let pops = api.host.pops.lock().unwrap();
    assert_eq!((pops[0].limit, pops[0].wait), (Some(2), Duration::from_millis(500)));
    assert_eq!(pops[0].filter.and[0].path, ["tool", "id"]);
}

#[tokio::test]
async fn a_worker_is_named_by_the_query_before_the_header() {
    let api = with_tasks(3);
    let named = |uri: &str| request("POST", uri).header("x-worker", "from-header");
    api.send(named(POP).body(Body::empty()).unwrap()).await;
    let uri = "/schedulers/jobs/pop?worker=from%20query";
    api.send(named(uri).body(Body::empty()).unwrap()).await;
    api.post(POP, "").await;
    let pops = api.host.pops.lock().unwrap();
    let names: Vec<_> = pops.iter().map(|pop| pop.worker.as_deref()).collect();
    assert_eq!(names, [Some("from-header"), Some("from query"), None]);
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_named() {
    let api = with_tasks(1);
    for (query, kind, place) in [
        ("limit=abc", "int_parsing", "query.limit"),
        ("limit=-1", "greater_than_equal", "query.limit"),
        ("limit=5000000000", "less_than_equal", "query.limit"),
        ("wait=NaN", "float_parsing", "query.wait"),
        ("wait=-1", "float_parsing", "query.wait"),
        ("wait=61", "less_than_equal", "query.wait"),
    ] {
        let answer = api.post(&format!("{POP}?{query}"), "").await;
        assert_eq!(answer.problems(), [problem(kind, place)], "{query}");
    }
    let long = "x".repeat(300);
    let answer = api.post(&format!("{POP}?worker={long}"), "").await;
    assert_eq!(answer.problems(), [problem("string_too_long", "query.worker")]);
}

#[tokio::test]
async fn filters_that_do_not_fit_are_named_to_the_condition() {
    let api = with_tasks(1);
    for (body, kind, place) in [
        (r#"{"x": 1}"#, "missing", "body.filters"),
        (r#"{"filters": 1}"#, "list_type", "body.filters"),
        (r#"{"filters": {"xor": []}}"#, "extra_forbidden", "body.filters.xor"),
        (r#"{"filters": [1]}"#, "model_attributes_type", "body.filters.0"),
        (
            r#"{"filters": [{"column": "type", "operator": "zz", "value": 1}]}"#,
            "literal_error",
            "body.filters.0.operator",
        ),
        (
            r#"{"filters": {"and": [{"column": "type", "operator": "eq"}]}}"#,
            "missing",
            "body.filters.and.0.value",
        ),
    ] {
        assert_eq!(api.post(POP, body).await.problems(), [problem(kind, place)], "{body}");
    }
}

#[tokio::test]
async fn a_filter_that_breaks_a_rule_of_filters_is_a_bad_request() {
    let api = with_tasks(1);
    let one = r#"{"column": "type", "operator": "eq", "value": null}"#;
    let answer = api.post(POP, &format!(r#"{{"filters": {{"not": [{one}, {one}]}}}}"#)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.detail(),
        "Bad request error occurred: Invalid filter(s): filter group `not` takes exactly one \
         filter, got 2"
    );
}
