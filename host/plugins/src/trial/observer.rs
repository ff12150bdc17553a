//! Asking the other one, too: how the orders of two rankers differ on live traffic.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use hinny_core::{
    Priority, TaskId, Timestamp,
    input::Columns,
    preview::{Compared, Comparison, compare},
    ranker::{RankContext, Ranker as _},
};
use tokio::sync::mpsc;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::ranker::WasmRanker;

/// Batches that may wait to be compared. Ranking never waits for that.
const WAITING_MAX: usize = 64;

/// Tasks whose two ranks are remembered, the last ones.
const REMEMBERED: usize = 10_000;

/// A batch that one of the two has ranked.
pub(super) struct Observed {
    pub(super) context: RankContext,
    pub(super) created_at: Vec<Timestamp>,
    /// What the other one reads of it.
    pub(super) columns: Columns,
    /// What the one said.
    pub(super) known: Vec<Priority>,
    /// Whether the one is the candidate.
    pub(super) by_candidate: bool,
}

/// Has the other one rank the same tasks.
#[derive(Debug)]
pub(super) struct Observer {
    sender: mpsc::Sender<Observed>,
    pairs: Arc<Mutex<VecDeque<Pair>>>,
    skipped: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    created_at: Timestamp,
    base: Priority,
    candidate: Priority,
}

impl Observer {
    pub(super) fn start(
        base: Arc<WasmRanker>,
        candidate: Arc<WasmRanker>,
        tasks: &TaskTracker,
        stop: CancellationToken,
    ) -> Self {
        let (sender, mut batches) = mpsc::channel::<Observed>(WAITING_MAX);
        let pairs = Arc::new(Mutex::new(VecDeque::new()));
        let remembered = Arc::clone(&pairs);
        // It ends when the trial is dropped, and the sender with it, or in a stop.
        let observing = async move {
            while let Some(mut batch) = batches.recv().await {
                let other = if batch.by_candidate { &base } else { &candidate };
                let columns = std::mem::take(&mut batch.columns);
                // Failures are counted where they happen.
                if let Ok(said) = other.rank(&batch.context, columns).await {
                    remember(&remembered, &batch, &said);
                }
            }
        };
        tasks.spawn(async move {
            stop.run_until_cancelled(observing).await;
        });
        Self { sender, pairs, skipped: AtomicU64::new(0) }
    }

    /// Takes a batch, unless too many wait.
    pub(super) fn watch(&self, batch: impl FnOnce() -> Observed) {
        match self.sender.try_reserve() {
            Ok(place) => place.send(batch()),
            Err(_) => {
                self.skipped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    pub(super) fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    /// How the orders of the remembered tasks differ.
    pub(super) fn comparison(&self) -> Comparison {
        let pairs = self.pairs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let task = |(number, pair): (u128, Pair)| Compared {
            // Who it is does not count: only that each is another.
            task: TaskId(Uuid::from_u128(number)),
            organisation: None,
            created_at: pair.created_at,
            now: pair.base,
            then: pair.candidate,
        };
        let (comparison, ..) = compare((0..).zip(pairs).map(task).collect(), 0);
        Comparison { shares: Vec::new(), ..comparison }
    }
}

fn remember(pairs: &Mutex<VecDeque<Pair>>, batch: &Observed, said: &[Priority]) {
    let mut pairs = pairs.lock().unwrap_or_else(PoisonError::into_inner);
    for ((created_at, known), said) in batch.created_at.iter().zip(&batch.known).zip(said) {
        let (base, candidate) = if batch.by_candidate { (*said, *known) } else { (*known, *said) };
        if pairs.len() == REMEMBERED {
            pairs.pop_front();
        }
        pairs.push_back(Pair { created_at: *created_at, base, candidate });
    }
}
