//! `hinny import`, with a real `PostgreSQL` that holds what another scheduler left.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what a test does not expect ends it")]
#![expect(clippy::disallowed_methods, reason = "where the server is, is in the environment")]

mod coming;
mod database;
mod environment;
mod faults;
mod into_postgres;
mod rig;
