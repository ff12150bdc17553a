//! What the scheduler plugins for OpenKAT share: its tasks, its services, its hashes.
//!
//! [`task`] has the data of tasks as OpenKAT's clients read it, and [`hash`] what makes two of them
//! the same work. [`katalogus`], [`octopoes`] and [`bytes`] put questions to its services and read
//! their answers; [`ask`] sends them. [`schedules`] finds many schedules at a time.

pub mod hash;
pub mod identity;
pub mod moment;
pub mod priority;
pub mod schedules;
pub mod task;

pub mod ask;
pub mod bytes;
pub mod katalogus;
pub mod octopoes;

#[cfg(all(not(target_arch = "wasm32"), any(test, feature = "testing")))]
pub mod testing;
