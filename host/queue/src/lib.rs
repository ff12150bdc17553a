//! The queues of hinny: order in memory, group commit, leases.
//!
//! The database is the log and the referee; the order lives in memory. Every write goes through one
//! `Committer`: requests wait in its channel, one transaction takes all that wait, and what
//! the transaction did is applied to memory in the same order, before anybody is answered. So after
//! every commit, memory agrees with the database.
//!
//! ```text
//! push ─▶ intake (admit, rank: in batches) ─┐
//! trigger ─▶ plugin ─▶ commands ─▶ rank ────┤
//! pop ─▶ take out of the order ─▶ claim ────┼─▶ committer ─▶ store ─▶ memory ─▶ answer
//! update, cancel, heartbeat, lease end ─────┘
//! ```
//!
//! A task is handed out only after the database has said that it was still queued. What is taken
//! out of the order and not claimed after all is given back.

mod cancel;
mod commit;
mod dry_run;
mod explain;
mod handle;
mod housekeeping;
mod intake;
mod load;
mod pop;
mod prepare;
mod preview;
mod queues;
mod rerank;
mod rows;
mod shard;
mod update;
mod waiters;

pub use queues::{HostQueues, QueueParts};
