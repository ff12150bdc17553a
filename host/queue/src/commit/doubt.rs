//! After a transaction that failed: whether its writes are there after all.
//!
//! A database that is lost in the middle of a commit does not say. So before the next transaction
//! the tasks in question are looked up, and memory follows what is found. Until then they are not
//! handed out.

use std::{collections::HashMap, sync::Arc};

use hinny_core::{TaskId, TaskStatus, order::Taken, task::Task};

use super::{
    Applier, Effects,
    apply::{ByScheduler, release},
};
use crate::shard::Shard;

/// Tasks of which it is open whether they are queued.
#[derive(Default)]
pub(crate) struct Doubts {
    /// Pushed or changed.
    touched: Vec<TaskId>,
    /// Taken out of an order for a claim.
    taken: Vec<(Arc<Shard>, Taken)>,
}

impl Doubts {
    /// Takes the tasks of a unit whose transaction failed.
    pub(super) fn add(&mut self, touched: Vec<TaskId>, effects: Effects) {
        release(&effects.arrivals);
        self.touched.extend(touched);
        self.taken.extend(effects.taken);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.touched.is_empty() && self.taken.is_empty()
    }

    /// Asks the database; while it does not answer, the doubts stay.
    pub(super) async fn settle(&mut self, applier: &Applier) {
        let taken = self.taken.iter().map(|(_, taken)| taken.id);
        let ids: Vec<_> = self.touched.iter().copied().chain(taken).collect();
        if ids.is_empty() {
            return;
        }
        let Ok(tasks) = applier.preparer.store.tasks_by_id(&ids).await else { return };
        let queued = tasks.into_iter().filter(|task| task.status == TaskStatus::Queued);
        let mut queued: HashMap<TaskId, Task> = queued.map(|task| (task.id, task)).collect();
        for (shard, taken) in std::mem::take(&mut self.taken) {
            if queued.remove(&taken.id).is_some() {
                let views = shard.lock().order.give_back(taken);
                shard.waiters.wake(&views);
            } else {
                shard.lock().order.forget(taken);
            }
        }
        let mut late = ByScheduler::new();
        for id in std::mem::take(&mut self.touched) {
            let task = queued.remove(&id);
            match task.and_then(|task| Some((applier.shards.get(&task.scheduler)?, task))) {
                Some((shard, task)) => {
                    shard.lock().pending.insert(id);
                    late.entry(task.scheduler.clone()).or_default().push(task);
                }
                None => applier.shards.values().for_each(|shard| {
                    shard.lock().order.remove(id);
                }),
            }
        }
        if !late.is_empty() {
            applier.rank_late(late, None);
        }
    }
}
