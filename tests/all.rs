//! The tests that need more than one crate, as one binary.

mod examples;
mod plugins;
mod queue;
mod store;
mod wit;
