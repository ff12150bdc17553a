//! What changes of tasks that are there already.

use hinny_core::{TaskStatus, Timestamp, task::Task};

use super::column;
use crate::{
    commit::{Changes, StoredTask},
    postgres::sql::{Script, stored},
};

// The rows are there, and the lock is held since they were read.
const STATES: &str = "
    UPDATE task_state AS s SET status = i.status, attempt = i.attempt, priority = i.priority,
        ranked_by = i.ranked_by, dead = i.dead, modified_at = i.modified_at,
        finished_at = i.finished_at, not_before = i.not_before, lease_until = i.lease_until,
        event = i.event, worker = i.worker, reason = i.reason
    FROM unnest(?::uuid[], ?::smallint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::boolean[],
        ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::text[])
        AS i(task, status, attempt, priority, ranked_by, dead, modified_at, finished_at,
            not_before, lease_until, event, worker, reason)
    WHERE s.task = i.task";

const REWRITTEN: &str = "
    UPDATE task AS t SET organisation = i.organisation, hash = i.hash, schedule = i.schedule,
        base_priority = i.base_priority, created_at = i.created_at, data = i.data
    FROM unnest(?::uuid[], ?::text[], ?::text[], ?::uuid[], ?::bigint[], ?::bigint[], ?::text[])
        AS i(id, organisation, hash, schedule, base_priority, created_at, data)
    WHERE t.id = i.id";

// The way to completed tasks is filled from the steps in their lives, and this is none.
const COMPLETED: &str = "
    INSERT INTO task_completed (scheduler, organisation, created_at, task)
    SELECT * FROM unnest(?::text[], ?::text[], ?::bigint[], ?::uuid[])
    ON CONFLICT DO NOTHING";

/// Adds the parts for tasks that are there already.
pub(super) fn write(script: &mut Script, changes: &Changes) {
    if !changes.tasks.is_empty() {
        write_states(script, STATES, &changes.tasks);
    }
    let rewritten: Vec<&Task> =
        changes.tasks.iter().filter(|stored| stored.rewritten).map(|stored| &stored.task).collect();
    if !rewritten.is_empty() {
        write_rewritten(script, &rewritten);
        write_completed(script, &rewritten);
    }
}

/// Adds a part that takes everything that changes in the life of tasks.
pub(super) fn write_states(script: &mut Script, sql: &'static str, tasks: &[StoredTask]) {
    script
        .part(sql)
        .bind(column(tasks, |row| row.task.id.0))
        .bind(column(tasks, |row| row.task.status.code()))
        .bind(column(tasks, |row| i64::from(row.task.attempt)))
        .bind(column(tasks, |row| row.task.priority.0))
        .bind(column(tasks, |row| row.task.ranked_by.code()))
        .bind(column(tasks, |row| row.task.dead))
        .bind(column(tasks, |row| row.task.modified_at.as_micros()))
        .bind(column(tasks, |row| row.task.finished_at.map(Timestamp::as_micros)))
        .bind(column(tasks, |row| row.task.not_before.map(Timestamp::as_micros)))
        .bind(column(tasks, |row| row.task.lease_until.map(Timestamp::as_micros)))
        .bind(column(tasks, |row| row.event))
        .bind(column(tasks, |row| row.task.worker.as_deref().map(stored)))
        .bind(column(tasks, |row| row.task.reason.as_deref().map(stored)));
}

fn write_rewritten(script: &mut Script, tasks: &[&Task]) {
    script
        .part(REWRITTEN)
        .bind(column(tasks, |task| task.id.0))
        .bind(column(tasks, |task| task.organisation.as_str()))
        .bind(column(tasks, |task| task.hash.as_str()))
        .bind(column(tasks, |task| task.schedule.map(|id| id.0)))
        .bind(column(tasks, |task| task.base_priority.map(|priority| priority.0)))
        .bind(column(tasks, |task| task.created_at.as_micros()))
        .bind(column(tasks, |task| task.data.get()));
}

fn write_completed(script: &mut Script, rewritten: &[&Task]) {
    let tasks = rewritten.iter().filter(|task| task.status == TaskStatus::Completed);
    let tasks: Vec<_> = tasks.collect();
    if !tasks.is_empty() {
        script
            .part(COMPLETED)
            .bind(column(&tasks, |task| task.scheduler.as_str()))
            .bind(column(&tasks, |task| task.organisation.as_str()))
            .bind(column(&tasks, |task| task.created_at.as_micros()))
            .bind(column(&tasks, |task| task.id.0));
    }
}
