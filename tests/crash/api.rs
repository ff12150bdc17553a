//! Talks to a host that may not be there any more.

use std::time::Duration;

use serde_json::Value;
use ureq::{Agent, http::Request};

/// A connection to a host. Each thread has its own.
pub(crate) struct Api {
    agent: Agent,
    url: String,
}

/// Status code and body of an answer.
pub(crate) type Answer = (u16, Value);

impl Api {
    pub(crate) fn new(url: &str) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self { agent: agent.into(), url: url.to_owned() }
    }

    /// `None` when there was no answer, or half of one.
    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> Option<Answer> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("content-type", "application/json");
        let mut response = match body {
            Value::Null => self.agent.run(request.body(()).unwrap()).ok()?,
            body => self.agent.run(request.body(body.to_string()).unwrap()).ok()?,
        };
        let text = response.body_mut().with_config().limit(64 << 20).read_to_string().ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Some((response.status().as_u16(), body))
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Option<Answer> {
        self.send("POST", path, body)
    }

    /// Asks a host that is up for something that is there.
    pub(crate) fn get(&self, path: &str) -> Value {
        let (status, body) = self.send("GET", path, &Value::Null).expect("the host is up");
        assert_eq!(status, 200, "GET {path}: {body}");
        body
    }
}
