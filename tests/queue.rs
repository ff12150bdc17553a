//! The queues over a real database, with plugins made of closures.

mod faults;
mod groups;
mod harness;
mod leases;
mod limits;
mod model;
mod order;
mod pops;
mod previews;
mod swaps;
mod triggers;
mod updates;
