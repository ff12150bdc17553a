//! Reports of workers and changes by people.

use std::{collections::HashMap, sync::Arc};

use hinny_core::{
    Clock, SchedulerId, TaskId, TaskStatus, Timestamp,
    queue::QueueError,
    store::{Store, TaskUpdate, Unit, UpdateOutcome},
    task::{Task, TaskChange},
};

use crate::{
    commit::{CommitSender, Effects},
    shard::Shard,
};

pub(crate) struct Updater<'a> {
    pub(crate) shards: &'a HashMap<SchedulerId, Arc<Shard>>,
    pub(crate) store: &'a dyn Store,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) committer: &'a CommitSender,
}

impl Updater<'_> {
    pub(crate) async fn update(
        &self,
        task: TaskId,
        mut change: TaskChange,
    ) -> Result<Task, QueueError> {
        let shard = self.shard_of(task).await?;
        let at = self.clock.now();
        if change.status == Some(TaskStatus::Running) {
            // A report is as good as a heartbeat.
            change.lease_until = shard.config.lease.map(|lease| at.after(lease));
        }
        let attempt = change.attempt;
        let update = TaskUpdate {
            task,
            change,
            rule: shard.config.status_rule,
            only_from: Vec::new(),
            lease_ended_by: None,
            at,
        };
        self.commit(update, attempt).await
    }

    pub(crate) async fn heartbeat(
        &self,
        task: TaskId,
        attempt: Option<u32>,
    ) -> Result<Option<Timestamp>, QueueError> {
        let shard = self.shard_of(task).await?;
        let at = self.clock.now();
        let lease_until = shard.config.lease.map(|lease| at.after(lease));
        let update = TaskUpdate {
            task,
            change: TaskChange { attempt, lease_until, ..TaskChange::default() },
            rule: shard.config.status_rule,
            only_from: vec![TaskStatus::Dispatched, TaskStatus::Running],
            lease_ended_by: None,
            at,
        };
        self.commit(update, attempt).await.map(|task| task.lease_until)
    }

    async fn commit(&self, update: TaskUpdate, reported: Option<u32>) -> Result<Task, QueueError> {
        let task = update.task;
        let unit = Unit { updates: vec![update], ..Unit::default() };
        let outcome = self.committer.commit(unit, Effects::default()).await?;
        match outcome.updates.into_iter().next() {
            Some(UpdateOutcome::Updated { task, .. }) => Ok(*task),
            Some(UpdateOutcome::NotNow(status)) => Err(QueueError::NotHeld { task, status }),
            Some(UpdateOutcome::Illegal(illegal)) => {
                count_refused("illegal");
                Err(illegal.into())
            }
            Some(UpdateOutcome::Stale { current }) => {
                count_refused("stale");
                Err(QueueError::StaleAttempt { reported: reported.unwrap_or(0), current })
            }
            Some(UpdateOutcome::Duplicate { live }) => {
                Err(QueueError::DuplicateHash { task, live })
            }
            Some(UpdateOutcome::NotFound) | None => Err(QueueError::UnknownTask(task)),
        }
    }

    /// The queue that a task belongs to. With one queue, or with queues that treat reports alike,
    /// nothing needs to be read.
    async fn shard_of(&self, task: TaskId) -> Result<&Arc<Shard>, QueueError> {
        let mut shards = self.shards.values();
        if let Some(first) = shards.next()
            && shards.all(|shard| {
                shard.config.status_rule == first.config.status_rule
                    && shard.config.lease == first.config.lease
            })
        {
            return Ok(first);
        }
        let found = self.store.tasks_by_id(&[task]).await?.pop();
        let found = found.ok_or(QueueError::UnknownTask(task))?;
        let scheduler = found.scheduler;
        self.shards.get(&scheduler).ok_or(QueueError::UnknownScheduler(scheduler))
    }
}

fn count_refused(why: &'static str) {
    metrics::counter!("hinny_reports_refused_total", "why" => why).increment(1);
}
