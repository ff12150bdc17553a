//! Storage in a `PostgreSQL` database: one connection writes, a pool reads.

mod away;
mod commit;
mod completed;
mod count;
mod error;
mod event;
mod facts;
pub(crate) mod filter;
mod history;
mod import;
mod list;
mod load;
mod lock;
mod matching;
mod migrate;
mod open;
mod options;
mod past;
mod place;
mod plugin;
mod row;
mod save;
mod schedule;
mod sql;
mod state;
mod statistics;
mod store;
mod task;
mod tidy;
mod trust;
mod way;
mod writer;

pub use lock::Standing;
pub use options::PostgresOptions;
pub use place::IndexedPlace;
pub use store::PostgresStore;
