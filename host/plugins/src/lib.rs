//! The plugin host of hinny: verify, run, swap and bound WebAssembly components.

mod bindings;
mod bounds;
mod cache;
mod call;
mod config;
mod decisions;
mod engine;
mod error;
mod host;
mod limits;
mod lines;
mod pool;
mod ranker;
mod registry;
mod scheduler;
mod settings;
mod shape;
mod signing;
mod stats;
mod text;
mod threads;
mod title;
mod trial;
mod trust;
mod turns;
mod verifier;
mod verify;

#[cfg(any(test, fuzzing))]
pub mod fuzzing;

pub use config::{DecisionsConfig, Grants, InstancePolicy, PluginHostConfig, SchedulerSlots};
pub use error::HostError;
pub use limits::{LimitError, Limits};
pub use registry::{Registry, RegistryServices};
pub use shape::{Interfaces, interfaces};
pub use signing::{KeyError, PublicKey, SigningKey};
pub use trust::{Trust, TrustedKey};
pub use verify::{
    Configured, ConfiguredRanker, ConfiguredScheduler, Figures, Measured, SizeFigures, Specimen,
    Unfit, digest, measure, verify,
};
