//! The REST API of hinny.
//!
//! `routes.rs` is the page to read first: every route is on it. Behind each stands a handler that
//! extracts, calls a trait of the core and maps the answer; it holds no rule of its own. What
//! clients of older schedulers rely on (shapes, status codes, texts of errors) is kept, and each
//! error says more: the field, the value, and how to mend it.
//!
//! What is absent: no storage, no plugin host, no queue. They are handed in with [`ApiState`].
#![expect(unused_qualifications, reason = "the macros that describe routes write full paths")]

mod access;
mod body;
mod error;
mod filter;
mod gate;
mod input;
mod openapi;
mod page;
mod params;
mod routes;
mod state;
mod wire;

#[cfg(test)]
mod tests;

pub use access::{Access, AccessToken, Caller, InvalidToken, Role};
#[cfg(any(test, fuzzing))]
pub use routes::fuzzing;
pub use routes::{openapi, router};
pub use state::{ApiLimits, ApiState, ScheduleDefaults, ServiceInfo};
