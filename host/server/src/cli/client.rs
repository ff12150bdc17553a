//! The way to a running host: REST, with the token and the address of the arguments.

use std::{future::Future, time::Duration};

use anyhow::Context;
use clap::Args;
use reqwest::{Method, RequestBuilder, StatusCode, Url, header::HeaderMap};
use serde_json::Value;

use super::output::Format;

/// Where the host is, who asks, and how the answer is shown.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ClientArgs {
    /// Address of the host
    #[arg(long, value_name = "URL", env = "HINNY_URL", default_value = "http://127.0.0.1:8080")]
    url: Url,
    #[command(flatten)]
    token: TokenArgs,
    /// How to show the answer
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: Format,
}

/// Who asks a host.
#[derive(Debug, Clone, Args)]
pub(crate) struct TokenArgs {
    /// Token, where the host asks for one
    #[arg(long, env = "HINNY_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

/// A request that the host did not carry out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// It cannot be reached.
    #[error("no hinny answers at {url}; hint: start one with `hinny serve`, or name another {how}")]
    Unreachable {
        /// Where it should be.
        url: String,
        /// How another is named.
        how: &'static str,
        /// Why.
        source: reqwest::Error,
    },
    /// It says no.
    #[error("{}{}", .said, .hint.map(|hint| format!("; hint: {hint}")).unwrap_or_default())]
    Answer {
        /// The status, for callers that expect it.
        status: StatusCode,
        /// What it says.
        said: String,
        /// What to do, where the host does not say it.
        hint: Option<&'static str>,
        /// The whole answer.
        body: Value,
    },
}

/// A connection to a running host.
pub(crate) struct Client {
    http: reqwest::Client,
    url: Url,
    /// How people name the address, for when nobody answers there.
    how: &'static str,
    token: Option<String>,
}

impl ClientArgs {
    /// A connection.
    pub(crate) fn connect(&self) -> anyhow::Result<Client> {
        self.token.connect(self.url.clone(), "with --url or HINNY_URL")
    }
}

impl TokenArgs {
    /// A connection to a host at an address, which people name in some way.
    pub(crate) fn connect(&self, url: Url, how: &'static str) -> anyhow::Result<Client> {
        // Fails when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            // Longer than the longest wait of a pop, and than the verification of a large plugin.
            .timeout(Duration::from_mins(2))
            .user_agent(concat!("hinny/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("the HTTP client cannot be set up")?;
        Ok(Client { http, url, how, token: self.token.clone() })
    }
}

impl Client {
    /// A GET request.
    pub(crate) fn get(&self, path: &[&str]) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// A POST request.
    pub(crate) fn post(&self, path: &[&str]) -> RequestBuilder {
        self.request(Method::POST, path)
    }

    /// A request to a path, given by its segments.
    pub(crate) fn request(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request; the answer is JSON, or text, or null when there is none.
    pub(crate) async fn send(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        Ok(self.send_for_headers(request).await?.1)
    }

    /// The same, with the headers of the answer.
    pub(crate) async fn send_for_headers(
        &self,
        request: RequestBuilder,
    ) -> anyhow::Result<(HeaderMap, Value)> {
        let (url, how) = (&self.url, self.how);
        let unreachable = |source| ClientError::Unreachable { url: url.to_string(), how, source };
        let answer = request.send().await.map_err(unreachable)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let text = answer.text().await.map_err(unreachable)?;
        let body = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        if status.is_success() {
            return Ok((headers, body));
        }
        Err(ClientError::Answer { status, said: said(status, &body), hint: hint(status), body }
            .into())
    }
}

/// What the host says of a failure, in one line per mistake.
fn said(status: StatusCode, body: &Value) -> String {
    match body.get("detail") {
        Some(Value::String(detail)) => detail.clone(),
        Some(Value::Array(mistakes)) if !mistakes.is_empty() => {
            mistakes.iter().map(mistake).collect::<Vec<_>>().join("\n")
        }
        _ => match body {
            Value::String(text) => format!("the host answered {status}: {text}"),
            Value::Null => format!("the host answered {status}"),
            other => format!("the host answered {status}: {other}"),
        },
    }
}

/// One entry of the list that explains a request that does not parse.
fn mistake(entry: &Value) -> String {
    let place: Vec<_> = entry
        .get("loc")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned))
        .collect();
    let what = entry.get("msg").and_then(Value::as_str).unwrap_or("does not fit");
    format!("`{}`: {what}", place.join("."))
}

fn hint(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::UNAUTHORIZED => Some("name a token with --token or HINNY_TOKEN"),
        _ => None,
    }
}

/// Runs a client command.
pub(crate) fn block_on<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime cannot be started")?
        .block_on(command)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_of_mistakes_names_each_place() {
        let body = json!({"detail": [
            {"type": "missing", "loc": ["body", "organisation"], "msg": "Field required"},
            {"type": "int_type", "loc": ["body", "items", 3, "priority"], "msg": "Input should be a valid integer"},
        ]});
        assert_eq!(
            said(StatusCode::UNPROCESSABLE_ENTITY, &body),
            "`body.organisation`: Field required\n`body.items.3.priority`: Input should be a valid integer"
        );
    }

    #[test]
    fn a_scheduler_with_a_slash_stays_one_segment() {
        let args = ClientArgs {
            url: "http://host/base/".parse().unwrap(),
            token: TokenArgs { token: None },
            output: Format::Table,
        };
        let request = args.connect().unwrap().get(&["schedulers", "a/b c"]).build().unwrap();
        assert_eq!(request.url().as_str(), "http://host/base/schedulers/a%2Fb%20c");
    }
}
