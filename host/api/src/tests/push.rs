//! Tasks on their way in.

use serde_json::json;

use super::{TestApi, problem};

const PUSH: &str = "/schedulers/jobs/push";

fn body(target: &str) -> String {
    json!({ "organisation": "acme", "priority": 5, "data": { "target": target } }).to_string()
}

#[tokio::test]
async fn a_pushed_task_is_answered_with_every_key_that_clients_read() {
    let api = TestApi::new();
    let id = "01DC098EAD0B4908B44B924B752AA6EB";
    let body = json!({
        "id": id, "scheduler_id": "jobs", "organisation": "acme", "priority": "5",
        "data": { "target": "a", "id": null },
    });
    let answer = api.post(PUSH, &body.to_string()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.text,
        r#"{"id":"01dc098e-ad0b-4908-b44b-924b752aa6eb","scheduler_id":"jobs","schedule_id":null,"organisation":"acme","priority":5,"status":"queued","type":"job","hash":"hash of a","data":{"id":null,"target":"a"},"created_at":"2026-11-24T01:30:00Z","modified_at":"2026-11-24T01:30:00Z","attempt":0,"lease_until":null,"ranked_by":{"by":"generation","generation":3},"base_priority":5}"#
    );
}

#[tokio::test]
async fn data_is_passed_on_as_it_came() {
    let api = TestApi::new();
    let sent =
        r#"{"organisation":"acme","data": {"target":"\u00e9",  "big": 12345678901234567890.10} }"#;
    let answer = api.post(PUSH, sent).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(answer.text.contains(r#""data":{"target":"\u00e9",  "big": 12345678901234567890.10}"#));
}

#[tokio::test]
async fn every_field_that_does_not_fit_is_named_at_once() {
    let api = TestApi::new();
    let body = r#"{"id": "x", "priority": 1.5, "data": [1], "status": "queued"}"#;
    let answer = api.post(PUSH, body).await;
    assert_eq!(
        answer.problems(),
        [
            problem("uuid_parsing", "body.id"),
            problem("missing", "body.organisation"),
            problem("int_from_float", "body.priority"),
            problem("dict_type", "body.data"),
            problem("extra_forbidden", "body.status"),
        ]
    );
    let detail = &answer.json()["detail"];
    assert_eq!(detail[1]["input"]["priority"], 1.5);
    assert_eq!(
        detail[4]["msg"],
        "Extra inputs are not permitted, known are id, scheduler_id, organisation, priority, data, \
         not_before"
    );
}

#[tokio::test]
async fn bodies_that_are_no_object_are_refused_by_kind() {
    let api = TestApi::new();
    for (body, kind, place) in [
        ("", "missing", "body"),
        ("null", "missing", "body"),
        ("[]", "model_attributes_type", "body"),
        ("\"x\"", "model_attributes_type", "body"),
        ("{\"a\":", "json_invalid", "body.5"),
        ("{\n\"a\" 1}", "json_invalid", "body.6"),
    ] {
        assert_eq!(api.post(PUSH, body).await.problems(), [problem(kind, place)], "{body}");
    }
}

#[tokio::test]
async fn nesting_has_an_end() {
    let api = TestApi::new();
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let body = format!(r#"{{"organisation": "acme", "data": {{"target": {deep}}}}}"#);
    assert_eq!(api.post(PUSH, &body).await.problems(), [problem("too_deep", "body.data")]);
}

#[tokio::test]
async fn the_same_work_twice_is_a_conflict_that_says_when_to_come_back() {
    let api = TestApi::new();
    api.post(PUSH, &body("a")).await;
    let answer = api.post(PUSH, &body("a")).await;
    assert_eq!((answer.status, answer.header("retry-after")), (409, "60"));
    assert_eq!(
        answer.detail(),
        "Conflict error occurred: queue is not allowed to push items: a task with hash `hash of a` \
         is queued already, as `00000000-0000-0000-0000-000000000000`; hint: wait for it, or cancel it"
    );
}

#[tokio::test]
async fn a_full_queue_and_data_that_does_not_fit_are_told_apart() {
    let api = TestApi::new();
    let answer = api.post(PUSH, r#"{"organisation": "acme", "data": {}}"#).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.detail(),
        "Bad request error occurred: malformed item: data does not fit the schema of `jobs` at \
         `/target`: it is missing"
    );
    for target in ["a", "b", "c", "d", "e"] {
        assert_eq!(api.post(PUSH, &body(target)).await.status, 201);
    }
    let answer = api.post(PUSH, &body("f")).await;
    assert_eq!(answer.status, 429);
    assert!(answer.detail().starts_with("Too many requests: the queue of `jobs` is full with 5"));
}

#[tokio::test]
async fn a_task_for_another_scheduler_is_refused_after_an_unknown_scheduler() {
    let api = TestApi::new();
    let body = r#"{"scheduler_id": "other", "organisation": "acme", "data": {"target": "a"}}"#;
    let answer = api.post(PUSH, body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.detail(),
        "Bad request error occurred: scheduler_id in item does not match the scheduler_id in the \
         path: `other` is not `jobs`; hint: leave it out"
    );
    let answer = api.post("/schedulers/nope/push", body).await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.detail(),
        "Resource not found: Scheduler nope not found; hint: `GET /schedulers` lists them"
    );
}

#[tokio::test]
async fn a_batch_is_answered_item_by_item() {
    let api = TestApi::new();
    let items = json!({ "items": [
        { "organisation": "acme", "data": { "target": "a" } },
        { "organisation": "acme", "data": { "target": "a" } },
        { "organisation": "acme", "data": {} },
    ] });
    let answer = api.post("/schedulers/jobs/push/batch", &items.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let results = &answer.json()["results"];
    let statuses: Vec<_> =
        results.as_array().unwrap().iter().map(|result| result["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(201), Some(409), Some(400)]);
    assert_eq!(results[0]["task"]["hash"], "hash of a");
    assert!(results[1]["detail"].as_str().unwrap().starts_with("Conflict error occurred:"));
}

#[tokio::test]
async fn a_batch_with_a_mistake_or_too_many_items_is_refused_as_a_whole() {
    let api = TestApi::with(|state| state.limits.push_batch_max = 2);
    let good = json!({ "organisation": "acme", "data": { "target": "a" } });
    let uri = "/schedulers/jobs/push/batch";
    let mistake = json!({ "items": [good, { "organisation": "", "data": {} }] });
    let answer = api.post(uri, &mistake.to_string()).await;
    assert_eq!(answer.problems(), [problem("value_error", "body.items.1.organisation")]);
    let long = json!({ "items": [good, good, good] });
    let answer = api.post(uri, &long.to_string()).await;
    assert_eq!(answer.problems(), [problem("too_long", "body.items")]);
    assert_eq!(
        answer.json()["detail"][0]["msg"],
        "List should have at most 2 items, not 3; send it in parts"
    );
    assert!(api.host.tasks.lock().unwrap().is_empty());
}
