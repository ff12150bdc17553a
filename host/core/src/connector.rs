//! Outgoing services that plugins ask by name.

use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;

use crate::plugin::Slot;

/// HTTP methods that plugins may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes, or asks with a body.
    Post,
    /// Replaces.
    Put,
    /// Changes.
    Patch,
    /// Removes.
    Delete,
}

/// A question to a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceRequest {
    /// Name of the service in the configuration.
    pub service: String,
    /// HTTP method.
    pub method: Method,
    /// Path below the address of the service, beginning with `/`.
    pub path: String,
    /// Query, unencoded; a key may be repeated.
    pub query: Vec<(String, String)>,
    /// JSON document to send.
    pub body: Option<String>,
}

/// What a service answered, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceResponse {
    /// HTTP status.
    pub status: u16,
    /// MIME type of the body; empty when the service did not say.
    pub content_type: String,
    /// The body, as it came.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectorError {
    /// No such service is configured.
    #[error(
        "no service `{service}` is configured, there are: {known}; hint: add it as `[[connectors]]`"
    )]
    UnknownService {
        /// The name that was asked for.
        service: String,
        /// Those that are configured, as text.
        known: String,
    },
    /// The question cannot be sent as it is.
    #[error("the question to `{service}` cannot be sent: {why}")]
    BadRequest {
        /// The service.
        service: String,
        /// Why.
        why: String,
    },
    /// It could not be reached, did not answer in time, refused the credentials, or is given a rest.
    #[error("service `{service}` cannot be asked now: {why}")]
    Unavailable {
        /// The service.
        service: String,
        /// Why.
        why: String,
    },
    /// Its answer is too large.
    #[error(
        "the answer of `{service}` has more than {max} bytes; hint: ask for less at a time, or raise `answer_bytes_max` of the service"
    )]
    TooLarge {
        /// The service.
        service: String,
        /// The limit.
        max: u64,
    },
}

/// How a service is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceHealth {
    /// Its name.
    pub service: String,
    /// Whether it answered as it should.
    pub healthy: bool,
    /// What is wrong, if anything is.
    pub reason: Option<String>,
}

/// The configured services.
#[async_trait]
pub trait Connectors: Send + Sync {
    /// Asks a service, on behalf of a plugin in a slot.
    async fn send(
        &self,
        slot: &Slot,
        request: ServiceRequest,
    ) -> Result<ServiceResponse, ConnectorError>;

    /// Asks each service whether it is well, all at a time, none longer than `longest`; in the
    /// order of the configuration.
    async fn health(&self, longest: Duration) -> Vec<ServiceHealth>;
}

/// A host without services.
#[derive(Debug, Clone, Copy)]
pub struct NoConnectors;

#[async_trait]
impl Connectors for NoConnectors {
    async fn send(
        &self,
        _slot: &Slot,
        request: ServiceRequest,
    ) -> Result<ServiceResponse, ConnectorError> {
        Err(ConnectorError::UnknownService { service: request.service, known: "none".to_owned() })
    }

    async fn health(&self, _longest: Duration) -> Vec<ServiceHealth> {
        Vec::new()
    }
}
