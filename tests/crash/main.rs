//! Hosts that are killed, or that run out of disk, and what must be there afterwards.
//!
//! These tests run the binary as a process of its own, and look at it only through its API. How long
//! they go on is a setting of the environment:
//!
//! ```sh
//! HINNY_KILL_ROUNDS=200 cargo test --package hinny-server --test crash -- --nocapture
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what a test does not expect ends it"
)]

mod api;
mod book;
mod broker;
mod cluster;
mod crowd;
mod disk;
mod home;
mod kill;
mod openkat;
mod outage;
