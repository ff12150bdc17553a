//! `hinny import`, with a real PostgreSQL that holds what another scheduler left.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what a test does not expect ends it"
)]

mod coming;
mod database;
mod faults;
mod rig;
