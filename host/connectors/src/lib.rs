//! Outgoing services of hinny: named, configured by the operator, asked by plugins.
//!
//! A question passes, in this order: the cache, the breaker, the wait for a connection, and tries
//! with the service's credentials. All of it happens within the service's time.

mod breaker;
mod cache;
mod config;
mod connectors;
mod credentials;
mod health;
mod login;
mod outcome;
mod service;
mod target;
mod wire;

pub use config::{Auth, Breaking, Caching, LoginFlow, LoginFormat, Retrying, ServiceConfig};
pub use connectors::{HttpConnectors, SetupError};

#[cfg(test)]
mod tests;
