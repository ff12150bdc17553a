//! Taking many tasks off the queue.

use hinny_core::{
    SchedulerId, TaskStatus, Timestamp,
    filter::Filter,
    queue::{CancelRequest, QueueError},
    status::StatusRule,
    store::{Store, TaskUpdate, Unit, UpdateOutcome},
    task::TaskChange,
};

use crate::commit::{CommitSender, Effects};

/// Most tasks that one transaction cancels.
const CHUNK: u64 = 1000;

/// Most tasks that a dry run counts.
const COUNT_MAX: u64 = 10_000_000;

/// Cancels queued tasks that match; the answer is how many. It works in chunks: when it fails half
/// way, the tasks so far stay cancelled, and asking again does the rest.
pub(crate) async fn cancel(
    store: &dyn Store,
    committer: &CommitSender,
    scheduler: &SchedulerId,
    request: &CancelRequest,
    now: Timestamp,
) -> Result<u64, QueueError> {
    if request.dry_run {
        let matching = store.match_queued(scheduler, &request.filter, None, COUNT_MAX).await?;
        return Ok(matching.len() as u64);
    }
    let mut cancelled = 0;
    loop {
        let updates = updates(store, scheduler, &request.filter, &request.reason, now).await?;
        if updates.is_empty() {
            return Ok(cancelled);
        }
        let unit = Unit { updates, ..Unit::default() };
        let outcome = committer.commit(unit, Effects::default()).await?;
        cancelled += count_updated(&outcome.updates);
    }
}

/// The updates that cancel the next chunk.
pub(crate) async fn updates(
    store: &dyn Store,
    scheduler: &SchedulerId,
    filter: &Filter,
    reason: &str,
    at: Timestamp,
) -> Result<Vec<TaskUpdate>, QueueError> {
    let matching = store.match_queued(scheduler, filter, None, CHUNK).await?;
    let update = |task| TaskUpdate {
        task,
        change: TaskChange {
            status: Some(TaskStatus::Cancelled),
            reason: Some(reason.to_owned()),
            ..TaskChange::default()
        },
        rule: StatusRule::Strict,
        only_from: vec![TaskStatus::Queued],
        lease_ended_by: None,
        at,
    };
    Ok(matching.into_iter().map(update).collect())
}

pub(crate) fn count_updated(outcomes: &[UpdateOutcome]) -> u64 {
    outcomes.iter().filter(|outcome| matches!(outcome, UpdateOutcome::Updated { .. })).count()
        as u64
}
