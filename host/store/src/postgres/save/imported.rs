//! Tasks that another system made, with a life behind them.

use super::{column, new, task};
use crate::{
    commit::{Changes, StoredTask},
    postgres::sql::Script,
};

const STATES: &str = "
    INSERT INTO task_state (task, status, attempt, priority, ranked_by, dead, modified_at,
        finished_at, not_before, lease_until, event, worker, reason)
    SELECT * FROM unnest(?::uuid[], ?::smallint[], ?::bigint[], ?::bigint[], ?::bigint[],
        ?::boolean[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[],
        ?::text[])";

/// Adds the parts for what an import brings.
pub(super) fn write(script: &mut Script, changes: &Changes) {
    if changes.imported.is_empty() {
        return;
    }
    write_tasks(script, &changes.imported);
    task::write_states(script, STATES, &changes.imported);
}

fn write_tasks(script: &mut Script, tasks: &[StoredTask]) {
    script
        .part(new::TASKS)
        .bind(column(tasks, |stored| stored.task.id.0))
        .bind(column(tasks, |stored| stored.task.scheduler.as_str()))
        .bind(column(tasks, |stored| stored.task.organisation.as_str()))
        .bind(column(tasks, |stored| stored.task.kind.as_str()))
        .bind(column(tasks, |stored| stored.task.hash.as_str()))
        .bind(column(tasks, |stored| stored.task.schedule.map(|id| id.0)))
        .bind(column(tasks, |stored| stored.task.base_priority.map(|priority| priority.0)))
        .bind(column(tasks, |stored| stored.task.created_at.as_micros()))
        .bind(column(tasks, |stored| stored.task.data.get()));
}
