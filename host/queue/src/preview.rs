//! What a queue would be like under another ranker, while it goes on under its own.
//!
//! Everything queued is ranked by the candidate, chunk by chunk as for a switch, and the two orders
//! are compared. Tasks that come or go meanwhile may be in it or not: nothing is frozen.

use std::{collections::HashMap, sync::Arc};

use hinny_core::{
    Priority, TaskId, Timestamp,
    input::Columns,
    order::Chunk,
    preview::{Compared, Comparison, Mover, Preview, PreviewOptions, compare},
    queue::QueueError,
    ranker::{Explanation, PluginFailure, Ranker},
    task::Task,
};

use crate::{
    prepare::{Preparer, context},
    rerank::{CHUNK, Ranked, rows_of, slots_to_read},
    shard::Shard,
};

/// Looks at a queue through another ranker.
pub(crate) struct Previewer {
    pub(crate) shard: Arc<Shard>,
    pub(crate) candidate: Arc<dyn Ranker>,
    pub(crate) preparer: Preparer,
}

/// What a candidate made of the tasks of a queue.
#[derive(Default)]
struct Tried {
    /// The tasks; those that it failed on with the ranks that they have.
    tasks: Vec<Compared>,
    /// How many it failed on.
    failed: u64,
    /// The first failure.
    failure: Option<PluginFailure>,
}

impl Previewer {
    pub(crate) async fn run(self, options: PreviewOptions) -> Result<Preview, QueueError> {
        let _permit = self.shard.preview_permit.lock().await;
        let now = self.preparer.clock.now();
        let Tried { tasks, failed, failure } = self.try_all(now).await?;
        let (comparison, mut forward, mut back) = compared(tasks, options.movers).await?;
        let current = self.shard.ranker();
        self.explain(forward.iter_mut().chain(&mut back), current.as_deref(), now).await?;
        Ok(Preview {
            scheduler: self.shard.id().clone(),
            current: current.map(|ranker| ranker.title().to_owned()),
            candidate: self.candidate.title().to_owned(),
            failed,
            failure: failure.map(|failure| failure.to_string()),
            comparison,
            forward,
            back,
        })
    }

    async fn try_all(&self, now: Timestamp) -> Result<Tried, QueueError> {
        let mut ranked = Ranked::new(&self.shard, Some(Arc::clone(&self.candidate)), now);
        let mut tried = Tried::default();
        let total = self.shard.lock().order.slots();
        let reads = ranked.other_inputs().is_some();
        let slots = slots_to_read(&self.shard, total, reads).await;
        for slots in slots.chunks(CHUNK) {
            let chunk = self.shard.lock().order.chunk(slots.to_vec(), now);
            if chunk.is_empty() {
                continue;
            }
            let specs = ranked.other_inputs();
            let rows = rows_of(&self.preparer, &self.shard, specs, &chunk).await;
            // In a stop there are no rows, and ranks without inputs would mean nothing.
            if self.preparer.stop.is_cancelled() {
                return Err(QueueError::Stopping);
            }
            self.try_chunk(&chunk, ranked.columns(&chunk, &rows), now, &mut tried).await;
        }
        Ok(tried)
    }

    async fn try_chunk(&self, chunk: &Chunk, columns: Columns, now: Timestamp, tried: &mut Tried) {
        let then = match self.candidate.rank(&context(&self.shard, now), columns).await {
            Ok(priorities) => priorities,
            Err(failure) => {
                tried.failed += chunk.in_order().filter(|in_order| *in_order).count() as u64;
                tried.failure.get_or_insert(failure);
                chunk.current.clone()
            }
        };
        tried.tasks.extend(in_order(chunk, &then));
    }

    /// Has both rankers say why, where they can.
    async fn explain(
        &self,
        movers: impl Iterator<Item = &mut Mover>,
        current: Option<&dyn Ranker>,
        now: Timestamp,
    ) -> Result<(), QueueError> {
        let movers: Vec<_> = movers.collect();
        let ids: Vec<TaskId> = movers.iter().map(|mover| mover.task).collect();
        let tasks = self.preparer.store.tasks_by_id(&ids).await?;
        let tasks: HashMap<_, _> = tasks.into_iter().map(|task| (task.id, task)).collect();
        for mover in movers {
            let Some(task) = tasks.get(&mover.task) else { continue };
            if let Some(current) = current {
                mover.explanation = self.explanation(current, task, now).await;
            }
            mover.candidate_explanation = self.explanation(&*self.candidate, task, now).await;
        }
        Ok(())
    }

    /// None when it does not say: what moves is known all the same.
    async fn explanation(
        &self,
        ranker: &dyn Ranker,
        task: &Task,
        now: Timestamp,
    ) -> Option<Explanation> {
        let columns = self.preparer.columns_of(&self.shard, ranker, task, now).await;
        let explained = ranker.explain(&context(&self.shard, now), columns).await;
        explained.ok()?.into_iter().next()
    }
}

/// The tasks of a chunk that have a place in the order.
fn in_order(chunk: &Chunk, then: &[Priority]) -> impl Iterator<Item = Compared> {
    let tasks = chunk.ids.iter().zip(chunk.organisations()).zip(chunk.created_at());
    let ranks = chunk.current.iter().zip(then).zip(chunk.in_order());
    let compared = tasks.zip(ranks).filter(|(_, (_, in_order))| *in_order);
    compared.map(|(((task, organisation), created_at), ((now, then), _))| Compared {
        task: *task,
        organisation: organisation.cloned(),
        created_at,
        now: *now,
        then: *then,
    })
}

/// Sorting a million tasks takes longer than a request should wait.
async fn compared(
    tasks: Vec<Compared>,
    movers: usize,
) -> Result<(Comparison, Vec<Mover>, Vec<Mover>), QueueError> {
    let comparing = tokio::task::spawn_blocking(move || compare(tasks, movers));
    comparing.await.map_err(|_| QueueError::Stopping)
}
