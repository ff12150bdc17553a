//! Why the plugin host cannot start.

use std::io;

use hinny_core::{plugin::World, store::StoreError};

use crate::limits::LimitError;

/// Why the plugin host cannot start.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// A limit that cannot be kept.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// An engine cannot be made.
    #[error(
        "the engine for {world} plugins cannot be made: {why}; hint: check `[plugins.limits]` against what the machine has"
    )]
    Engine {
        /// Its world.
        world: World,
        /// What it said.
        why: String,
    },
    /// A thread cannot be started.
    #[error("no thread for plugin calls; hint: lower `plugins.limits.ranker_threads`")]
    Thread(#[source] io::Error),
    /// The thread that writes decisions cannot be started.
    #[error("no thread to record decisions on; hint: set `plugins.decisions.size_max_mb` to 0")]
    DecisionThread(#[source] io::Error),
    /// The database does not tell which plugins are active.
    #[error("which plugins are active cannot be read")]
    Store(#[from] StoreError),
}
