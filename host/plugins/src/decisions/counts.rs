//! What becomes of the decisions of a scheduler: numbers, for people and for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use hinny_core::{SchedulerId, decision::Missed};
use metrics::{Counter, counter};

/// What becomes of the decisions of a scheduler, in batches.
pub(super) struct Counts {
    recorded: Counter,
    lost: Count,
    left_out: Count,
    failed: Count,
}

struct Count {
    since_start: AtomicU64,
    metric: Counter,
}

impl Counts {
    pub(super) fn new(scheduler: &SchedulerId) -> Self {
        let metric = |outcome: &'static str| {
            counter!(
                "hinny_decisions_total", "scheduler" => scheduler.shared(), "outcome" => outcome
            )
        };
        let count = |outcome| Count { since_start: AtomicU64::new(0), metric: metric(outcome) };
        Self {
            recorded: metric("recorded"),
            lost: count("lost"),
            left_out: count("left-out"),
            failed: count("failed"),
        }
    }

    /// It is written.
    pub(super) fn recorded(&self) {
        self.recorded.increment(1);
    }

    /// Too many wait to be written, or it could not be.
    pub(super) fn lost(&self) {
        self.lost.increment();
    }

    /// Only some are recorded.
    pub(super) fn left_out(&self) {
        self.left_out.increment();
    }

    /// The ranker failed.
    pub(super) fn failed(&self) {
        self.failed.increment();
    }

    pub(super) fn missed(&self) -> Missed {
        let read = |count: &Count| count.since_start.load(Ordering::Relaxed);
        Missed {
            lost: read(&self.lost),
            left_out: read(&self.left_out),
            failed: read(&self.failed),
        }
    }
}

impl Count {
    fn increment(&self) {
        self.since_start.fetch_add(1, Ordering::Relaxed);
        self.metric.increment(1);
    }
}

impl std::fmt::Debug for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Counts").field(&self.missed()).finish()
    }
}
