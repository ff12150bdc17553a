//! The tests that need more than one crate, as one binary.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test does not expect ends it"
)]
#![expect(clippy::disallowed_methods, reason = "a test waits for what it spawned")]
#![expect(clippy::float_cmp, reason = "contributions to an explanation are exact")]
#![expect(clippy::type_complexity, reason = "a fake's one-off function is clearer where it is")]

mod celery;
mod decisions;
mod examples;
mod languages;
mod openkat;
mod plugins;
mod queue;
mod rabbitmq;
mod serving;
mod signing;
mod states;
mod store;
mod wit;
