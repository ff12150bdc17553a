//! Services: one that is well, and one that is not.

use std::time::Duration;

use async_trait::async_trait;
use hinny_core::{
    connector::{ConnectorError, Connectors, ServiceHealth, ServiceRequest, ServiceResponse},
    plugin::Slot,
};

use super::FakeHost;

#[async_trait]
impl Connectors for FakeHost {
    async fn send(
        &self,
        _slot: &Slot,
        request: ServiceRequest,
    ) -> Result<ServiceResponse, ConnectorError> {
        // Only plugins ask, never the API.
        Err(ConnectorError::UnknownService { service: request.service, known: "none".to_owned() })
    }

    async fn health(&self, _longest: Duration) -> Vec<ServiceHealth> {
        let of = |service: &str, reason: Option<&str>| ServiceHealth {
            service: service.to_owned(),
            healthy: reason.is_none(),
            reason: reason.map(str::to_owned),
        };
        vec![of("catalogue", None), of("stock", Some("it cannot be reached"))]
    }
}
