//! Filling the queue at start.

use std::sync::Arc;

use hinny_core::store::StoreError;
use tracing::info;

use crate::{prepare::Preparer, shard::Shard};

/// Tasks that are read and ranked together.
const PAGE: u32 = 4096;

/// Reads and ranks everything that is queued in the database.
pub(crate) async fn load(preparer: &Preparer, shard: &Arc<Shard>) -> Result<(), StoreError> {
    let now = preparer.clock.now();
    let page = |after| preparer.store.queued_tasks(shard.id(), after, PAGE);
    let mut tasks = page(None).await?;
    while let Some(last) = tasks.last().map(|task| task.id) {
        // The database reads the next page while this one is ranked.
        let (ranked, next) = tokio::join!(preparer.prepare_stored(shard, tasks), page(Some(last)));
        for prepared in ranked {
            shard.lock().order.insert(&prepared.arrival, now);
        }
        tasks = next?;
    }
    shard.ranked_at.store(now.as_micros(), std::sync::atomic::Ordering::Relaxed);
    let queued = shard.lock().order.len();
    if queued > 0 {
        info!(scheduler.id = %shard.id(), queued, "the queue of `{}` has {queued} tasks", shard.id());
    }
    Ok(())
}
