//! What rankers decided, and what a ranker would have decided in their place.
//!
//! A decision is a batch of tasks with all that a ranker knew of it, and the priorities that it gave.
//! Rankers are pure, so whoever asks again gets the same: the active generation reproduces its own
//! decisions, and another ranker shows what it would have done with the same tasks at the same time.

mod order;
mod tally;

use std::{path::PathBuf, time::Duration};

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    PluginDigest, Priority, SchedulerId, Timestamp,
    input::InputValue,
    plugin::{CandidateSource, PluginError},
};

pub use tally::{Asked, Tally};

/// Most tasks whose places are compared; a replay of more compares the newest.
pub const COMPARED_MAX: usize = 1_000_000;

/// The service that keeps decisions, as the API sees it.
#[async_trait]
pub trait Decisions: Send + Sync {
    /// What is recorded.
    async fn recorded(&self) -> Result<Recorded, PluginError>;

    /// Asks a ranker about what is recorded, newest first. One replay runs at a time; it ends when
    /// nobody waits for it any more.
    async fn replay(&self, request: ReplayRequest) -> Result<Replay, PluginError>;
}

/// What is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Where.
    pub folder: PathBuf,
    /// How much there is, in bytes.
    pub bytes: u64,
    /// How much there may be; the oldest makes room.
    pub bytes_max: u64,
    /// Of each scheduler, by its id.
    pub schedulers: Vec<RecordedOf>,
    /// Places that cannot be read.
    pub damages: Vec<Damage>,
}

/// What is recorded of a scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedOf {
    /// Which.
    pub scheduler: SchedulerId,
    /// The moment of the oldest decision; none without any.
    pub from: Option<Timestamp>,
    /// The moment of the newest.
    pub to: Option<Timestamp>,
    /// Batches.
    pub batches: u64,
    /// Tasks in them.
    pub tasks: u64,
    /// Bytes that they take.
    pub bytes: u64,
    /// What was not recorded.
    pub missed: Missed,
}

/// Batches since the start that were not recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Missed {
    /// Since too many waited to be written, or they could not be.
    pub lost: u64,
    /// As the configuration says: only some are.
    pub left_out: u64,
    /// Since the ranker failed: there was no decision.
    pub failed: u64,
}

/// A place in the records that cannot be read. What follows it in the same file is left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Damage {
    /// The file.
    pub file: PathBuf,
    /// How many bytes into it.
    pub at: u64,
    /// What is wrong there.
    pub why: String,
}

/// What is to be replayed, and through which ranker.
#[derive(Debug, Clone)]
pub struct ReplayRequest {
    /// Whose decisions.
    pub scheduler: SchedulerId,
    /// The ranker to ask; `None`: the active version.
    pub source: Option<CandidateSource>,
    /// Its settings; `None`: those it had when it was last active there, else none.
    pub settings: Option<Value>,
    /// Which decisions, and how much is told.
    pub options: ReplayOptions,
}

/// Which decisions are replayed, and how much is told of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayOptions {
    /// None from before.
    pub since: Option<Timestamp>,
    /// None from then on.
    pub until: Option<Timestamp>,
    /// At most so many batches, the newest.
    pub batches_max: Option<u64>,
    /// Most tasks that are listed in each list.
    pub listed: usize,
}

/// What a ranker made of recorded decisions.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// Whose decisions.
    pub scheduler: SchedulerId,
    /// The ranker that was asked: name and version.
    pub candidate: String,
    /// Its component.
    pub digest: PluginDigest,
    /// The moment of the oldest decision that was replayed; none without any.
    pub from: Option<Timestamp>,
    /// The moment of the newest.
    pub to: Option<Timestamp>,
    /// Batches that were answered.
    pub batches: u64,
    /// Tasks in them.
    pub tasks: u64,
    /// Tasks with the same priority.
    pub same: u64,
    /// Tasks with another one.
    pub differ: u64,
    /// What was recorded of the very same component with the same settings.
    pub own: Own,
    /// How the orders of the tasks differ, by the recorded and by the replayed priorities.
    pub order: OrderDifference,
    /// Batches on which the ranker failed.
    pub failed: Unanswered,
    /// The first such failure.
    pub failure: Option<String>,
    /// Batches that the ranker was not asked about, by the reason.
    pub skipped: Vec<(String, Unanswered)>,
    /// Places in the records that cannot be read.
    pub damages: Vec<Damage>,
    /// How long the decisions took, waiting for a thread included.
    pub took_then: Duration,
    /// How long the same batches took now, without waiting.
    pub took_now: Duration,
}

/// What was recorded of the very same component with the same settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Own {
    /// Batches, those that it failed on included.
    pub batches: u64,
    /// Tasks in them.
    pub tasks: u64,
    /// Tasks that did not get the recorded priority again.
    pub differ: u64,
    /// Tasks on which it failed.
    pub failed: u64,
    /// The first of those that were found.
    pub differences: Vec<Decision>,
}

/// Batches without an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unanswered {
    /// How many.
    pub batches: u64,
    /// Tasks in them.
    pub tasks: u64,
}

/// The priority of one task, as it was decided and as it would be.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// When.
    pub at: Timestamp,
    /// By which generation.
    pub generation: u64,
    /// In which batch: 0 for the newest that was replayed.
    pub batch: u64,
    /// Its place in the batch, from 0.
    pub place: u64,
    /// The recorded priority.
    pub recorded: Priority,
    /// The replayed one.
    pub replayed: Priority,
    /// What the ranker was told of it; empty where it is not known any more.
    pub inputs: Vec<(String, InputValue)>,
}

/// How two orders of the same decisions differ.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OrderDifference {
    /// Tasks that were compared: all, or the newest [`COMPARED_MAX`].
    pub compared: u64,
    /// Tasks whose place differs.
    pub moved: u64,
    /// How alike the orders are: Kendall's τ, from 1 (the same) to −1 (the reverse); none with fewer
    /// than two tasks.
    pub kendall_tau: Option<f64>,
    /// The tasks that would move furthest to the front, furthest first.
    pub forward: Vec<MovedDecision>,
    /// The tasks that would move furthest to the back, furthest first.
    pub back: Vec<MovedDecision>,
}

/// A task that would have another place.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedDecision {
    /// What was decided.
    pub decision: Decision,
    /// Its place among all that were compared, 1 for the first.
    pub from: u64,
    /// Its place by the replayed priorities.
    pub to: u64,
}

impl RecordedOf {
    /// Adds what is recorded elsewhere of the same scheduler.
    pub fn add(&mut self, other: &Self) {
        self.from = either(self.from, other.from, Timestamp::min);
        self.to = either(self.to, other.to, Timestamp::max);
        self.batches += other.batches;
        self.tasks += other.tasks;
        self.bytes += other.bytes;
    }
}

fn either(
    left: Option<Timestamp>,
    right: Option<Timestamp>,
    choose: fn(Timestamp, Timestamp) -> Timestamp,
) -> Option<Timestamp> {
    match (left, right) {
        (Some(left), Some(right)) => Some(choose(left, right)),
        (one, other) => one.or(other),
    }
}

impl Replay {
    /// Whether the candidate reproduced all that was recorded of it; none when there was nothing.
    pub fn exact(&self) -> Option<bool> {
        let Own { batches, differ, failed, .. } = self.own;
        (batches > 0).then_some(differ == 0 && failed == 0)
    }
}
