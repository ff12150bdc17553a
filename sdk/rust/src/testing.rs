//! Native tests of plugins: `cargo test`, no Wasm.
//!
//! What a plugin is given here has passed the same steps as in the host: settings are flattened,
//! inputs extracted from JSON and sent as columns, and each call takes a fresh plugin, since the
//! host may do so, too.
//!
//! ```
//! use hinny_plugin::{ranker::*, testing::*};
//! use serde_json::json;
//!
//! #[derive(Inputs)]
//! struct Scan {
//!     #[input("/scan_level")]
//!     level: i64,
//! }
//!
//! struct Deep;
//!
//! impl Ranker for Deep {
//!     type Task<'a> = Scan;
//!
//!     fn configure(_settings: &Settings) -> Result<Self, String> {
//!         Ok(Self)
//!     }
//!
//!     fn rank(&self, task: &Scan, _context: &Context) -> i64 {
//!         -task.level
//!     }
//! }
//!
//! let order = RankerTest::<Deep>::new(json!({}))?
//!     .task(TestTask::new("shallow", json!({"scan_level": 1})))
//!     .task(TestTask::new("deep", json!({"scan_level": 4})))
//!     .order()?;
//! assert_eq!(order, ["deep", "shallow"]);
//! # Ok::<(), String>(())
//! ```

pub use self::{
    fake_host::FakeHost,
    ranker::RankerTest,
    scheduler::{SchedulerTest, due, finished, message},
    settings::flatten,
    task::TestTask,
};

mod batch;
mod fake_host;
mod ranker;
mod scheduler;
mod settings;
mod task;

#[cfg(test)]
mod tests;
