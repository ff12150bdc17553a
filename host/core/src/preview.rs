//! What a queue would be like under another ranker: where tasks would go, and who would gain.
//!
//! It is exact: rankers are pure, so what the candidate says now is what it would say once active.

mod compare;
mod places;
mod tau;

use crate::{Organisation, Priority, SchedulerId, TaskId, Timestamp, ranker::Explanation};

pub use compare::compare;
pub(crate) use places::{Places, inverse};

/// How far from the head overlaps are counted, in tasks.
pub const HEADS: [u64; 3] = [10, 100, 1_000];

/// The pops over which the shares of organisations are counted.
pub const SHARE_POPS: u64 = 1_000;

/// Of all tasks, one in so many counts as waiting longest.
pub const OLD_ONE_IN: u64 = 100;

/// A task in both orders.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Which.
    pub task: TaskId,
    /// Whose work it is.
    pub organisation: Option<Organisation>,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// Its rank in the order now.
    pub now: Priority,
    /// Its rank under the candidate.
    pub then: Priority,
}

/// What is to be previewed.
#[derive(Debug, Clone, Copy)]
pub struct PreviewOptions {
    /// Most tasks that are listed of those that move forward, and of those that move back.
    pub movers: usize,
}

/// What a queue would be like under another ranker.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Whose queue.
    pub scheduler: SchedulerId,
    /// What ranks it now: name and version; none: the host's own rule.
    pub current: Option<String>,
    /// What would rank it: name and version.
    pub candidate: String,
    /// Tasks on which the candidate failed. They would keep their ranks.
    pub failed: u64,
    /// The first such failure.
    pub failure: Option<String>,
    /// How the orders differ.
    pub comparison: Comparison,
    /// The tasks that would move furthest to the front, furthest first.
    pub forward: Vec<Mover>,
    /// The tasks that would move furthest to the back, furthest first.
    pub back: Vec<Mover>,
}

/// How two orders of the same tasks differ.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// Tasks in both.
    pub tasks: u64,
    /// Tasks whose position differs.
    pub moved: u64,
    /// How alike the orders are: Kendall's τ, from 1 (the same) to −1 (the reverse); none with fewer
    /// than two tasks.
    pub kendall_tau: Option<f64>,
    /// How many of the first tasks are among the first of both.
    pub overlaps: Vec<Overlap>,
    /// Of the next pops, whose work they would be. Most pops now first.
    pub shares: Vec<Share>,
    /// What becomes of the tasks that wait longest; none without tasks.
    pub oldest: Option<Oldest>,
}

/// How many of the first tasks are among the first of both orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// Of the first so many.
    pub first: u64,
    /// So many.
    pub same: u64,
}

/// Whose work the next pops would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Whose.
    pub organisation: String,
    /// Pops now.
    pub now: u64,
    /// Pops under the candidate.
    pub then: u64,
}

/// What becomes of the tasks that wait longest. A ranker that starves them puts them to the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Oldest {
    /// How many: one in [`OLD_ONE_IN`], at least one.
    pub tasks: u64,
    /// Their mean place now, from 0 (the head) to 1 (the end).
    pub now: f64,
    /// Their mean place under the candidate.
    pub then: f64,
}

/// A task that would move.
#[derive(Debug, Clone)]
pub struct Mover {
    /// Which.
    pub task: TaskId,
    /// Whose work it is.
    pub organisation: Option<Organisation>,
    /// Its position now, 1 for the next to go.
    pub from: u64,
    /// Its position under the candidate.
    pub to: u64,
    /// Its rank now.
    pub priority: Priority,
    /// Its rank under the candidate.
    pub candidate_priority: Priority,
    /// What the ranker in use says of it; none without a ranker, or when it does not say.
    pub explanation: Option<Explanation>,
    /// What the candidate says of it; none when it does not say.
    pub candidate_explanation: Option<Explanation>,
}
