//! What people ask of a queue: its head, and why a task is where it is.

use std::{collections::HashMap, sync::Arc};

use hinny_core::{
    Organisation, TaskId,
    input::Columns,
    queue::{Explained, Place, QueueError},
    ranker::Explanation,
    store::Store,
    task::Task,
};

use crate::{
    prepare::{Preparer, context},
    shard::Shard,
};

/// The first places of the order.
pub(crate) async fn head(
    store: &dyn Store,
    shard: &Shard,
    organisation: Option<&Organisation>,
    limit: u32,
) -> Result<Vec<Place>, QueueError> {
    let ids = shard.lock().order.head(organisation, limit as usize);
    let tasks = store.tasks_by_id(&ids).await?;
    let mut tasks: HashMap<TaskId, Task> = tasks.into_iter().map(|task| (task.id, task)).collect();
    let places = (1..).zip(&ids).filter_map(|(position, id)| {
        let mut task = tasks.remove(id)?;
        if let Some((priority, ranked_by)) = shard.lock().order.rank_of(*id) {
            task.priority = priority;
            task.ranked_by = ranked_by;
        }
        Some(Place { position, task })
    });
    Ok(places.collect())
}

/// Why a task is where it is.
pub(crate) async fn explain(
    preparer: &Preparer,
    shard: &Arc<Shard>,
    task: &Task,
) -> Result<Explained, QueueError> {
    let (rank, position, inputs) = {
        let inner = shard.lock();
        let now = preparer.clock.now();
        let position = inner.order.position(task.id).map(|before| before as u64 + 1);
        (inner.order.rank_of(task.id), position, inner.order.inputs_of(task.id, now))
    };
    let (priority, ranked_by) = rank.unwrap_or((task.priority, task.ranked_by));
    Ok(Explained {
        task: task.id,
        position,
        priority,
        ranked_by,
        explanation: ask(preparer, shard, task, inputs).await?,
    })
}

async fn ask(
    preparer: &Preparer,
    shard: &Arc<Shard>,
    task: &Task,
    inputs: Option<Columns>,
) -> Result<Option<Explanation>, QueueError> {
    let Some(ranker) = shard.ranker() else { return Ok(None) };
    let now = preparer.clock.now();
    let columns = if let Some(columns) = inputs {
        columns
    } else {
        preparer.columns_of(shard, &*ranker, task, now).await
    };
    let explanations = ranker.explain(&context(shard, now), columns).await?;
    Ok(explanations.into_iter().next())
}
