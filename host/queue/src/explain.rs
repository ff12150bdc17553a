//! What people ask of a queue: its head, and why a task is where it is.

use std::{collections::HashMap, sync::Arc};

use hinny_core::{
    Organisation, TaskId,
    input::Columns,
    order::Order,
    queue::{Explained, Place, QueueError, Rung},
    ranker::Explanation,
    store::Store,
    task::Task,
};

use crate::{
    prepare::{Preparer, context},
    shard::Shard,
};

/// The places of which an explanation says what it would take to have them.
const RUNGS: [usize; 3] = [1, 10, 100];

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
    let (rank, position, ahead, inputs) = {
        let order = &shard.lock().order;
        let now = preparer.clock.now();
        let before = order.position(task.id);
        let ahead = before.map(|before| rungs(order, before)).unwrap_or_default();
        let position = before.map(|before| before as u64 + 1);
        (order.rank_of(task.id), position, ahead, order.inputs_of(task.id, now))
    };
    let (priority, ranked_by) = rank.unwrap_or((task.priority, task.ranked_by));
    Ok(Explained {
        task: task.id,
        position,
        priority,
        ranked_by,
        explanation: ask(preparer, shard, task, inputs).await?,
        ahead,
    })
}

/// What it would take to be among the first, for a task with so many before it.
fn rungs(order: &Order, before: usize) -> Vec<Rung> {
    let head = order.head(None, before.min(RUNGS.into_iter().max().unwrap_or_default()));
    let rung = |position: usize| {
        let (below, _) = order.rank_of(*head.get(position - 1)?)?;
        Some(Rung { position: position as u64, below })
    };
    RUNGS.into_iter().filter_map(rung).collect()
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
