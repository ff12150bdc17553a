//! Memory after a transaction: what it did, in the order in which it did it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use futures::future::join_all;
use hinny_core::{
    SchedulerId, TaskId, TaskStatus,
    status::StatusRule,
    store::{ClaimOutcome, PushOutcome, StoreError, TaskUpdate, Unit, UnitOutcome, UpdateOutcome},
    task::{Task, TaskChange},
};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tracing::warn;

use super::{CommitSender, Effects, Message, PreparedArrival};
use crate::{prepare::Preparer, shard::Shard};

/// What is answered once the tasks that a unit put on the queue are in the order.
pub(crate) struct LateAnswer {
    outcome: UnitOutcome,
    reply: oneshot::Sender<Result<UnitOutcome, StoreError>>,
}

impl LateAnswer {
    pub(super) fn tell(self) {
        // If nobody wants to know any more, the tasks are queued all the same.
        let _ = self.reply.send(Ok(self.outcome));
    }
}

/// Tasks by their scheduler.
pub(super) type ByScheduler = BTreeMap<SchedulerId, Vec<Task>>;

/// Brings memory into line with the database.
pub(crate) struct Applier {
    pub(crate) shards: Arc<HashMap<SchedulerId, Arc<Shard>>>,
    pub(crate) preparer: Preparer,
    pub(crate) tracker: TaskTracker,
    pub(crate) sender: CommitSender,
}

impl Applier {
    /// Brings memory into line with what a unit did, then answers.
    pub(super) fn apply(
        &self,
        effects: Effects,
        outcome: UnitOutcome,
        reply: oneshot::Sender<Result<UnitOutcome, StoreError>>,
    ) {
        let now = self.preparer.clock.now();
        let mut late = ByScheduler::new();
        if outcome.refused_by.is_some() {
            release(&effects.arrivals);
        }
        let mut missed = Vec::new();
        for (prepared, pushed) in effects.arrivals.into_iter().zip(&outcome.pushes) {
            let mut inner = prepared.shard.lock();
            inner.reserved = inner.reserved.saturating_sub(1);
            if !matches!(pushed, PushOutcome::Pushed { .. }) {
                continue;
            }
            if prepared.generation == inner.order.generation() {
                prepared.shard.arrive(&mut inner, &prepared.arrival, now);
            } else {
                inner.pending.insert(prepared.arrival.id);
                missed.push((Arc::clone(&prepared.shard), prepared.arrival.id));
            }
            prepared.shard.touch(now);
        }
        for (shard, taken) in &effects.taken {
            shard.lock().order.forget(*taken);
            shard.touch(now);
        }
        for update in &outcome.updates {
            self.apply_update(update, &mut late);
        }
        if !missed.is_empty() {
            self.rank_by_id(missed);
        }
        if late.is_empty() {
            if let Err(Ok(outcome)) = reply.send(Ok(outcome))
                && effects.return_unreceived
            {
                self.return_unreceived(outcome);
            }
        } else {
            // Whoever is told that a task is queued finds it in the order.
            self.rank_late(late, Some(LateAnswer { outcome, reply }));
        }
    }

    fn apply_update(&self, update: &UpdateOutcome, late: &mut ByScheduler) {
        let UpdateOutcome::Updated { from, task } = update else { return };
        let Some(shard) = self.shards.get(&task.scheduler) else { return };
        let mut inner = shard.lock();
        if task.status == TaskStatus::Queued {
            // Its rank may have changed with it, so it goes in anew, as soon as it is ranked.
            inner.order.remove(task.id);
            inner.pending.insert(task.id);
            late.entry(task.scheduler.clone()).or_default().push(task.as_ref().clone());
        } else if *from == TaskStatus::Queued {
            inner.order.remove(task.id);
            inner.pending.remove(&task.id);
        }
    }

    /// Ranks tasks outside the committer, then has them [`Message::Arrive`].
    pub(super) fn rank_late(&self, late: ByScheduler, answer: Option<LateAnswer>) {
        let (preparer, shards) = (self.preparer.clone(), Arc::clone(&self.shards));
        let sender = self.sender.clone();
        self.tracker.spawn(async move {
            let ranked = late.into_iter().filter_map(|(scheduler, tasks)| {
                let shard = shards.get(&scheduler)?;
                Some(preparer.prepare_stored(shard, tasks))
            });
            let arrivals = join_all(ranked).await.into_iter().flatten().collect();
            sender.send(Message::Arrive(arrivals, answer)).await;
        });
    }

    /// The same for tasks that were pushed while the ranker was switched.
    fn rank_by_id(&self, missed: Vec<(Arc<Shard>, TaskId)>) {
        let preparer = self.preparer.clone();
        let sender = self.sender.clone();
        self.tracker.spawn(async move {
            let ids: Vec<_> = missed.iter().map(|(_, id)| *id).collect();
            let tasks = preparer.read_until_there(&ids).await;
            let mut arrivals = Vec::new();
            for task in tasks {
                let shard = missed.iter().find(|(shard, _)| *shard.id() == task.scheduler);
                if let Some((shard, _)) = shard {
                    arrivals.extend(preparer.prepare_stored(shard, vec![task]).await);
                }
            }
            sender.send(Message::Arrive(arrivals, None)).await;
        });
    }

    pub(super) fn arrive_late(&self, arrivals: Vec<PreparedArrival>, answer: Option<LateAnswer>) {
        let now = self.preparer.clock.now();
        let mut again = Vec::new();
        for prepared in arrivals {
            let mut inner = prepared.shard.lock();
            // Not there any more: it was cancelled meanwhile.
            if !inner.pending.contains(&prepared.arrival.id) {
                continue;
            }
            if prepared.generation == inner.order.generation() {
                inner.pending.remove(&prepared.arrival.id);
                prepared.shard.arrive(&mut inner, &prepared.arrival, now);
            } else {
                again.push((Arc::clone(&prepared.shard), prepared.arrival.id));
            }
        }
        if !again.is_empty() {
            self.rank_by_id(again);
        }
        if let Some(answer) = answer {
            answer.tell();
        }
    }

    /// The worker went away between asking and getting: its tasks go back on the queue at once.
    fn return_unreceived(&self, outcome: UnitOutcome) {
        let at = self.preparer.clock.now();
        let claimed = outcome.claims.into_iter().filter_map(|claim| match claim {
            ClaimOutcome::Claimed(task) => Some(task),
            ClaimOutcome::Gone => None,
        });
        let updates: Vec<_> = claimed
            .map(|task| TaskUpdate {
                task: task.id,
                change: TaskChange {
                    status: Some(TaskStatus::Queued),
                    attempt: Some(task.attempt),
                    reason: Some("the worker was gone before it got the task".to_owned()),
                    ..TaskChange::default()
                },
                rule: StatusRule::Strict,
                only_from: vec![TaskStatus::Dispatched],
                lease_ended_by: None,
                at,
            })
            .collect();
        let sender = self.sender.clone();
        self.tracker.spawn(async move {
            let unit = Unit { updates, ..Unit::default() };
            if let Err(failure) = sender.commit(unit, Effects::default()).await {
                warn!(%failure, "tasks that no worker got stay dispatched until their lease ends");
            }
        });
    }
}

/// Gives back the room that was promised to pushes.
pub(super) fn release(arrivals: &[PreparedArrival]) {
    for prepared in arrivals {
        let mut inner = prepared.shard.lock();
        inner.reserved = inner.reserved.saturating_sub(1);
    }
}
