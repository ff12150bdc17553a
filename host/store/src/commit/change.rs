//! What a change makes of a task: a function of values.

use hinny_core::{
    TaskStatus,
    store::{TaskUpdate, UpdateOutcome},
    task::{Task, TaskChange},
};

/// Whether an update may happen to a task; else why not. The hash is looked at elsewhere.
pub(crate) fn check(task: &Task, update: &TaskUpdate) -> Result<(), UpdateOutcome> {
    if update.change.attempt.is_some_and(|reported| reported != task.attempt) {
        return Err(UpdateOutcome::Stale { current: task.attempt });
    }
    if !update.only_from.is_empty() && !update.only_from.contains(&task.status) {
        return Err(UpdateOutcome::NotNow(task.status));
    }
    if let Some(by) = update.lease_ended_by
        && task.lease_until.is_none_or(|until| until > by)
    {
        return Err(UpdateOutcome::NotNow(task.status));
    }
    match update.change.status {
        Some(next) => {
            task.status.move_to(next, update.rule).map(|_| ()).map_err(UpdateOutcome::Illegal)
        }
        None => Ok(()),
    }
}

/// Makes a change that was checked.
pub(crate) fn apply(task: &mut Task, update: &TaskUpdate) {
    let change = &update.change;
    apply_fields(task, change);
    match change.status {
        Some(next) if next != task.status => enter_status(task, next, update),
        _ if change.reason.is_some() => task.reason.clone_from(&change.reason),
        _ => {}
    }
    if task.status == TaskStatus::Queued && change.not_before.is_some() {
        task.not_before = change.not_before;
    }
    if task.status.is_held() && change.lease_until.is_some() {
        task.lease_until = change.lease_until;
    }
    if task.worker.is_none() && task.status != TaskStatus::Queued {
        task.worker.clone_from(&change.worker);
    }
    task.dead |= change.dead;
}

/// Whether a change touches what is written once, apart from the state.
pub(crate) fn rewrites(change: &TaskChange) -> bool {
    change.priority.is_some()
        || change.data.is_some()
        || change.hash.is_some()
        || change.organisation.is_some()
        || change.schedule.is_some()
        || change.created_at.is_some()
}

fn apply_fields(task: &mut Task, change: &TaskChange) {
    if let Some(priority) = change.priority {
        task.base_priority = Some(priority);
        task.priority = priority;
    }
    if let Some(data) = &change.data {
        task.data.clone_from(data);
    }
    if let Some(hash) = &change.hash {
        task.hash = hash.clone();
    }
    if let Some(organisation) = &change.organisation {
        task.organisation = organisation.clone();
    }
    if let Some(schedule) = change.schedule {
        task.schedule = schedule;
    }
    task.created_at = change.created_at.unwrap_or(task.created_at);
    task.modified_at = change.modified_at.unwrap_or(task.modified_at);
}

/// What belongs to the old status goes, what belongs to the new one comes.
fn enter_status(task: &mut Task, next: TaskStatus, update: &TaskUpdate) {
    task.status = next;
    task.reason.clone_from(&update.change.reason);
    if next == TaskStatus::Queued {
        task.not_before = update.change.not_before;
    }
    task.finished_at = next.is_terminal().then_some(update.at);
    if !next.is_held() {
        task.lease_until = None;
    }
    if !next.is_terminal() {
        task.dead = false;
    }
}
