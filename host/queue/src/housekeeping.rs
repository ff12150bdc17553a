//! What time does to a queue: ended leases, delayed tasks, priorities that move.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hinny_core::{
    Clock, TaskStatus, Timestamp,
    status::StatusRule,
    store::{Store, StoreError, TaskUpdate, Unit, UpdateOutcome},
    task::{Task, TaskChange},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    commit::{CommitSender, Effects},
    queues::HostQueues,
    shard::Shard,
};

/// Longest time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Shortest time between two looks, however close the next delayed task is.
const LOOK_PAUSE: Duration = Duration::from_millis(10);

/// Most lost tasks that one transaction returns.
const LOST_MAX: u32 = 500;

pub(crate) struct Housekeeper {
    pub(crate) shard: Arc<Shard>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) committer: CommitSender,
}

impl Housekeeper {
    /// Looks again and again, until the stop.
    pub(crate) async fn run(self, queues: std::sync::Weak<HostQueues>, stop: CancellationToken) {
        loop {
            let pause = self.look().await;
            if self.rerank_is_due()
                && let Some(queues) = queues.upgrade()
            {
                queues.rerank(&self.shard, self.shard.ranker());
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One look; the answer is how long until the next.
    pub(crate) async fn look(&self) -> Duration {
        let now = self.clock.now();
        self.release_delayed(now);
        if let Err(failure) = self.return_lost(now).await {
            warn!(scheduler.id = %self.shard.id(), %failure, "lost tasks are not returned yet");
        }
        let next = self.shard.lock().order.next_due();
        next.map_or(LOOK_EVERY, |due| due.since(now).clamp(LOOK_PAUSE, LOOK_EVERY))
    }

    fn release_delayed(&self, now: Timestamp) {
        let views = self.shard.lock().order.release_due(now);
        self.shard.waiters.wake(&views.into_iter().collect::<Vec<_>>());
    }

    fn rerank_is_due(&self) -> bool {
        let Some(refresh) = self.shard.ranker().and_then(|ranker| ranker.refresh()) else {
            return false;
        };
        if self.shard.progress().is_some() {
            return false;
        }
        let last = Timestamp::from_micros(self.shard.ranked_at.load(Ordering::Relaxed));
        let now = self.clock.now();
        // A clock that was set back must not stop the refresh for as long.
        now.since(last) >= refresh || now < last
    }

    /// Returns the tasks of lost workers to the queue, or gives them up.
    async fn return_lost(&self, now: Timestamp) -> Result<(), StoreError> {
        if self.shard.config.lease.is_none() {
            return Ok(());
        }
        loop {
            let lost = self.store.ended_leases(self.shard.id(), now, LOST_MAX).await?;
            if lost.is_empty() {
                return Ok(());
            }
            let full = lost.len() == LOST_MAX as usize;
            let updates = lost.iter().map(|task| self.after_loss(task, now)).collect();
            let outcome =
                self.committer.commit(Unit { updates, ..Unit::default() }, Effects::default());
            self.give_up_superseded(&outcome.await?.updates, &lost, now).await?;
            if !full {
                return Ok(());
            }
        }
    }

    fn after_loss(&self, task: &Task, now: Timestamp) -> TaskUpdate {
        let config = &self.shard.config;
        let worker = task.worker.as_deref().unwrap_or("unknown worker");
        let again = task.attempt < config.attempts_max;
        let change = if again {
            TaskChange {
                status: Some(TaskStatus::Queued),
                not_before: Some(now.after(self.backoff(task.attempt))),
                reason: Some(format!(
                    "attempt {} was lost by {worker}: its lease ended",
                    task.attempt
                )),
                ..TaskChange::default()
            }
        } else {
            given_up(format!("given up after {} lost attempts, the last by {worker}", task.attempt))
        };
        info!(task.id = %task.id, attempt = task.attempt, "the lease of task `{}` ended, {}", task.id, if again { "it goes back on the queue" } else { "it is given up" });
        let label = if again { "returned" } else { "dead" };
        metrics::counter!("hinny_leases_ended_total", "outcome" => label).increment(1);
        lease_update(task, change, now)
    }

    /// Doubles with each attempt, bounded.
    fn backoff(&self, attempt: u32) -> Duration {
        let config = &self.shard.config;
        let factor = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        config.backoff.saturating_mul(factor).min(config.backoff_max)
    }

    /// A lost task whose work was queued anew meanwhile has no place to go back to.
    async fn give_up_superseded(
        &self,
        outcomes: &[UpdateOutcome],
        lost: &[Task],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let superseded = outcomes.iter().zip(lost).filter_map(|(outcome, task)| match outcome {
            UpdateOutcome::Duplicate { live } => {
                let change = given_up(format!("lost, and queued again as `{live}`"));
                Some(lease_update(task, change, now))
            }
            _ => None,
        });
        let updates: Vec<_> = superseded.collect();
        if updates.is_empty() {
            return Ok(());
        }
        self.committer.commit(Unit { updates, ..Unit::default() }, Effects::default()).await?;
        Ok(())
    }
}

fn given_up(reason: String) -> TaskChange {
    TaskChange {
        status: Some(TaskStatus::Failed),
        dead: true,
        reason: Some(reason),
        ..TaskChange::default()
    }
}

fn lease_update(task: &Task, change: TaskChange, now: Timestamp) -> TaskUpdate {
    TaskUpdate {
        task: task.id,
        change: TaskChange { attempt: Some(task.attempt), ..change },
        rule: StatusRule::Strict,
        only_from: vec![TaskStatus::Dispatched, TaskStatus::Running],
        lease_ended_by: Some(now),
        at: now,
    }
}
