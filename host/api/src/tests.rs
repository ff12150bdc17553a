//! Requests from outside, answered through the whole router with small fakes behind it.

mod access;
mod clients;
mod decisions;
mod description;
mod events;
mod fakes;
mod http;
mod plugins;
mod pop;
mod push;
mod quarantine;
mod queues;
mod schedules;
mod service;
mod signatures;
mod tasks;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode},
};
use hinny_core::{ManualClock, SchedulerId, id::IdGenerator};
use http_body_util::BodyExt;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use tower::ServiceExt;

use crate::{Access, ApiLimits, ApiState, ServiceInfo};
use fakes::FakeHost;

/// What time it is in every test.
const NOW: &str = "2026-11-24T01:30:00Z";

/// The API with fakes behind it.
struct TestApi {
    host: Arc<FakeHost>,
    router: Router,
}

/// What was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl TestApi {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut ApiState)) -> Self {
        let clock = Arc::new(ManualClock::at(NOW.parse().unwrap()));
        let host = Arc::new(FakeHost::default());
        let mut state = ApiState {
            queues: Arc::<FakeHost>::clone(&host),
            events: Arc::<FakeHost>::clone(&host),
            store: Arc::<FakeHost>::clone(&host),
            plugins: Arc::<FakeHost>::clone(&host),
            decisions: Arc::<FakeHost>::clone(&host),
            connectors: Arc::<FakeHost>::clone(&host),
            parts: Vec::new(),
            clock,
            ids: Arc::new(IdGenerator::default()),
            access: Access::Open,
            limits: ApiLimits::default(),
            info_labels: std::collections::BTreeMap::new(),
            metrics: PrometheusBuilder::new().build_recorder().handle(),
            info: ServiceInfo { service: "scheduler".to_owned(), version: "0.1.0".to_owned() },
            schedules: std::collections::BTreeMap::new(),
        };
        change(&mut state);
        Self { router: crate::router(state), host }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    async fn get(&self, uri: &str) -> Answer {
        self.send(request("GET", uri).body(Body::empty()).unwrap()).await
    }

    async fn call(&self, method: &str, uri: &str, body: &str) -> Answer {
        let request = request(method, uri).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn post(&self, uri: &str, body: &str) -> Answer {
        self.call("POST", uri, body).await
    }
}

fn request(method: &str, uri: &str) -> axum::http::request::Builder {
    Request::builder().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(uri)
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    /// The one sentence of an error.
    fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or(&self.text).to_owned()
    }

    /// Rule and place of each field that does not fit.
    fn problems(&self) -> Vec<(String, String)> {
        assert_eq!(self.status, StatusCode::UNPROCESSABLE_ENTITY.as_u16(), "{}", self.text);
        let detail = self.json()["detail"].as_array().unwrap().clone();
        let steps = |problem: &Value| -> String {
            let loc = problem["loc"].as_array().unwrap().clone();
            loc.iter().map(|step| step.to_string().replace('"', "")).collect::<Vec<_>>().join(".")
        };
        detail
            .iter()
            .map(|problem| (problem["type"].as_str().unwrap().to_owned(), steps(problem)))
            .collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn problem(kind: &str, place: &str) -> (String, String) {
    (kind.to_owned(), place.to_owned())
}

fn jobs() -> SchedulerId {
    SchedulerId::new("jobs").unwrap()
}
