//! Messages on their way to scheduler plugins.

use axum::{body::Body, http::Request};

use super::{TestApi, problem, request};

fn raw(uri: &str, content_type: &str, body: &str) -> Request<Body> {
    let builder = request("POST", uri).header("content-type", content_type);
    builder.body(Body::from(body.to_owned())).unwrap()
}

#[tokio::test]
async fn any_body_is_one_message_with_its_type_id_and_attributes() {
    let api = TestApi::new();
    let sent = request("POST", "/events/hosts")
        .header("content-type", "text/csv")
        .header("x-event-id", "00000000000000000000000000000007")
        .header("x-attribute-origin", "scan")
        .header("authorization", "Bearer secret")
        .body(Body::from("a,b"))
        .unwrap();
    let answer = api.send(sent).await;
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (
            200,
            r#"{"event_id":"00000000-0000-0000-0000-000000000007","outcomes":[{"scheduler_id":"jobs","outcome":"handled","pushed":1,"duplicates":0,"cancelled":0}]}"#
        )
    );
    let messages = api.host.messages.lock().unwrap();
    assert_eq!(
        (messages[0].content_type.as_str(), messages[0].body.as_slice()),
        ("text/csv", &b"a,b"[..])
    );
    assert_eq!(messages[0].attributes, [("origin".to_owned(), "scan".to_owned())]);
}

#[tokio::test]
async fn a_message_that_is_kept_is_accepted_and_one_that_is_done_is_ok() {
    let api = TestApi::new();
    for (body, status, outcome) in [
        ("\"wait\"", 202, "waiting"),
        ("\"bad\"", 202, "quarantined"),
        ("\"again\"", 200, "repeated"),
        ("\"go\"", 200, "handled"),
    ] {
        let answer = api.post("/events/hosts", body).await;
        assert_eq!(
            (answer.status, &answer.json()["outcomes"][0]["outcome"]),
            (status, &outcome.into())
        );
    }
}

#[tokio::test]
async fn a_message_that_no_scheduler_wants_is_not_swallowed() {
    let api = TestApi::new();
    let answer = api.post("/events/ho%0Ast", "1").await;
    assert_eq!(answer.status, 404);
    assert!(
        answer
            .detail()
            .starts_with("Resource not found: no scheduler wants messages of source `ho\\nst`")
    );
}

#[tokio::test]
async fn an_event_id_that_is_none_is_refused() {
    let api = TestApi::new();
    let sent = request("POST", "/events/hosts").header("x-event-id", "7").body(Body::empty());
    let answer = api.send(sent.unwrap()).await;
    assert_eq!(answer.problems(), [problem("uuid_parsing", "header.x-event-id")]);
}

#[tokio::test]
async fn a_batch_comes_as_lines() {
    let api = TestApi::new();
    let body = "{\"a\": 1}\n\n\"wait\"\r\n";
    let answer =
        api.send(raw("/events/hosts/batch", "application/x-ndjson; charset=utf-8", body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["results"][1]["outcomes"][0]["outcome"], "waiting");
    let messages = api.host.messages.lock().unwrap();
    assert_eq!((messages.len(), messages[0].body.as_slice()), (2, &b"{\"a\": 1}"[..]));
    assert_eq!(messages[0].content_type, "application/json");
}

#[tokio::test]
async fn a_batch_comes_as_one_document() {
    let api = TestApi::new();
    let body = r#"{"messages": [{"id": "00000000-0000-0000-0000-000000000007", "body": [1, 2], "attributes": {"k": "v"}}, {"body": null}]}"#;
    let answer = api.post("/events/hosts/batch", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let messages = api.host.messages.lock().unwrap();
    assert_eq!(
        (messages[0].body.as_slice(), messages[1].body.as_slice()),
        (&b"[1, 2]"[..], &b"null"[..])
    );
    assert_eq!(messages[0].attributes, [("k".to_owned(), "v".to_owned())]);
}

#[tokio::test]
async fn a_batch_with_a_mistake_is_refused_as_a_whole() {
    let api = TestApi::with(|state| state.limits.event_batch_max = 2);
    let uri = "/events/hosts/batch";
    let lines = |body: &str| raw(uri, "application/x-ndjson", body);
    let answer = api.send(lines("1\n{\n")).await;
    assert_eq!(answer.problems(), [problem("json_invalid", "body.1")]);
    let answer = api.send(lines("1\n2\n3\n")).await;
    assert_eq!(answer.problems(), [problem("too_long", "body.messages")]);
    let answer = api.post(uri, r#"{"messages": [{"payload": 1, "attributes": {"k": 1}}]}"#).await;
    assert_eq!(
        answer.problems(),
        [
            problem("missing", "body.messages.0.body"),
            problem("string_type", "body.messages.0.attributes.k"),
            problem("extra_forbidden", "body.messages.0.payload"),
        ]
    );
    assert!(api.host.messages.lock().unwrap().is_empty());
}

const DRY_RUN: &str = "/schedulers/jobs/dry-run";

#[tokio::test]
async fn a_dry_run_tells_what_a_message_would_do() {
    let api = TestApi::new();
    let answer = api.post(&format!("{DRY_RUN}?source=orders"), "hello").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let would = answer.json();
    assert_eq!(would["outcome"], "would-do");
    assert_eq!(would["cancels"].as_array().unwrap().len(), 1);
    assert_eq!(would["state"][0], serde_json::json!({"key": "seen", "bytes": null}));
    assert_eq!(would["messages"][0]["body"], "hello");
    let answer = api.post(&format!("{DRY_RUN}?source=other"), "").await.json();
    assert_eq!(answer["outcome"], "unwanted");
    let answer = api.post(&format!("{DRY_RUN}?tick_ms=1000"), "").await.json();
    assert_eq!((&answer["outcome"], &answer["reason"]), (&"rejected".into(), &"a tick".into()));
}

#[tokio::test]
async fn a_dry_run_needs_one_trigger_that_exists() {
    let api = TestApi::new();
    for query in ["", "?tick_ms=1&source=orders"] {
        let answer = api.post(&format!("{DRY_RUN}{query}"), "").await;
        assert_eq!(answer.problems(), [problem("value_error", "query")], "{query}");
    }
    let nobody = uuid::Uuid::nil();
    for field in ["event_id", "schedule_id", "task_id"] {
        let answer = api.post(&format!("{DRY_RUN}?{field}={nobody}"), "").await;
        assert_eq!(answer.status, 404, "{field}: {}", answer.text);
    }
    assert_eq!(api.post("/schedulers/nope/dry-run?tick_ms=1", "").await.status, 404);
}
