//! What a service answered.

use super::ConnectorError;
use crate::bindings::scheduler::hinny::plugin::connector::Response as Wire;

/// How much of a body is shown in an error, in characters.
const SHOWN_CHARACTERS: usize = 200;

/// What a service answered, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// MIME type of the body; empty when the service did not say.
    pub content_type: String,
    /// The body, as it came.
    pub body: Vec<u8>,
    /// What was asked, for errors.
    asked: String,
}

impl Response {
    /// An answer of a service in a test: JSON, unless another `content_type` is set.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let content_type = "application/json".to_owned();
        Self { status, content_type, body: body.into(), asked: "a test".to_owned() }
    }

    /// The answer, if its status is 2xx.
    pub fn success(self) -> Result<Self, ConnectorError> {
        if (200..300).contains(&self.status) { Ok(self) } else { Err(self.refused()) }
    }

    /// The answer, if its status is 2xx; none if it is 404.
    pub fn found(self) -> Result<Option<Self>, ConnectorError> {
        if self.status == 404 { Ok(None) } else { self.success().map(Some) }
    }

    /// The body as text.
    pub fn text(&self) -> Result<&str, ConnectorError> {
        std::str::from_utf8(&self.body).map_err(|_| self.unexpected("the body is not UTF-8"))
    }

    /// The body, typed. What does not fit is a fault of the service: the text says what, and in
    /// which line and column.
    #[cfg(feature = "json")]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, ConnectorError> {
        serde_json::from_slice(&self.body).map_err(|error| self.unexpected(&error.to_string()))
    }

    pub(super) fn from_wire(asked: String, wire: Wire) -> Self {
        let Wire { status, content_type, body } = wire;
        Self { status, content_type, body, asked }
    }

    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn into_wire(self) -> Wire {
        Wire { status: self.status, content_type: self.content_type, body: self.body }
    }

    fn unexpected(&self, why: &str) -> ConnectorError {
        ConnectorError::Other(format!("`{}` answered not as expected: {why}", self.asked))
    }

    fn refused(&self) -> ConnectorError {
        let said = String::from_utf8_lossy(&self.body);
        let shown: String = said.trim().chars().take(SHOWN_CHARACTERS).collect();
        let shown = shown.escape_debug();
        ConnectorError::Other(format!("`{}` answered {}: {shown}", self.asked, self.status))
    }
}
