//! The plugin host with real guests: what it takes, what it stops, what it swaps.
//!
//! The components come from `dist/`, where `cargo xtask plugins` puts them.

mod cache;
mod calls;
mod candidates;
mod decisions;
mod fallback;
mod guests;
mod harness;
mod instances;
mod keeping;
mod languages;
mod memory;
mod released;
mod schedulers;
mod scheduling;
mod services;
mod serving;
mod silent;
mod sins;
mod swaps;
mod switching;
mod trials;
mod trust;
mod verifying;
