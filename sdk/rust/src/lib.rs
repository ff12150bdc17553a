//! Plugins for hinny in Rust: one trait and one macro per world.
//!
//! A *ranker* decides what goes first. It names what it reads of each task, and gives each task a
//! number; lower goes first:
//!
//! ```
//! use hinny_plugin::ranker::*;
//!
//! #[derive(Inputs)]
//! struct Scan<'a> {
//!     #[input(created_at)]
//!     created_ms: i64,
//!     #[input("/scan_level")]
//!     level: Option<i64>,
//!     #[input("/team", default = "nobody")]
//!     team: &'a str,
//! }
//!
//! struct Mine {
//!     weight: i64,
//! }
//!
//! impl Ranker for Mine {
//!     type Task<'a> = Scan<'a>;
//!
//!     fn configure(settings: &Settings) -> Result<Self, String> {
//!         settings.deny_unknown(&["weight"])?;
//!         Ok(Self { weight: settings.integer_in("weight", 60, 0..=86_400)? })
//!     }
//!
//!     fn rank(&self, task: &Scan<'_>, _context: &Context) -> i64 {
//!         let ahead = task.level.unwrap_or(0) * self.weight;
//!         task.created_ms / 1000 - if task.team == "red" { 2 * ahead } else { ahead }
//!     }
//! }
//!
//! hinny_plugin::export_ranker!(Mine);
//! ```
//!
//! A *scheduler* decides which tasks to make; see [`scheduler`]. Both are tested natively, with
//! `cargo test`, through the harness in `testing`; `cargo xtask plugins` builds them for hinny.

// The derive macro writes `::hinny_plugin`, in this crate, too.
extern crate self as hinny_plugin;

pub mod bindings;
pub mod export;
pub mod inputs;
pub mod ranker;
pub mod scheduler;
pub mod settings;

#[cfg(feature = "json")]
pub mod identity;

pub mod connector;
pub mod log;
pub mod messages;
pub mod schedules;
pub mod state;
pub mod tasks;

#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

/// The guide shows code: here it is compiled, and its tests run.
#[cfg(all(doctest, feature = "json"))]
#[doc = include_str!("../../../docs/plugin-guide.md")]
struct Guide;
