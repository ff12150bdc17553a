//! Storage in an embedded `SQLite` file: one writer, readers apart.

mod checkpoint;
mod commit;
mod count;
mod error;
mod event;
mod facts;
pub(crate) mod filter;
mod history;
mod import;
mod list;
mod load;
mod matching;
pub(crate) mod migrate;
mod open;
mod options;
#[cfg(test)]
mod plans;
mod plugin;
mod row;
mod save;
mod schedule;
mod script;
mod sql;
mod state;
mod store;
mod task;
mod tidy;
mod trust;
mod way;
mod writer;

pub use options::{Location, SqliteOptions};
pub use store::SqliteStore;
