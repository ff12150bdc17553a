//! One scheduler's queue: its order, who waits for it, and who ranks it.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwapOption;
use hinny_core::{
    SchedulerId, TaskId, Timestamp,
    order::{Arrival, Order},
    queue::{Progress, QueueConfig},
    ranker::Ranker,
};
use tokio_util::sync::CancellationToken;

use crate::waiters::Waiters;

/// One scheduler's queue.
pub(crate) struct Shard {
    pub(crate) config: QueueConfig,
    pub(crate) waiters: Waiters,
    inner: Mutex<Inner>,
    /// Who ranks new tasks; always the one that ranked the order, but for a moment in a switch.
    ranker: ArcSwapOption<Arc<dyn Ranker>>,
    last_activity: AtomicI64,
    /// When everything was last ranked, for rankers whose priorities move with time.
    pub(crate) ranked_at: AtomicI64,
    /// How far a switch is: tasks ranked, tasks in all; total 0: none.
    progress: (AtomicU64, AtomicU64),
    /// Ends the switch that is under way.
    pub(crate) switching: Mutex<CancellationToken>,
    /// Held by the switch that is under way.
    pub(crate) switch_permit: tokio::sync::Mutex<()>,
    /// A preview copies what it looks at, so there is one at a time.
    pub(crate) preview_permit: tokio::sync::Mutex<()>,
}

/// What the lock of a shard guards. It is never held over an `.await`.
pub(crate) struct Inner {
    pub(crate) order: Order,
    /// Room that was promised to pushes that are being committed.
    pub(crate) reserved: usize,
    /// Tasks that are queued in the database and are being ranked on their way into the order.
    pub(crate) pending: HashSet<TaskId>,
}

impl Inner {
    /// Tasks that are queued, or about to be.
    pub(crate) fn queued(&self) -> usize {
        self.order.len() + self.pending.len()
    }
}

impl Shard {
    pub(crate) fn new(config: QueueConfig, ranker: Option<Arc<dyn Ranker>>) -> Self {
        let order = match &ranker {
            Some(ranker) => Order::new(ranker.generation(), Arc::clone(ranker.inputs())),
            None => Order::new(0, [].into()),
        };
        Self {
            config,
            waiters: Waiters::default(),
            inner: Mutex::new(Inner { order, reserved: 0, pending: HashSet::new() }),
            ranker: ArcSwapOption::new(ranker.map(Arc::new)),
            last_activity: AtomicI64::new(0),
            ranked_at: AtomicI64::new(0),
            progress: (AtomicU64::new(0), AtomicU64::new(0)),
            switching: Mutex::new(CancellationToken::new()),
            switch_permit: tokio::sync::Mutex::new(()),
            preview_permit: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn id(&self) -> &SchedulerId {
        &self.config.scheduler
    }

    /// The order and what belongs to it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic under the lock leaves trees that are whole; going on beats stopping the queue.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn ranker(&self) -> Option<Arc<dyn Ranker>> {
        self.ranker.load().as_deref().map(Arc::clone)
    }

    pub(crate) fn set_ranker(&self, ranker: Option<Arc<dyn Ranker>>) {
        self.ranker.store(ranker.map(Arc::new));
    }

    /// Puts a task into the order and wakes who waits for it.
    pub(crate) fn arrive(&self, inner: &mut Inner, arrival: &Arrival, now: Timestamp) {
        let views = inner.order.insert(arrival, now);
        self.waiters.wake(&views);
    }

    pub(crate) fn touch(&self, now: Timestamp) {
        self.last_activity.store(now.as_micros(), Ordering::Relaxed);
    }

    pub(crate) fn last_activity(&self) -> Option<Timestamp> {
        let micros = self.last_activity.load(Ordering::Relaxed);
        (micros > 0).then(|| Timestamp::from_micros(micros))
    }

    pub(crate) fn set_progress(&self, done: u64, total: u64) {
        self.progress.0.store(done, Ordering::Relaxed);
        self.progress.1.store(total, Ordering::Relaxed);
    }

    pub(crate) fn progress(&self) -> Option<Progress> {
        let total = self.progress.1.load(Ordering::Relaxed);
        (total > 0).then(|| Progress { done: self.progress.0.load(Ordering::Relaxed), total })
    }
}
