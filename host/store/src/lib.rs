//! Storage of hinny: the traits of core over sqlx.
//!
//! What does not depend on a dialect of SQL is here: `commit` decides what units do to what is
//! stored, `filter` checks a filter and types its values. A database ([`sqlite`], [`postgres`]) loads
//! what a decision needs, has it made, and saves what it says, in one transaction.

mod by_hash;
mod commit;
mod driven;
mod filter;
pub mod postgres;
pub mod sqlite;
mod word;

#[cfg(any(test, fuzzing))]
pub mod fuzzing;

pub use postgres::{IndexedPlace, PostgresOptions, PostgresStore};
pub use sqlite::{SqliteOptions, SqliteStore};
