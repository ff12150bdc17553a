//! Handing out tasks.

use std::{sync::Arc, time::Duration};

use hinny_core::{
    Clock, TaskId,
    filter::Filter,
    order::{Taken, ViewId},
    queue::{PopRequest, QueueConfig, QueueError},
    store::{Claim, ClaimOutcome, Store, Unit},
    task::Task,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    commit::{CommitSender, Effects},
    shard::Shard,
    waiters::LOOK_AGAIN,
};

/// How many tasks from the head of the order a filter without a view is tried on, before the
/// database is asked for all that match.
const SCAN: usize = 1000;

/// Most matching tasks that the database is asked for; the best of these are taken.
const MATCH_MAX: u64 = 100_000;

pub(crate) struct Popper<'a> {
    pub(crate) shard: &'a Arc<Shard>,
    pub(crate) store: &'a dyn Store,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) committer: &'a CommitSender,
    pub(crate) stop: &'a CancellationToken,
}

/// How much a pop hands out.
#[derive(Clone, Copy)]
struct Amount {
    /// Most tasks that have no group.
    single: usize,
    /// Most tasks of a group.
    group: usize,
    /// Whether there are groups.
    groups: bool,
}

impl Amount {
    fn of(config: &QueueConfig, limit: Option<u32>) -> Self {
        let bounded = |limit: u32| limit.min(config.pop_max) as usize;
        Self {
            single: bounded(limit.unwrap_or(config.pop_default)),
            group: bounded(limit.unwrap_or(config.pop_max)),
            groups: config.group.is_some(),
        }
    }
}

/// Where a pop looks.
enum Source {
    View(PinnedView),
    Filter(Filter),
}

/// A view that stays while somebody looks at it.
struct PinnedView {
    shard: Arc<Shard>,
    view: ViewId,
}

impl PinnedView {
    fn new(shard: &Arc<Shard>, filter: &Filter) -> Option<Self> {
        let mut inner = shard.lock();
        let view = inner.order.view(filter, &shard.config.classes)?;
        inner.order.pin(view);
        Some(Self { shard: Arc::clone(shard), view })
    }
}

impl Drop for PinnedView {
    fn drop(&mut self) {
        self.shard.lock().order.unpin(self.view);
    }
}

impl Popper<'_> {
    /// Hands out the first tasks, waiting for one if asked to. Dropping the future loses nothing:
    /// what it took is given back, or claimed and then returned.
    pub(crate) async fn pop(&self, request: PopRequest) -> Result<Vec<Task>, QueueError> {
        let amount = Amount::of(&self.shard.config, request.limit);
        if amount.group == 0 {
            return Ok(Vec::new());
        }
        let source = match PinnedView::new(self.shard, &request.filter) {
            Some(view) => Source::View(view),
            None => Source::Filter(request.filter.clone()),
        };
        let view = match &source {
            Source::View(view) => Some(view.view),
            Source::Filter(_) => None,
        };
        let until = Instant::now() + request.wait;
        let bell = self.shard.waiters.bell(view);
        let waiting = (request.wait > Duration::ZERO).then(|| self.shard.waiters.count(view));
        loop {
            // Register before looking, or a task queued in between would wait for the next look.
            let mut rung = std::pin::pin!(bell.notified());
            rung.as_mut().enable();
            let tasks = self.claim_first(&source, amount, request.worker.as_deref()).await?;
            if !tasks.is_empty() || waiting.is_none() || Instant::now() >= until {
                return Ok(tasks);
            }
            let look_again = until.min(Instant::now() + LOOK_AGAIN);
            tokio::select! {
                () = rung => {}
                () = tokio::time::sleep_until(look_again) => {}
                () = self.stop.cancelled() => return Ok(Vec::new()),
            }
        }
    }

    /// Takes and claims, again and again while what was taken turns out to be gone.
    async fn claim_first(
        &self,
        source: &Source,
        amount: Amount,
        worker: Option<&str>,
    ) -> Result<Vec<Task>, QueueError> {
        loop {
            let candidates = match source {
                Source::View(_) => Vec::new(),
                Source::Filter(filter) => self.candidates(filter, amount).await?,
            };
            let permit = self.committer.reserve().await?;
            // From here to `commit` nothing is awaited, so a dropped request cannot lose tasks.
            let taken = match source {
                Source::View(view) => self.take(view.view, amount),
                Source::Filter(_) => self.shard.lock().order.take_ids(&candidates),
            };
            if taken.is_empty() {
                return Ok(Vec::new());
            }
            let unit = Unit { claims: self.claims(&taken, worker), ..Unit::default() };
            let effects = Effects {
                taken: taken.into_iter().map(|taken| (Arc::clone(self.shard), taken)).collect(),
                return_unreceived: true,
                ..Effects::default()
            };
            let outcome = permit.commit(unit, effects).await?;
            let tasks: Vec<_> = outcome.claims.into_iter().filter_map(claimed).collect();
            if !tasks.is_empty() {
                metrics::counter!("hinny_tasks_popped_total", "scheduler" => self.shard.id().shared())
                    .increment(tasks.len() as u64);
                return Ok(tasks);
            }
        }
    }

    fn claims(&self, taken: &[Taken], worker: Option<&str>) -> Vec<Claim> {
        let at = self.clock.now();
        let lease_until = self.shard.config.lease.map(|lease| at.after(lease));
        taken
            .iter()
            .map(|taken| Claim {
                task: taken.id,
                priority: taken.priority,
                ranked_by: taken.ranked_by,
                worker: worker.map(str::to_owned),
                lease_until,
                at,
            })
            .collect()
    }

    fn take(&self, view: ViewId, amount: Amount) -> Vec<Taken> {
        let order = &mut self.shard.lock().order;
        if amount.groups {
            order.take_together(view, amount.single, amount.group)
        } else {
            order.take(view, amount.single)
        }
    }

    /// The first tasks that match a filter which classes cannot decide.
    async fn candidates(&self, filter: &Filter, amount: Amount) -> Result<Vec<TaskId>, QueueError> {
        let mut first = self.first_matching(filter, amount.single).await?;
        if !amount.groups {
            return Ok(first);
        }
        let group = first.first().and_then(|first| self.shard.lock().order.group_of(*first));
        if let Some(group) = group {
            let most = group.len() as u64;
            let scheduler = self.shard.id();
            let matching = self.store.match_queued(scheduler, filter, Some(&group), most).await?;
            return Ok(self.sorted(&matching, amount.group));
        }
        let order = &self.shard.lock().order;
        let grouped = first.iter().position(|id| order.group_of(*id).is_some());
        first.truncate(grouped.unwrap_or(first.len()));
        Ok(first)
    }

    /// Looks among the head of the order first, then among all.
    async fn first_matching(
        &self,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<TaskId>, QueueError> {
        let head = self.shard.lock().order.head(None, SCAN);
        let scheduler = self.shard.id();
        let whole = head.len() < SCAN;
        // Also of an empty queue: a filter that cannot be used is an error always.
        let mut matching =
            self.store.match_queued(scheduler, filter, Some(&head), SCAN as u64).await?;
        if matching.len() < limit && !whole {
            matching = self.store.match_queued(scheduler, filter, None, MATCH_MAX).await?;
        }
        Ok(self.sorted(&matching, limit))
    }

    /// The first of some tasks, in order.
    fn sorted(&self, ids: &[TaskId], limit: usize) -> Vec<TaskId> {
        let mut keys: Vec<_> = {
            let inner = self.shard.lock();
            ids.iter().filter_map(|id| inner.order.key_of(*id)).collect()
        };
        keys.sort_unstable();
        keys.into_iter().take(limit).map(|key| key.id).collect()
    }
}

fn claimed(outcome: ClaimOutcome) -> Option<Task> {
    match outcome {
        ClaimOutcome::Claimed(task) => Some(*task),
        ClaimOutcome::Gone => None,
    }
}
