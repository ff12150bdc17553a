//! Talks to a host over REST.

use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Value;
use ureq::{Agent, http};

/// Longer than any long poll of a chore.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Most bytes that an answer has.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// A connection to a host. Each thread has its own.
pub(crate) struct Api {
    agent: Agent,
    url: String,
}

/// What the host answered.
pub(crate) struct Answer {
    /// Status code.
    pub(crate) status: u16,
    /// Body: JSON, else the text of it.
    pub(crate) body: Value,
}

impl Api {
    /// For the host at `http://HOST:PORT`.
    pub(crate) fn new(url: &str) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .build();
        Self { agent: config.into(), url: url.to_owned() }
    }

    /// Asks for something that must be there.
    pub(crate) fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.send("GET", path, None)?.good(path)
    }

    /// Asks for something to be done; it must be.
    pub(crate) fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.send("POST", path, Some(body))?.good(path)
    }

    /// Uploads bytes; they must be taken.
    pub(crate) fn upload(&self, path: &str, kind: &str, bytes: &[u8]) -> anyhow::Result<Value> {
        let request = http::Request::post(format!("{}{path}", self.url))
            .header("content-type", kind)
            .body(bytes)?;
        self.answer(self.agent.run(request), path)?.good(path)
    }

    /// Sends a request. An error means that there was no answer, not that it was a bad one.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let request = http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        let response = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body.to_string())?)
            }
            None => self.agent.run(request.body(())?),
        };
        self.answer(response, path)
    }

    fn answer(
        &self,
        response: Result<http::Response<ureq::Body>, ureq::Error>,
        path: &str,
    ) -> anyhow::Result<Answer> {
        let mut response = response.with_context(|| format!("no answer to {}{path}", self.url))?;
        let status = response.status().as_u16();
        let text = response
            .body_mut()
            .with_config()
            .limit(ANSWER_BYTES_MAX)
            .read_to_string()
            .with_context(|| format!("half an answer to {}{path}", self.url))?;
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// The body of a good answer.
    pub(crate) fn good(self, path: &str) -> anyhow::Result<Value> {
        if !(200..300).contains(&self.status) {
            bail!("{path} answered {}: {}", self.status, self.body);
        }
        Ok(self.body)
    }
}

/// A place in an answer, as a JSON pointer; null when it is not there.
pub(crate) fn field<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}
