//! What HTTP leaves open, and clients rely on.

use std::{convert::Infallible, time::Duration};

use axum::body::{Body, Bytes};
use futures::stream;

use super::{TestApi, problem, request};

const PUSH: &str = "/schedulers/jobs/push";
const TASK: &str = r#"{"organisation": "acme", "data": {"target": "a"}}"#;

#[tokio::test]
async fn json_is_taken_without_a_content_type_and_with_any_that_means_json() {
    for content_type in [
        None,
        Some("application/json"),
        Some("Application/JSON; charset=utf-8"),
        Some("application/vnd.acme.v1+json"),
    ] {
        let mut sent = request("POST", PUSH);
        if let Some(content_type) = content_type {
            sent = sent.header("content-type", content_type);
        }
        let answer = TestApi::new().send(sent.body(Body::from(TASK)).unwrap()).await;
        assert_eq!(answer.status, 201, "{content_type:?}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_body_that_says_it_is_not_json_is_refused() {
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "text/json", "json"] {
        let sent = request("POST", PUSH).header("content-type", content_type);
        let answer = TestApi::new().send(sent.body(Body::from(TASK)).unwrap()).await;
        assert_eq!(answer.problems(), [problem("content_type", "body")]);
        assert_eq!(answer.json()["detail"][0]["input"], content_type);
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read() {
    let api = TestApi::with(|state| state.limits.body_bytes_max = 20);
    let sent = request("POST", PUSH).header("content-length", "49").body(Body::from(TASK));
    let answer = api.send(sent.unwrap()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(
        answer.detail(),
        "Payload too large: the body has 49 bytes, the limit is 20 bytes; hint: send less at a \
         time, or raise `body_bytes_max` or `batch_bytes_max` of `[api]`"
    );
    let answer = api.post(PUSH, TASK).await;
    assert!(answer.detail().contains("the body has more than 20 bytes"));
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_given_up() {
    let api = TestApi::with(|state| state.limits.body_time_max = Duration::from_millis(1));
    let stalled = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let answer = api.send(request("POST", PUSH).body(stalled).unwrap()).await;
    assert_eq!(answer.status, 408);
    assert!(answer.detail().starts_with("Request Timeout: the body did not arrive within 0.001 s"));
}

#[tokio::test]
async fn a_path_with_a_slash_too_many_leads_to_the_one_without() {
    let api = TestApi::new();
    for (uri, location) in [
        ("/tasks/", "/tasks"),
        ("/tasks/?limit=1", "/tasks?limit=1"),
        ("/schedulers/jobs/pop/", "/schedulers/jobs/pop"),
    ] {
        let answer = api.get(uri).await;
        assert_eq!((answer.status, answer.header("location")), (307, location));
    }
}

#[tokio::test]
async fn an_unknown_path_is_not_found_and_never_leads_elsewhere() {
    let api = TestApi::new();
    for uri in ["/nope", "/queue", "/nope/", "//evil.example/", "/tasks/1/2/3", "/openapi"] {
        let answer = api.get(uri).await;
        assert_eq!(
            (answer.status, answer.text.as_str()),
            (404, r#"{"detail":"Not Found"}"#),
            "{uri}"
        );
    }
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_named_with_those_it_has() {
    let api = TestApi::new();
    for (method, uri, allow) in [
        ("GET", "/schedulers/jobs/pop", "POST"),
        ("PUT", "/tasks/00000000-0000-0000-0000-000000000001", "GET, PATCH"),
        ("HEAD", "/tasks", "GET, POST"),
        ("OPTIONS", "/tasks", "GET, POST"),
        ("DELETE", "/", "GET"),
        ("BREW", "/health", "GET"),
    ] {
        let answer = api.call(method, uri, "").await;
        assert_eq!((answer.status, answer.header("allow")), (405, allow), "{method} {uri}");
        let text = if method == "HEAD" { "" } else { r#"{"detail":"Method Not Allowed"}"# };
        assert_eq!(answer.text, text, "{method} {uri}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_text_is_refused() {
    let answer = TestApi::new().get("/schedulers/%FF").await;
    assert_eq!(answer.status, 400);
    assert!(answer.detail().starts_with("Bad request error occurred: the path cannot be read"));
}

#[tokio::test]
async fn long_values_are_cut_in_answers() {
    let body = format!(r#"{{"organisation": 1, "data": {{"target": "{}"}}}}"#, "x".repeat(5000));
    let answer = TestApi::new().post(PUSH, &format!("{{\"a\": {body}}}")).await;
    assert!(answer.text.len() < 5000, "{} bytes", answer.text.len());
}
