//! Switching to another ranker, or ranking everything anew, while pops and pushes go on.
//!
//! 1. The slots are frozen. Chunk by chunk the queued tasks are copied out (a short lock each),
//!    ranked by the new ranker on its own threads, and collected.
//! 2. What has come meanwhile is ranked too, until little is left; then the new order is sorted on a
//!    thread that may be busy. All the while the old order is in use, whole and consistent.
//! 3. The committer makes the last step between two transactions: ranks the few that came last, and
//!    exchanges the orders. From then on the new ranker ranks what comes in.
//!
//! A chunk that the new ranker fails on keeps its ranks, marked as fallback.

use std::{collections::HashMap, panic::resume_unwind, sync::Arc, time::Instant};

use futures::{StreamExt as _, stream};
use hinny_core::{
    Priority, Timestamp,
    input::{Columns, InputRow, InputSpec, InputTable},
    order::{Age, Chunk, Reranked, Reranking},
    ranker::Ranker,
};
use tokio::sync::oneshot;
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use tracing::info;

use crate::{
    commit::{CommitSender, Message},
    prepare::{Preparer, ask},
    rows::Rows,
    shard::Shard,
};

/// Slots that are copied out under one lock: well under a millisecond.
pub(crate) const CHUNK: usize = 4096;

/// Slots whose tasks are looked up under one lock: 32 bytes of each.
const LOOKED_UP: u32 = 1 << 15;

/// Chunks that are read at a time. Pops want all cores, too: what is read in more tasks gets a
/// larger share of them. More than the database has readers only wait.
const AHEAD: usize = 4;

/// Late tasks that may be left for the last step, which holds up commits.
const LATE_MAX: usize = 256;

/// Rounds of ranking late tasks before the last step is made however many are left.
const LATE_ROUNDS: usize = 16;

/// Ranks everything queued, and switches.
pub(crate) struct Reranker {
    pub(crate) shard: Arc<Shard>,
    pub(crate) ranker: Option<Arc<dyn Ranker>>,
    pub(crate) preparer: Preparer,
    pub(crate) committer: CommitSender,
    pub(crate) tracker: TaskTracker,
    /// Ends this one when another begins.
    pub(crate) superseded: CancellationToken,
}

impl Reranker {
    /// Ends when the switch is made, or without effect when it is superseded.
    pub(crate) async fn run(self) {
        let shard = Arc::clone(&self.shard);
        let _permit = shard.switch_permit.lock().await;
        if self.superseded.is_cancelled() {
            return;
        }
        let started = Instant::now();
        let _thaw = Thaw(&shard);
        let total = shard.lock().order.freeze();
        shard.set_progress(0, u64::from(total).max(1));
        let superseded = self.superseded.clone();
        let ranked = tokio::select! {
            () = superseded.cancelled() => return,
            ranked = self.rank_all(total) => ranked,
        };
        let (done, switched) = oneshot::channel();
        let generation = self.generation();
        let switch =
            Switch { shard: Arc::clone(&shard), ranked, ranker: self.ranker, superseded, done };
        self.committer.send(Message::Switch(Box::new(switch))).await;
        if switched.await.is_ok() {
            info!(scheduler.id = %shard.id(), generation, tasks = total, took_ms = started.elapsed().as_millis() as u64, "the queue of `{}` is ranked by generation {generation}", shard.id());
            metrics::histogram!("hinny_rerank_seconds").record(started.elapsed().as_secs_f64());
        }
    }

    fn generation(&self) -> u64 {
        self.ranker.as_ref().map_or(0, |ranker| ranker.generation())
    }

    async fn rank_all(&self, total: u32) -> Ranked {
        // One moment for all, so that equal tasks get equal ranks.
        let now = self.preparer.clock.now();
        let mut ranked = Ranked::new(&self.shard, self.ranker.clone(), now);
        let mut reranking = Reranking::with_capacity(total);
        let (shard, preparer, specs) = (&*self.shard, &self.preparer, ranked.other_inputs());
        let slots = slots_to_read(shard, total, specs.is_some()).await;
        let read = |slots: &[u32]| {
            let (shard, preparer) = (Arc::clone(&self.shard), preparer.clone());
            let (specs, slots) = (specs.clone(), slots.to_vec());
            let reading = async move {
                let chunk = shard.lock().order.chunk(slots, now);
                let rows = rows_of(&preparer, &shard, specs, &chunk).await;
                (chunk, rows)
            };
            // A task of its own: the next chunks are read while one is ranked.
            AbortOnDropHandle::new(self.tracker.spawn(reading))
        };
        let chunks = stream::iter(slots.chunks(CHUNK)).map(read).buffered(AHEAD);
        let mut chunks = std::pin::pin!(chunks.enumerate());
        while let Some((nth, read)) = chunks.next().await {
            let (chunk, rows) = read.unwrap_or_else(|error| resume_unwind(error.into_panic()));
            let ranks = ranked.rank(preparer, shard, &chunk, rows).await;
            reranking.add(&chunk, &ranks.priorities, ranks.fallback);
            shard.set_progress(((nth + 1) * CHUNK).min(slots.len()) as u64, slots.len() as u64);
        }
        for _ in 0..LATE_ROUNDS {
            let late = shard.lock().order.added(now);
            let ranks = ranked.read_and_rank(preparer, shard, &late).await;
            reranking.add(&late, &ranks.priorities, ranks.fallback);
            if late.len() <= LATE_MAX {
                break;
            }
        }
        let generation = self.generation();
        let built = tokio::task::spawn_blocking(move || reranking.build(generation, None)).await;
        ranked.built = built.ok();
        ranked
    }
}

/// All slots, in the order in which chunks of them are best read: when something is read of the
/// database, by the age of the tasks, since a database keeps together what came together.
pub(crate) async fn slots_to_read(shard: &Shard, total: u32, from_database: bool) -> Vec<u32> {
    if !from_database {
        return (0..total).collect();
    }
    let mut ages: Vec<Age> = Vec::with_capacity(total as usize);
    for start in (0..total).step_by(LOOKED_UP as usize) {
        let end = total.min(start.saturating_add(LOOKED_UP));
        ages.append(&mut shard.lock().order.ages(start..end));
        tokio::task::yield_now().await;
    }
    let sorted = tokio::task::spawn_blocking(move || {
        ages.sort_unstable();
        ages.into_iter().map(|age| age.slot).collect()
    });
    sorted.await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// Ends the freeze however the switch ends.
struct Thaw<'a>(&'a Shard);

impl Drop for Thaw<'_> {
    fn drop(&mut self) {
        self.0.lock().order.thaw();
        self.0.set_progress(0, 0);
    }
}

/// The ranks of a chunk.
struct Ranks {
    priorities: Vec<Priority>,
    /// The ranker failed, and these are the ranks that the tasks had.
    fallback: bool,
}

/// What has been ranked so far under the new ranker.
pub(crate) struct Ranked {
    ranker: Option<Arc<dyn Ranker>>,
    now: Timestamp,
    /// The inputs of the new ranker, when it reads other ones than the order has.
    inputs: Option<InputTable>,
    built: Option<Reranked>,
}

impl Ranked {
    pub(crate) fn new(shard: &Shard, ranker: Option<Arc<dyn Ranker>>, now: Timestamp) -> Self {
        let none: Arc<[InputSpec]> = [].into();
        let specs = ranker.as_ref().map_or(none, |ranker| Arc::clone(ranker.inputs()));
        let same = *shard.lock().order.input_specs() == specs;
        // What depends on the last run may have changed since the task came, so it is read anew.
        let reads_last_run = specs.iter().any(InputSpec::reads_last_run);
        let inputs = (!same || reads_last_run).then(|| InputTable::new(specs));
        Self { ranker, now, inputs, built: None }
    }

    /// What the new ranker reads, when that is to be read of each task.
    pub(crate) fn other_inputs(&self) -> Option<Arc<[InputSpec]>> {
        self.inputs.as_ref().and_then(|_| Some(Arc::clone(self.ranker.as_ref()?.inputs())))
    }

    async fn read_and_rank(&mut self, preparer: &Preparer, shard: &Shard, chunk: &Chunk) -> Ranks {
        let rows = rows_of(preparer, shard, self.other_inputs(), chunk).await;
        self.rank(preparer, shard, chunk, rows).await
    }

    /// Ranks a chunk, given the inputs that the order does not have.
    async fn rank(
        &mut self,
        preparer: &Preparer,
        shard: &Shard,
        chunk: &Chunk,
        rows: Rows,
    ) -> Ranks {
        if chunk.is_empty() {
            return Ranks { priorities: Vec::new(), fallback: false };
        }
        let Some(ranker) = self.ranker.clone() else {
            return self.rank_by_host(preparer, chunk).await;
        };
        let columns = self.columns(chunk, &rows);
        ask(shard, &*ranker, self.now, columns).await.map_or_else(
            || Ranks { priorities: chunk.current.clone(), fallback: true },
            |priorities| Ranks { priorities, fallback: false },
        )
    }

    /// What the new ranker reads of a chunk.
    pub(crate) fn columns(&mut self, chunk: &Chunk, rows: &Rows) -> Columns {
        match &mut self.inputs {
            None => chunk.columns.clone(),
            Some(table) => {
                put_rows(table, chunk, rows);
                table.columns(chunk.slots(), self.now)
            }
        }
    }

    /// Without a ranker the asked priorities count, which only the database knows.
    async fn rank_by_host(&self, preparer: &Preparer, chunk: &Chunk) -> Ranks {
        let tasks = preparer.facts_until_there(&chunk.ids).await;
        let asked: HashMap<_, _> = tasks.iter().map(|task| (task.id, task.base_priority)).collect();
        let priorities = chunk
            .ids
            .iter()
            .zip(chunk.created_at())
            .map(|(id, created_at)| {
                hinny_core::ranker::host_priority(asked.get(id).copied().flatten(), created_at)
            })
            .collect();
        Ranks { priorities, fallback: false }
    }
}

pub(crate) async fn rows_of(
    preparer: &Preparer,
    shard: &Shard,
    specs: Option<Arc<[InputSpec]>>,
    chunk: &Chunk,
) -> Rows {
    match specs {
        Some(specs) if !chunk.is_empty() => preparer.rows_of(shard, &specs, chunk).await,
        _ => Rows::new(),
    }
}

fn put_rows(table: &mut InputTable, chunk: &Chunk, rows: &[Option<InputRow>]) {
    for ((slot, created_at), row) in chunk.slots().iter().zip(chunk.created_at()).zip(rows) {
        // A slot may be in two chunks.
        table.clear(*slot);
        if let Some(row) = row {
            table.put(*slot, created_at, row);
        }
    }
}

/// The last step of a switch, made by the committer.
pub(crate) struct Switch {
    shard: Arc<Shard>,
    ranked: Ranked,
    ranker: Option<Arc<dyn Ranker>>,
    superseded: CancellationToken,
    done: oneshot::Sender<()>,
}

impl Switch {
    pub(crate) async fn finish(mut self: Box<Self>, preparer: &Preparer) {
        let Some(mut built) = self.ranked.built.take() else { return };
        if self.superseded.is_cancelled() {
            return;
        }
        let now = self.ranked.now;
        let late = self.shard.lock().order.added(now);
        let ranks = self.ranked.read_and_rank(preparer, &self.shard, &late).await;
        built.inputs = self.ranked.inputs.take();
        let remains = {
            let mut inner = self.shard.lock();
            let priorities: &[Priority] = &ranks.priorities;
            inner.order.switch(built, &late, priorities, ranks.fallback)
        };
        self.shard.set_ranker(self.ranker);
        self.shard.ranked_at.store(now.as_micros(), std::sync::atomic::Ordering::Relaxed);
        // Freeing a million places takes a while.
        drop(tokio::task::spawn_blocking(move || drop(remains)));
        let _ = self.done.send(());
    }
}
