//! The hinny binary: arguments, configuration, wiring, telemetry.
//!
//! This is the only crate that knows all others. It reads the configuration, builds each part,
//! hands them to one another through the traits of `hinny-core`, and takes them down in order.

pub mod access;
pub mod cli;
pub mod clock;
pub mod config;
pub mod host;
mod http;
pub mod plugin_ref;
mod signature_file;
pub mod telemetry;
