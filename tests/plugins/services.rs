//! A service in memory, for plugins that ask one, and what it was asked.

use std::{future::pending, sync::Mutex, time::Duration};

use async_trait::async_trait;
use hinny_core::{
    connector::{ConnectorError, Connectors, ServiceHealth, ServiceRequest, ServiceResponse},
    plugin::Slot,
};

/// The one service that plugins of tests are granted.
pub(crate) const STORE: &str = "store";

/// Answers each question with its path; paths below `/silent` never.
#[derive(Default)]
pub(crate) struct Store(Mutex<Vec<(Slot, ServiceRequest)>>);

impl Store {
    /// Who asked what, in the order of arrival.
    pub(crate) fn asked(&self) -> Vec<(Slot, ServiceRequest)> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Connectors for Store {
    async fn send(
        &self,
        slot: &Slot,
        request: ServiceRequest,
    ) -> Result<ServiceResponse, ConnectorError> {
        self.0.lock().unwrap().push((slot.clone(), request.clone()));
        if request.path.starts_with("/silent") {
            return pending().await;
        }
        if request.path.contains("..") {
            let why = "the path leads elsewhere".to_owned();
            return Err(ConnectorError::BadRequest { service: request.service, why });
        }
        let body = format!("{:?}", request.path).into_bytes();
        Ok(ServiceResponse { status: 200, content_type: "application/json".to_owned(), body })
    }

    async fn health(&self, _longest: Duration) -> Vec<ServiceHealth> {
        Vec::new()
    }
}
