//! Writes what a commit decided.
//!
//! One statement per table, whatever the number of rows, and all of them in one round trip with
//! the end of the transaction.

use hinny_core::{
    ScheduleId,
    event::{EventState, KeptEvent},
    schedule::Schedule,
    store::StoreError,
};
use sqlx::SqliteConnection;

use super::{
    error::meaning,
    script::Script,
    sql::{Hex, HexId},
};
use crate::commit::{
    Changes, CountKey, Ended, EventRow, HashRow, Place, PushedTask, SeenEvent, StateRow, StateSlot,
    StoredTask, UntoldTask,
};
use crate::word::{missed_name, state_name};

const END: &str = "COMMIT";

/// The rows of the only parameter: `v` is an array of values. Materialised, so that each row is
/// taken out of the document once and not once per column.
macro_rules! rows {
    ($rest:literal) => {
        concat!("WITH i(v) AS MATERIALIZED (SELECT value FROM jsonb_each(?)) ", $rest)
    };
}

const SEEN: &str = rows!(
    "INSERT INTO event_seen (scheduler, event, at)
    SELECT v ->> 0, unhex(v ->> 1), v ->> 2 FROM i WHERE true
    ON CONFLICT DO UPDATE SET at = excluded.at"
);

const UNSEEN: &str = "
    DELETE FROM event_seen WHERE (scheduler, event) IN (
        SELECT value ->> 0, unhex(value ->> 1) FROM json_each(?)
    )";

const STATES: &str = rows!(
    "INSERT INTO plugin_state (scheduler, world, key, revision, value)
    SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, unhex(v ->> 4) FROM i WHERE true
    ON CONFLICT DO UPDATE SET revision = excluded.revision, value = excluded.value"
);

// The rows are there, and the lock is held since they were read: every row is a conflict. Only
// those of an import are new.
const TASK_STATES: &str = rows!(
    "INSERT INTO task_state (task, status, attempt, priority, ranked_by, dead, modified_at,
        finished_at, not_before, lease_until, event, worker, reason)
    SELECT unhex(v ->> 0), v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8,
        v ->> 9, v ->> 10, v ->> 11, v ->> 12
    FROM i WHERE true
    ON CONFLICT DO UPDATE SET status = excluded.status, attempt = excluded.attempt,
        priority = excluded.priority, ranked_by = excluded.ranked_by, dead = excluded.dead,
        modified_at = excluded.modified_at, finished_at = excluded.finished_at,
        not_before = excluded.not_before, lease_until = excluded.lease_until,
        event = excluded.event, worker = excluded.worker, reason = excluded.reason"
);

const TASKS_REWRITTEN: &str = rows!(
    "UPDATE task SET organisation = v ->> 1, hash = v ->> 2, schedule = unhex(v ->> 3),
        base_priority = v ->> 4, created_at = v ->> 5, data = v ->> 6
    FROM i WHERE id = unhex(v ->> 0)"
);

const OPEN_GONE: &str = "
    DELETE FROM task_open WHERE (scheduler, hash, task) IN (
        SELECT value ->> 0, value ->> 1, unhex(value ->> 2) FROM json_each(?)
    )";

const OPEN_NEW: &str = "
    INSERT INTO task_open (scheduler, hash, task)
    SELECT value ->> 0, value ->> 1, unhex(value ->> 2) FROM json_each(?)";

const ENDED: &str = rows!(
    "INSERT INTO hash_history (scheduler, hash, finished_at, status, duration_ms, newest,
        newest_created_at)
    SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, unhex(v ->> 5), v ->> 6
    FROM i WHERE true
    ON CONFLICT DO UPDATE SET
        status = iif(excluded.finished_at >= finished_at, excluded.status, status),
        duration_ms = iif(excluded.finished_at >= finished_at, excluded.duration_ms, duration_ms),
        finished_at = max(excluded.finished_at, finished_at),
        newest = iif(excluded.newest_created_at >= newest_created_at, excluded.newest, newest),
        newest_created_at = max(excluded.newest_created_at, newest_created_at)"
);

const UNTOLD_GONE: &str = "
    DELETE FROM task_untold WHERE (scheduler, event) IN (
        SELECT value ->> 0, unhex(value ->> 1) FROM json_each(?)
    )";

// What was told once is not told again, however often the task ends in the same attempt.
const UNTOLD_NEW: &str = rows!(
    "INSERT INTO task_untold (scheduler, event, task, finished_at)
    SELECT v ->> 0, unhex(v ->> 1), unhex(v ->> 2), v ->> 3 FROM i
    WHERE NOT EXISTS (
        SELECT 1 FROM event_seen WHERE scheduler = v ->> 0 AND event = unhex(v ->> 1)
    )
    ON CONFLICT DO NOTHING"
);

const TASKS_NEW: &str = rows!(
    "INSERT INTO task (id, scheduler, organisation, kind, hash, schedule, base_priority,
        created_at, data)
    SELECT unhex(v ->> 0), v ->> 1, v ->> 2, v ->> 3, v ->> 4, unhex(v ->> 5), v ->> 6, v ->> 7,
        v ->> 8
    FROM i"
);

const TASK_STATES_NEW: &str = rows!(
    "INSERT INTO task_state (task, status, attempt, priority, ranked_by, dead, modified_at,
        not_before, event)
    SELECT unhex(v ->> 0), 1, 0, v ->> 1, v ->> 2, 0, v ->> 3, v ->> 4, v ->> 5 FROM i"
);

const EVENTS: &str = rows!(
    "INSERT INTO task_event (seq, previous, task, at, status, attempt, worker, reason)
    SELECT v ->> 0, nullif(v ->> 1, 0), unhex(v ->> 2), v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7
    FROM i"
);

const SCHEDULES_GONE: &str = "
    DELETE FROM schedule WHERE id IN (SELECT unhex(value) FROM json_each(?))";

const SCHEDULES: &str = rows!(
    "INSERT INTO schedule (id, scheduler, organisation, hash, enabled, cron, time_zone,
        deadline_at, missed, created_at, modified_at, data)
    SELECT unhex(v ->> 0), v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8,
        v ->> 9, v ->> 10, v ->> 11
    FROM i"
);

const KEPT_GONE: &str = "
    DELETE FROM event_kept WHERE (scheduler, event) IN (
        SELECT value ->> 0, unhex(value ->> 1) FROM json_each(?)
    )";

const KEPT: &str = rows!(
    "INSERT INTO event_kept (scheduler, event, source, at, delivery, state, retry_at, reason,
        content_type, attributes, body)
    SELECT v ->> 0, unhex(v ->> 1), v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8,
        v ->> 9, unhex(v ->> 10)
    FROM i WHERE true
    ON CONFLICT DO UPDATE SET delivery = excluded.delivery, state = excluded.state,
        retry_at = excluded.retry_at, reason = excluded.reason"
);

const COUNTS: &str = rows!(
    "INSERT INTO task_count (scheduler, organisation, kind, status, hour, count)
    SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, v ->> 5 FROM i WHERE true
    ON CONFLICT DO UPDATE SET count = count + excluded.count"
);

/// Those whose cost must not grow with what is stored.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    SEEN,
    UNSEEN,
    STATES,
    TASK_STATES,
    TASKS_REWRITTEN,
    OPEN_GONE,
    OPEN_NEW,
    ENDED,
    UNTOLD_GONE,
    UNTOLD_NEW,
    TASKS_NEW,
    TASK_STATES_NEW,
    EVENTS,
    SCHEDULES_GONE,
    SCHEDULES,
    KEPT_GONE,
    KEPT,
    COUNTS,
];

/// Writes everything and commits, in one round trip.
pub(crate) async fn save(
    connection: &mut SqliteConnection,
    changes: &Changes,
) -> Result<(), StoreError> {
    let script = write(changes).map_err(|error| meaning(&error))?;
    script.run(connection).await.map(|_| ()).map_err(|error| meaning(&error))
}

fn write(changes: &Changes) -> Result<Script, sqlx::Error> {
    let mut script = Script::default();
    write_guards(&mut script, changes)?;
    write_tasks(&mut script, changes)?;
    write_imports(&mut script, changes)?;
    write_schedules(&mut script, changes)?;
    write_pushes(&mut script, changes)?;
    script.step_each(EVENTS, changes.events.iter().map(event_row))?;
    write_kept(&mut script, changes)?;
    script.step_each(COUNTS, changes.counts.iter().map(count_row))?;
    script.step(END);
    Ok(script)
}

fn write_guards(script: &mut Script, changes: &Changes) -> Result<(), sqlx::Error> {
    script.step_each(SEEN, changes.seen.iter().map(seen_row))?;
    let unseen = changes.unseen.iter();
    script
        .step_each(UNSEEN, unseen.map(|(scheduler, event)| (scheduler.as_str(), HexId(event.0))))?;
    script.step_each(STATES, changes.states.iter().map(state_row))
}

fn write_tasks(script: &mut Script, changes: &Changes) -> Result<(), sqlx::Error> {
    script.step_each(TASK_STATES, changes.tasks.iter().map(task_state_row))?;
    let rewritten = changes.tasks.iter().filter(|stored| stored.rewritten);
    script.step_each(TASKS_REWRITTEN, rewritten.map(rewritten_row))?;
    script.step_each(OPEN_GONE, changes.gone(Place::open).map(open_row))?;
    script.step_each(OPEN_NEW, changes.come(Place::open).map(open_row))?;
    script.step_each(ENDED, changes.ended.iter().map(ended_row))?;
    let gone = changes.untold_gone.iter();
    script.step_each(
        UNTOLD_GONE,
        gone.map(|(scheduler, event)| (scheduler.as_str(), HexId(event.0))),
    )?;
    script.step_each(UNTOLD_NEW, changes.untold_new.iter().map(untold_row))
}

fn write_imports(script: &mut Script, changes: &Changes) -> Result<(), sqlx::Error> {
    script.step_each(TASKS_NEW, changes.imported.iter().map(imported_row))?;
    script.step_each(TASK_STATES, changes.imported.iter().map(task_state_row))
}

/// A changed schedule is removed and made again: so two that swap their hashes never meet.
fn write_schedules(script: &mut Script, changes: &Changes) -> Result<(), sqlx::Error> {
    script.step_each(SCHEDULES_GONE, changes.schedules.keys().map(|id| HexId(id.0)))?;
    script.step_each(SCHEDULES, changes.schedules.values().flatten().map(schedule_row))
}

fn write_pushes(script: &mut Script, changes: &Changes) -> Result<(), sqlx::Error> {
    let pushed = || changes.pushed.iter();
    script.step_each(TASKS_NEW, pushed().map(task_row))?;
    script.step_each(TASK_STATES_NEW, pushed().map(new_state_row))?;
    script.step_each(
        OPEN_NEW,
        pushed().map(|push| {
            (push.task.scheduler.as_str(), push.task.hash.as_str(), HexId(push.task.id.0))
        }),
    )
}

fn write_kept(script: &mut Script, changes: &Changes) -> Result<(), sqlx::Error> {
    let gone = changes.kept.iter().filter(|(_, kept)| kept.is_none());
    script.step_each(
        KEPT_GONE,
        gone.map(|((scheduler, event), _)| (scheduler.as_str(), HexId(event.0))),
    )?;
    let attributes: Vec<_> = changes
        .kept
        .values()
        .flatten()
        .map(|kept| Ok((kept, serde_json::to_string(&kept.message.attributes)?)))
        .collect::<Result<_, serde_json::Error>>()
        .map_err(|error| sqlx::Error::Encode(error.into()))?;
    script.step_each(KEPT, attributes.iter().map(|(kept, attributes)| kept_row(kept, attributes)))
}

fn open_row(row: HashRow<'_>) -> (&str, &str, HexId) {
    let (scheduler, hash) = row.key;
    (scheduler.as_str(), hash.as_str(), HexId(row.task.0))
}

fn seen_row(seen: &SeenEvent) -> impl serde::Serialize {
    (seen.scheduler.as_str(), HexId(seen.event.0), seen.at.as_micros())
}

fn state_row<'a>((slot, row): (&'a StateSlot, &'a StateRow)) -> impl serde::Serialize + 'a {
    (
        slot.scheduler.as_str(),
        slot.world.as_str(),
        &slot.key,
        row.revision,
        row.value.as_deref().map(Hex),
    )
}

fn task_state_row(stored: &StoredTask) -> impl serde::Serialize + '_ {
    let task = &stored.task;
    (
        HexId(task.id.0),
        task.status.code(),
        task.attempt,
        task.priority.0,
        task.ranked_by.code(),
        i8::from(task.dead),
        task.modified_at.as_micros(),
        task.finished_at.map(hinny_core::Timestamp::as_micros),
        task.not_before.map(hinny_core::Timestamp::as_micros),
        task.lease_until.map(hinny_core::Timestamp::as_micros),
        stored.event,
        &task.worker,
        &task.reason,
    )
}

fn rewritten_row(stored: &StoredTask) -> impl serde::Serialize + '_ {
    let task = &stored.task;
    (
        HexId(task.id.0),
        task.organisation.as_str(),
        task.hash.as_str(),
        hex_if_any(task.schedule),
        task.base_priority,
        task.created_at.as_micros(),
        task.data.get(),
    )
}

fn ended_row(ended: &Ended) -> impl serde::Serialize + '_ {
    (
        ended.key.0.as_str(),
        ended.key.1.as_str(),
        ended.run.finished_at.as_micros(),
        ended.run.status.code(),
        ended.run.duration_ms,
        HexId(ended.task.0),
        ended.created_at.as_micros(),
    )
}

fn untold_row(untold: &UntoldTask) -> impl serde::Serialize + '_ {
    (
        untold.scheduler.as_str(),
        HexId(untold.event.0),
        HexId(untold.task.0),
        untold.finished_at.as_micros(),
    )
}

fn task_row(push: &PushedTask) -> impl serde::Serialize + '_ {
    let task = &push.task;
    (
        HexId(task.id.0),
        task.scheduler.as_str(),
        task.organisation.as_str(),
        task.kind.as_str(),
        task.hash.as_str(),
        hex_if_any(push.schedule),
        task.base_priority,
        task.created_at.as_micros(),
        task.data.get(),
    )
}

fn imported_row(stored: &StoredTask) -> impl serde::Serialize + '_ {
    let task = &stored.task;
    (
        HexId(task.id.0),
        task.scheduler.as_str(),
        task.organisation.as_str(),
        task.kind.as_str(),
        task.hash.as_str(),
        hex_if_any(task.schedule),
        task.base_priority,
        task.created_at.as_micros(),
        task.data.get(),
    )
}

fn new_state_row(push: &PushedTask) -> impl serde::Serialize + '_ {
    let task = &push.task;
    (
        HexId(task.id.0),
        task.priority,
        task.ranked_by.code(),
        task.created_at.as_micros(),
        task.not_before.map(hinny_core::Timestamp::as_micros),
        push.event,
    )
}

fn event_row(event: &EventRow) -> impl serde::Serialize + '_ {
    (
        event.seq,
        event.previous,
        HexId(event.task.0),
        event.at.as_micros(),
        event.status.code(),
        event.attempt,
        &event.worker,
        &event.reason,
    )
}

fn schedule_row(schedule: &Schedule) -> impl serde::Serialize + '_ {
    (
        HexId(schedule.id.0),
        schedule.scheduler.as_str(),
        schedule.organisation.as_str(),
        schedule.hash.as_str(),
        i8::from(schedule.enabled),
        &schedule.cron,
        &schedule.time_zone,
        schedule.deadline_at.map(hinny_core::Timestamp::as_micros),
        missed_name(schedule.missed),
        schedule.created_at.as_micros(),
        schedule.modified_at.as_micros(),
        schedule.data.get(),
    )
}

fn kept_row<'a>(kept: &'a KeptEvent, attributes: &'a str) -> impl serde::Serialize + 'a {
    let message = &kept.message;
    let retry_at = kept.retry_at.filter(|_| kept.state == EventState::Waiting);
    (
        kept.scheduler.as_str(),
        HexId(message.id.0),
        &message.source,
        message.at.as_micros(),
        message.delivery,
        state_name(kept.state),
        retry_at.map(hinny_core::Timestamp::as_micros),
        &kept.reason,
        &message.content_type,
        attributes,
        Hex(&message.body),
    )
}

fn count_row<'a>((key, by): (&'a CountKey, &'a i64)) -> impl serde::Serialize + 'a {
    (
        key.scheduler.as_str(),
        key.organisation.as_str(),
        key.kind.as_str(),
        key.status.code(),
        key.hour,
        by,
    )
}

fn hex_if_any(id: Option<ScheduleId>) -> Option<HexId> {
    id.map(|id| HexId(id.0))
}
