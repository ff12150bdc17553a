//! The domain of hinny: values, rules and traits, without any I/O.
//!
//! What is absent is as much the point as what is here: no clock is read, no socket opened, no
//! query written. Storage, plugins, listeners and the API each implement or use a trait of this
//! crate, and meet only in the binary.

pub mod clock;
pub mod command;
pub mod connector;
pub mod cron;
pub mod decision;
pub mod dry_run;
pub mod event;
pub mod filter;
pub mod health;
pub mod id;
pub mod import;
pub mod input;
pub mod order;
pub mod plugin;
pub mod preview;
pub mod priority;
pub mod queue;
pub mod ranker;
pub mod schedule;
pub mod scheduler;
pub mod status;
pub mod store;
pub mod task;
pub mod time;
pub mod trigger;

pub use clock::{Clock, ManualClock};
pub use id::{
    EventId, Organisation, PluginDigest, ScheduleId, SchedulerId, TaskHash, TaskId, TaskType,
};
pub use priority::Priority;
pub use status::TaskStatus;
pub use time::Timestamp;
