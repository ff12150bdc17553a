//! Messages through a real broker: each once, whatever happens on the way.
//!
//! The broker is the one that `HINNY_TEST_RABBITMQ_URL` names; `cargo xtask test` starts one. Between
//! it and the host is a proxy whose connections a test can cut.

pub(crate) mod broker;
mod cuts;
mod handling;
pub(crate) mod proxy;
pub(crate) mod rig;
mod trouble;
