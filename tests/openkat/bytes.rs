//! Bytes, as far as the scheduler asks it: with a log-in, whose tokens end.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Form, Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header::AUTHORIZATION},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};

use super::stand_in::StandIn;

pub(crate) const USERNAME: &str = "bytes";
pub(crate) const PASSWORD: &str = "secret";

/// Bytes.
pub(crate) struct Bytes {
    pub(crate) service: StandIn,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The token that is good now; a new one with each log-in, so that the old ones end.
    token: AtomicU64,
    /// The last run by boefje, object and organisation.
    runs: Mutex<BTreeMap<[String; 3], Value>>,
}

impl Bytes {
    pub(crate) async fn start() -> Self {
        let inner = Arc::new(Inner { token: AtomicU64::new(1), ..Inner::default() });
        let router = Router::new()
            .route("/health", get(async || Json(json!({"service": "bytes", "healthy": true}))))
            .route("/token", post(log_in))
            .route("/bytes/boefje_meta", get(boefje_meta))
            .with_state(Arc::clone(&inner));
        Self { service: StandIn::start(router).await, inner }
    }

    /// A run that has ended, with moments as Bytes writes them.
    pub(crate) fn run(&self, [boefje, object, organisation]: [&str; 3], ended_at: &str) {
        let run = json!({
            "id": "9b83a6ad-730d-4104-b230-2a5a73956e56", "started_at": ended_at,
            "ended_at": ended_at, "boefje": {"id": boefje, "version": null}, "input_ooi": object,
            "arguments": {}, "organization": organisation, "runnable_hash": "abc",
            "environment": {},
        });
        let key = [boefje, object, organisation].map(str::to_owned);
        self.inner.runs.lock().unwrap().insert(key, run);
    }

    /// Ends all tokens.
    pub(crate) fn end_tokens(&self) {
        self.inner.token.fetch_add(1, Ordering::SeqCst);
    }

    /// How often somebody logged in.
    pub(crate) fn log_ins(&self) -> usize {
        self.service.asked().iter().filter(|path| *path == "/token").count()
    }
}

async fn log_in(
    State(inner): State<Arc<Inner>>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let given = |name: &str| form.get(name).map(String::as_str);
    if given("username") != Some(USERNAME) || given("password") != Some(PASSWORD) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let token = inner.token.fetch_add(1, Ordering::SeqCst) + 1;
    let answer = json!({"access_token": token.to_string(), "token_type": "bearer",
                        "expires_at": "2030-01-01T00:00:00.000000+00:00"});
    Json(answer).into_response()
}

async fn boefje_meta(
    State(inner): State<Arc<Inner>>,
    headers: HeaderMap,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Response {
    let good = format!("Bearer {}", inner.token.load(Ordering::SeqCst));
    let given = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !given.is_some_and(|given| given.eq_ignore_ascii_case(&good)) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"detail": "Not authenticated"})))
            .into_response();
    }
    let asked = |name: &str| {
        pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap()
    };
    let key = ["boefje_id", "input_ooi", "organization"].map(asked);
    let runs = inner.runs.lock().unwrap();
    Json(runs.get(&key).cloned().into_iter().collect::<Value>()).into_response()
}
