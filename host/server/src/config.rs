//! The configuration: defaults < `hinny.toml` < environment < flags.

mod api;
mod connector;
mod database;
mod dispatcher;
mod error;
mod events;
mod layers;
mod log;
mod origin;
mod outline;
mod plugins;
mod print;
mod rabbitmq;
mod reference;
mod references;
mod scheduler;
pub(crate) mod section;
mod stop;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use api::{AccessRule, ApiConfig, Role, TokenConfig};
pub use connector::{AuthKind, ConnectorConfig, LoginKind};
pub use database::{DatabaseConfig, DatabasePlace};
pub use dispatcher::DispatcherConfig;
pub use error::{ConfigError, InvalidValue};
pub use events::EventsConfig;
pub use layers::{Flag, Loaded, Sources};
pub use log::{LogConfig, LogFormat};
pub use origin::{Origin, Origins};
pub use plugins::{DecisionsConfig, PluginsConfig, TrustedKeyConfig};
pub use rabbitmq::{RabbitmqConfig, RabbitmqQueueConfig};
pub use reference::reference;
pub use scheduler::SchedulerConfig;
pub use stop::StopConfig;

/// Everything that can be configured. Each section says what it is for, and has defaults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the REST API listens, and who may use it.
    pub api: ApiConfig,
    /// Where everything durable is.
    pub database: DatabaseConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// How plugins are run, and within which limits.
    pub plugins: PluginsConfig,
    /// The services that plugins may ask.
    pub connectors: Vec<ConnectorConfig>,
    /// The schedulers.
    pub schedulers: Vec<SchedulerConfig>,
    /// Messages that could not be handled at once.
    pub events: EventsConfig,
    /// Messages that come through RabbitMQ.
    pub rabbitmq: RabbitmqConfig,
    /// Tasks that are handed to Celery workers.
    pub dispatchers: Vec<DispatcherConfig>,
    /// How hinny ends.
    pub stop: StopConfig,
}

impl Config {
    /// Checks what types cannot.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.api.validate()?;
        self.database.validate()?;
        self.log.validate()?;
        self.plugins.validate()?;
        self.events.validate()?;
        self.rabbitmq.validate()?;
        self.stop.validate()?;
        self.validate_connectors()?;
        self.validate_dispatchers()?;
        self.validate_trusted_keys()?;
        let mut seen = BTreeSet::new();
        for (place, scheduler) in self.schedulers.iter().enumerate() {
            scheduler.validate(place)?;
            let key = format!("schedulers[{place}].id");
            ConfigError::unless(seen.insert(&scheduler.id), &key, &scheduler.id, || {
                ("another scheduler has that id", "give each scheduler its own")
            })?;
        }
        Ok(())
    }

    /// Each is for a scheduler that is there.
    fn validate_dispatchers(&self) -> Result<(), ConfigError> {
        for (place, dispatcher) in self.dispatchers.iter().enumerate() {
            dispatcher.validate(place, self.rabbitmq.url.as_deref())?;
            let named = |scheduler: &SchedulerConfig| scheduler.id.as_str() == dispatcher.scheduler;
            let key = format!("dispatchers[{place}].scheduler");
            let is_there = self.schedulers.iter().any(named);
            ConfigError::unless(is_there, &key, &dispatcher.scheduler, || {
                ("no scheduler has that id", "add it as `[[schedulers]]`, or correct the name")
            })?;
        }
        Ok(())
    }

    /// Each slot of a key is there.
    fn validate_trusted_keys(&self) -> Result<(), ConfigError> {
        for (place, key) in self.plugins.trusted_keys.iter().enumerate() {
            for slot in &key.slots {
                let named = |scheduler: &SchedulerConfig| {
                    slot.rsplit_once('/').is_some_and(|(id, _)| id == scheduler.id.as_str())
                };
                let key = format!("plugins.trusted_keys[{place}].slots");
                ConfigError::unless(self.schedulers.iter().any(named), &key, slot, || {
                    (
                        "no scheduler has that slot",
                        "add it as `[[schedulers]]`, or correct the name",
                    )
                })?;
            }
        }
        Ok(())
    }

    /// Names are unique, and what is granted is there.
    fn validate_connectors(&self) -> Result<(), ConfigError> {
        let mut names = BTreeSet::new();
        for (place, connector) in self.connectors.iter().enumerate() {
            connector.validate(place)?;
            let key = format!("connectors[{place}].name");
            ConfigError::unless(names.insert(&connector.name), &key, &connector.name, || {
                ("another connector has that name", "give each connector its own")
            })?;
        }
        for (place, scheduler) in self.schedulers.iter().enumerate() {
            for granted in &scheduler.plugin_grants.connector {
                let key = format!("schedulers[{place}].plugin_grants");
                ConfigError::unless(names.contains(granted), &key, granted, || {
                    ("no connector has that name", "add it as `[[connectors]]`")
                })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
