//! The configuration: defaults < `hinny.toml` < environment < flags.

mod api;
mod database;
mod error;
mod events;
mod layers;
mod log;
mod origin;
mod outline;
mod plugins;
mod print;
mod reference;
mod scheduler;
pub(crate) mod section;
mod stop;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use api::{AccessRule, ApiConfig, Role, TokenConfig};
pub use database::DatabaseConfig;
pub use error::{ConfigError, InvalidValue};
pub use events::EventsConfig;
pub use layers::{Flag, Loaded, Sources};
pub use log::{LogConfig, LogFormat};
pub use origin::{Origin, Origins};
pub use plugins::PluginsConfig;
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
    /// The schedulers.
    pub schedulers: Vec<SchedulerConfig>,
    /// Messages that could not be handled at once.
    pub events: EventsConfig,
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
        self.stop.validate()?;
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
}

#[cfg(test)]
mod tests;
