//! What goes first: the contract of a ranker inside the host.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::Serialize;

use crate::{
    Priority, SchedulerId, Timestamp,
    input::{Columns, InputSpec},
};

/// One activated version of a ranker.
///
/// A pure function of the declared inputs and the context: asked twice, it answers the same.
#[async_trait]
pub trait Ranker: Send + Sync {
    /// Which generation of its slot it is; 0 for the host's own rule.
    fn generation(&self) -> u64;

    /// What it is called, for people: name and version.
    fn title(&self) -> &str;

    /// What it reads of each task.
    fn inputs(&self) -> &Arc<[InputSpec]>;

    /// How often its priorities move with time; `None`: never.
    fn refresh(&self) -> Option<Duration>;

    /// One priority per task of the batch, in the same order, all in range.
    async fn rank(
        &self,
        context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Priority>, RankFailure>;

    /// Why each task of the batch gets its priority.
    async fn explain(
        &self,
        context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Explanation>, RankFailure>;
}

/// What a ranker knows beside the tasks.
#[derive(Debug, Clone)]
pub struct RankContext {
    /// Now. The ranker has no clock of its own.
    pub now: Timestamp,
    /// The scheduler whose tasks these are.
    pub scheduler: SchedulerId,
    /// For rankers that want chance: the same seed must give the same answer.
    pub seed: u64,
}

/// Why a task has its priority.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The priority, the same as `rank` gives.
    pub priority: Priority,
    /// What contributed to it.
    pub terms: Vec<Term>,
    /// A sentence for people.
    pub note: Option<String>,
}

/// One contribution to a priority.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Term {
    /// What it is.
    pub label: String,
    /// How much it adds to the priority; negative moves the task forward.
    pub contribution: f64,
    /// The declared input it comes from, if it is one.
    pub input: Option<String>,
}

/// A plugin call that gave nothing usable. The call's instance is gone; the plugin is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("plugin `{plugin}` failed in `{call}`: {message}")]
pub struct PluginFailure {
    /// Name and version.
    pub plugin: String,
    /// The function that was called.
    pub call: &'static str,
    /// What happened: a stable label for metrics and clients.
    pub kind: FailureKind,
    /// What happened, for people.
    pub message: String,
}

/// The same for rankers.
pub type RankFailure = PluginFailure;

/// What went wrong in a plugin call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// It trapped: `unreachable`, a panic, a stack overflow.
    Trap,
    /// It ran past its deadline.
    Deadline,
    /// It asked for more memory than it may have.
    Memory,
    /// It answered with the wrong number of results.
    WrongLength,
    /// It answered with a value outside the allowed range.
    OutOfRange,
    /// It answered with more or longer data than allowed.
    Oversized,
    /// It said itself that it cannot.
    Refused,
    /// The host could not make the call: no instance, no thread.
    Host,
}

impl FailureKind {
    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::WrongLength => "wrong-length",
            Self::OutOfRange => "out-of-range",
            Self::Oversized => "oversized",
            Self::Refused => "refused",
            Self::Host => "host",
        }
    }
}

/// The rule without a ranker: the asked priority, else the time of creation in seconds.
///
/// It is also the last link of the fallback chain, so it cannot fail.
pub fn host_priority(asked: Option<Priority>, created_at: Timestamp) -> Priority {
    asked.filter(|priority| priority.in_range()).unwrap_or(Priority(created_at.as_seconds()))
}
