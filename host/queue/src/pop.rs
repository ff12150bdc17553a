//! Handing out tasks.

use std::{sync::Arc, time::Duration};

use hinny_core::{
    Clock, TaskId,
    filter::Filter,
    order::{Taken, ViewId},
    queue::{PopRequest, QueueError},
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
        let config = &self.shard.config;
        let limit = request.limit.unwrap_or(config.pop_default).min(config.pop_max) as usize;
        if limit == 0 {
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
            let tasks = self.claim_first(&source, limit, request.worker.as_deref()).await?;
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
        limit: usize,
        worker: Option<&str>,
    ) -> Result<Vec<Task>, QueueError> {
        loop {
            let candidates = match source {
                Source::View(_) => Vec::new(),
                Source::Filter(filter) => self.candidates(filter, limit).await?,
            };
            let permit = self.committer.reserve().await?;
            // From here to `commit` nothing is awaited, so a dropped request cannot lose tasks.
            let taken = match source {
                Source::View(view) => self.shard.lock().order.take(view.view, limit),
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

    /// The first tasks that match a filter which classes cannot decide: among the head of the order
    /// first, then among all.
    async fn candidates(&self, filter: &Filter, limit: usize) -> Result<Vec<TaskId>, QueueError> {
        let head = self.shard.lock().order.head(SCAN);
        if head.is_empty() {
            return Ok(head);
        }
        let scheduler = self.shard.id();
        let whole = head.len() < SCAN;
        let mut matching =
            self.store.match_queued(scheduler, filter, Some(&head), SCAN as u64).await?;
        if matching.len() < limit && !whole {
            matching = self.store.match_queued(scheduler, filter, None, MATCH_MAX).await?;
        }
        let mut keys: Vec<_> = {
            let inner = self.shard.lock();
            matching.iter().filter_map(|id| inner.order.key_of(*id)).collect()
        };
        keys.sort_unstable();
        Ok(keys.into_iter().take(limit).map(|key| key.id).collect())
    }
}

fn claimed(outcome: ClaimOutcome) -> Option<Task> {
    match outcome {
        ClaimOutcome::Claimed(task) => Some(*task),
        ClaimOutcome::Gone => None,
    }
}
