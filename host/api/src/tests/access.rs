//! Tokens and roles, through the whole router.

use axum::body::Body;

use super::{Answer, TestApi, fakes::task, request};
use crate::{Access, AccessToken, Role};

fn with_tokens() -> TestApi {
    let tokens =
        Role::ALL.map(|role| AccessToken::from_secret(&format!("my-{role}"), role, role.as_str()));
    let api = TestApi::with(|state| state.access = Access::Tokens(tokens.into()));
    api.host.tasks.lock().unwrap().push(task(1, "{}"));
    api
}

async fn ask(api: &TestApi, token: &str, method: &str, uri: &str, body: &'static str) -> Answer {
    let sent = request(method, uri).header("authorization", format!("Bearer {token}"));
    api.send(sent.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn without_a_token_only_health_is_open() {
    let api = with_tokens();
    for uri in ["/health", "/health/ready", "/health/live"] {
        assert!(api.get(uri).await.status < 300, "{uri}");
    }
    for uri in ["/", "/metrics", "/docs", "/docs/", "/openapi.json", "/schedulers", "/tasks"] {
        let answer = api.get(uri).await;
        assert_eq!(answer.status, 401, "{uri}");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"hinny\"");
    }
    assert_eq!(api.get("/nope").await.status, 404);
}

#[tokio::test]
async fn a_worker_pops_and_reports_and_is_known_by_its_token() {
    let api = with_tokens();
    let pop = ask(&api, "worker", "POST", "/schedulers/jobs/pop", "").await;
    assert_eq!(pop.status, 200);
    assert_eq!(api.host.pops.lock().unwrap()[0].worker.as_deref(), Some("my-worker"));
    let uri = "/tasks/00000000-0000-0000-0000-000000000001";
    assert_eq!(ask(&api, "worker", "GET", uri, "").await.status, 200);
    let patched = ask(&api, "worker", "PATCH", uri, r#"{"status": "running"}"#).await;
    assert_eq!(patched.status, 200, "{}", patched.text);
    assert_eq!(api.host.changes.lock().unwrap()[0].worker.as_deref(), Some("my-worker"));
}

#[tokio::test]
async fn a_worker_opens_nothing_else() {
    let api = with_tokens();
    for (method, uri) in [
        ("GET", "/tasks"),
        ("POST", "/schedulers/jobs/cancel"),
        ("POST", "/events/hosts"),
        ("POST", "/plugins"),
        ("GET", "/plugins"),
        ("POST", "/slots/jobs/ranker/activate"),
    ] {
        let answer = ask(&api, "worker", method, uri, "{}").await;
        assert_eq!(answer.status, 403, "{method} {uri}");
        assert!(answer.detail().starts_with("Forbidden: token `my-worker` has role worker"));
    }
}

#[tokio::test]
async fn what_a_publisher_brings_in_carries_its_name() {
    let api = with_tokens();
    let answer = ask(&api, "operator", "POST", "/plugins", "good").await;
    assert!(
        answer
            .detail()
            .ends_with("POST /plugins needs publisher; hint: use a token with that role")
    );
    let version = ask(&api, "publisher", "POST", "/plugins", "good").await.json();
    assert_eq!(version["uploaded_by"], "my-publisher");
}
