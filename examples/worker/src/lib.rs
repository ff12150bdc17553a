//! A worker for hinny.

pub mod look;
pub mod worker;
