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
    let mut after = None;
    loop {
        let tasks = preparer.store.queued_tasks(shard.id(), after, PAGE).await?;
        let Some(last) = tasks.last().map(|task| task.id) else { break };
        after = Some(last);
        for prepared in preparer.prepare_stored(shard, tasks).await {
            shard.lock().order.insert(&prepared.arrival, now);
        }
    }
    shard.ranked_at.store(now.as_micros(), std::sync::atomic::Ordering::Relaxed);
    let queued = shard.lock().order.len();
    if queued > 0 {
        info!(scheduler.id = %shard.id(), queued, "the queue of `{}` has {queued} tasks", shard.id());
    }
    Ok(())
}
