//! All services of a host.

use std::{
    collections::HashMap,
    fmt,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::future::join_all;
use hinny_core::{
    connector::{ConnectorError, Connectors, ServiceHealth, ServiceRequest, ServiceResponse},
    plugin::Slot,
};

use crate::{
    config::ServiceConfig,
    health, outcome,
    service::{Service, Unusable},
    target::Base,
};

/// All services of a host, over HTTP.
pub struct HttpConnectors {
    /// In the order of the configuration.
    services: Vec<Service>,
    places: HashMap<String, usize>,
}

/// A service that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// Its address cannot be used.
    #[error(
        "`url` of service `{service}` cannot be used: {why}; hint: write one such as `https://store.example/api`"
    )]
    Address {
        /// Which.
        service: String,
        /// Why.
        why: String,
    },
    /// The HTTP client cannot be made.
    #[error("service `{service}` cannot be asked over HTTP")]
    Client {
        /// Which.
        service: String,
        /// Why.
        source: reqwest::Error,
    },
}

impl HttpConnectors {
    /// Sets services up; nothing is asked yet. `version` is that of the host, for the services.
    pub fn new(services: Vec<ServiceConfig>, version: &str) -> Result<Self, SetupError> {
        // Fails when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        outcome::describe();
        let user_agent = format!("hinny/{version}");
        let services = services
            .into_iter()
            .map(|config| {
                let service = config.name.clone();
                Service::new(config, &user_agent).map_err(|unusable| match unusable {
                    Unusable::Address(why) => SetupError::Address { service, why },
                    Unusable::Client(source) => SetupError::Client { service, source },
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let places = services.iter().enumerate();
        let places = places.map(|(place, service)| (service.name.clone(), place)).collect();
        Ok(Self { services, places })
    }

    /// Whether an address can be that of a service; if not, why.
    pub fn check_address(url: &str) -> Result<(), String> {
        Base::parse(url).map(drop)
    }

    fn find(&self, name: &str) -> Result<&Service, ConnectorError> {
        let service = self.places.get(name).and_then(|place| self.services.get(*place));
        service.ok_or_else(|| {
            let known: Vec<_> =
                self.services.iter().map(|service| format!("`{}`", service.name)).collect();
            ConnectorError::UnknownService {
                service: name.chars().take(64).flat_map(char::escape_debug).collect(),
                known: if known.is_empty() { "none".to_owned() } else { known.join(", ") },
            }
        })
    }
}

#[async_trait]
impl Connectors for HttpConnectors {
    async fn send(
        &self,
        slot: &Slot,
        request: ServiceRequest,
    ) -> Result<ServiceResponse, ConnectorError> {
        // Not counted: any name can be asked for, and each would be a label.
        let service = self.find(&request.service)?;
        let started = Instant::now();
        let answer = service.send(request).await;
        outcome::record(&service.name, slot, started.elapsed(), &answer);
        answer
    }

    async fn health(&self, longest: Duration) -> Vec<ServiceHealth> {
        join_all(self.services.iter().map(|service| health::of(service, longest))).await
    }
}

impl fmt::Debug for HttpConnectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.services.iter().map(|service| &service.name).collect();
        f.debug_struct("HttpConnectors").field("services", &names).finish_non_exhaustive()
    }
}
