//! OpenKAT on hinny: its plugins in a whole host, with stand-ins for its services around it.
//!
//! The components come from `dist/`, where `cargo xtask plugins` puts them; the configuration is
//! that of `examples/openkat`.

mod bytes;
mod harness;
mod katalogus;
mod octopoes;
mod stand_in;

mod mutations;
mod newcomers;
mod outages;
mod pushes;
mod raw_files;
mod recorded;
mod schedules;
