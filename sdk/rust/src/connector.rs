//! Services that the operator configured, asked by name.
//!
//! Address, credentials, time-outs, retries and caches stay in the host; a plugin says only which
//! service, which path and what. The operator must grant it the service.
//!
//! ```
//! use hinny_plugin::{connector, scheduler::Failure};
//! # use hinny_plugin::testing::FakeHost;
//! # use hinny_plugin::connector::Response;
//! # FakeHost::reset();
//! # FakeHost::answer("catalogue", |_| Ok(Response::new(200, r#"{"items": []}"#)));
//!
//! # fn look(team: &str) -> Result<(), Failure> {
//! let path = format!("/v1/teams/{}/items", connector::segment(team));
//! let answer = connector::get("catalogue", path).query("limit", 1).send()?.success()?;
//! hinny_plugin::info!("{}", answer.text()?);
//! # Ok(())
//! # }
//! # look("red & blue").unwrap();
//! # assert_eq!(FakeHost::requests()[0].path, "/v1/teams/red%20%26%20blue/items");
//! ```
//!
//! Every error becomes a [`Failure`] with `?`: later, where that may help.

use std::fmt::Write as _;

pub use self::response::Response;
pub use crate::bindings::scheduler::hinny::plugin::connector::{ConnectorError, Method, Request};
use crate::scheduler::Failure;

mod response;

/// How much later a trigger is tried again when a service cannot be asked, in milliseconds.
const RETRY_MS: u64 = 1000;

/// Reads.
pub fn get(service: impl Into<String>, path: impl Into<String>) -> Request {
    Request::new(Method::Get, service, path)
}

/// Makes, or asks with a body.
pub fn post(service: impl Into<String>, path: impl Into<String>) -> Request {
    Request::new(Method::Post, service, path)
}

/// Replaces.
pub fn put(service: impl Into<String>, path: impl Into<String>) -> Request {
    Request::new(Method::Put, service, path)
}

/// Changes.
pub fn patch(service: impl Into<String>, path: impl Into<String>) -> Request {
    Request::new(Method::Patch, service, path)
}

/// Removes.
pub fn delete(service: impl Into<String>, path: impl Into<String>) -> Request {
    Request::new(Method::Delete, service, path)
}

/// Asks many at a time, as far as the services allow; answers in the same order.
pub fn send_all(requests: &[Request]) -> Vec<Result<Response, ConnectorError>> {
    let asked: Vec<String> = requests.iter().map(Request::title).collect();
    #[cfg(target_arch = "wasm32")]
    let answers = crate::bindings::scheduler::hinny::plugin::connector::send_all(requests);
    #[cfg(not(target_arch = "wasm32"))]
    let answers = crate::testing::FakeHost::send_all(requests);
    let answers = asked.into_iter().zip(answers);
    answers.map(|(asked, answer)| answer.map(|wire| Response::from_wire(asked, wire))).collect()
}

/// Text as one segment of a path: whatever is not a letter, a digit, `-`, `.`, `_` or `~` is
/// percent-encoded.
pub fn segment(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

impl Request {
    /// A question to a service. The path begins with `/`; text of unknown content goes through
    /// [`segment`].
    pub fn new(method: Method, service: impl Into<String>, path: impl Into<String>) -> Self {
        let (service, path) = (service.into(), path.into());
        Self { service, method, path, query: Vec::new(), body: None }
    }

    /// Adds a key and a value to the query, unencoded. A key may be repeated.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "numbers and flags are written in place")]
    pub fn query(mut self, key: impl Into<String>, value: impl ToString) -> Self {
        self.query.push((key.into(), value.to_string()));
        self
    }

    /// Adds a key once for each value.
    #[must_use]
    pub fn query_each<V: ToString>(self, key: &str, values: impl IntoIterator<Item = V>) -> Self {
        values.into_iter().fold(self, |request, value| request.query(key, value))
    }

    /// With a body: a JSON document.
    #[must_use]
    pub fn body(mut self, json: impl Into<String>) -> Self {
        self.body = Some(json.into());
        self
    }

    /// With a body: a value, as JSON.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize>(self, value: &T) -> Result<Self, ConnectorError> {
        let body = serde_json::to_string(value).map_err(|error| {
            ConnectorError::BadRequest(format!("the body of `{}`: {error}", self.title()))
        })?;
        Ok(self.body(body))
    }

    /// Asks. Any status is an answer: see [`Response::success`] and [`Response::found`].
    pub fn send(self) -> Result<Response, ConnectorError> {
        let asked = self.title();
        #[cfg(target_arch = "wasm32")]
        let answer = crate::bindings::scheduler::hinny::plugin::connector::send(&self);
        #[cfg(not(target_arch = "wasm32"))]
        let answer = crate::testing::FakeHost::send(&self);
        answer.map(|wire| Response::from_wire(asked, wire))
    }

    fn title(&self) -> String {
        format!("{} {}{}", self.method.as_str(), self.service, self.path)
    }
}

impl Method {
    /// As HTTP writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What to do about a trigger when a service does not answer as it should: later, if that may help.
impl From<ConnectorError> for Failure {
    fn from(error: ConnectorError) -> Self {
        match error {
            ConnectorError::BadRequest(why) | ConnectorError::TooLarge(why) => Self::reject(why),
            ConnectorError::UnknownService(why)
            | ConnectorError::Unavailable(why)
            | ConnectorError::Other(why) => Self::retry_after(RETRY_MS, why),
        }
    }
}
