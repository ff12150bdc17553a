//! What is new.

use hinny_core::{
    Timestamp,
    event::{EventState, KeptEvent},
    schedule::Schedule,
    store::StoreError,
};
use uuid::Uuid;

use super::{column, gone::keys};
use crate::{
    commit::{Changes, CountKey, EventRow, Place, PushedTask},
    postgres::sql::{Script, json, stored},
    word::{missed_name, state_name},
};

pub(super) const TASKS: &str = "
    INSERT INTO task (id, scheduler, organisation, kind, hash, schedule, base_priority, created_at,
        data)
    SELECT * FROM unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::text[], ?::uuid[],
        ?::bigint[], ?::bigint[], ?::text[])";

const STATES: &str = "
    INSERT INTO task_state (task, status, attempt, priority, ranked_by, dead, modified_at,
        not_before, event)
    SELECT i.task, 1, 0, i.priority, i.ranked_by, false, i.modified_at, i.not_before, i.event
    FROM unnest(?::uuid[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])
        AS i(task, priority, ranked_by, modified_at, not_before, event)";

const LIVE: &str = "
    INSERT INTO task_live (scheduler, hash, task)
    SELECT * FROM unnest(?::text[], ?::text[], ?::uuid[])";

const HELD: &str = "
    INSERT INTO task_held (scheduler, hash, task)
    SELECT * FROM unnest(?::text[], ?::text[], ?::uuid[])";

const UNSUCCESSFUL: &str = "
    INSERT INTO task_unsuccessful (task) SELECT unnest(?::uuid[]) ON CONFLICT (task) DO NOTHING";

// What was told once is not told again, however often the task ends in the same attempt.
const UNTOLD: &str = "
    INSERT INTO task_untold (scheduler, event, task, finished_at)
    SELECT i.* FROM unnest(?::text[], ?::uuid[], ?::uuid[], ?::bigint[])
        AS i(scheduler, event, task, finished_at)
    WHERE NOT EXISTS (
        SELECT 1 FROM event_seen AS e WHERE e.scheduler = i.scheduler AND e.event = i.event
    )
    ON CONFLICT (scheduler, event) DO NOTHING";

const EVENTS: &str = "
    INSERT INTO task_event (seq, previous, task, at, status, attempt, worker, reason)
    SELECT * FROM unnest(?::bigint[], ?::bigint[], ?::uuid[], ?::bigint[], ?::smallint[],
        ?::bigint[], ?::text[], ?::text[])";

const SCHEDULES: &str = "
    INSERT INTO schedule (id, scheduler, organisation, hash, enabled, cron, time_zone,
        deadline_at, missed, created_at, modified_at, data)
    SELECT * FROM unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::boolean[], ?::text[],
        ?::text[], ?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::text[])";

const KEPT: &str = "
    INSERT INTO event_kept (scheduler, event, source, at, delivery, state, retry_at, reason,
        content_type, attributes, body)
    SELECT * FROM unnest(?::text[], ?::uuid[], ?::text[], ?::bigint[], ?::bigint[], ?::text[],
        ?::bigint[], ?::text[], ?::text[], ?::text[], ?::bytea[])
    ON CONFLICT (scheduler, event) DO UPDATE SET delivery = excluded.delivery,
        state = excluded.state, retry_at = excluded.retry_at, reason = excluded.reason";

const COUNTS: &str = "
    INSERT INTO task_count AS c (scheduler, organisation, kind, status, hour, count)
    SELECT * FROM unnest(?::text[], ?::text[], ?::text[], ?::smallint[], ?::bigint[], ?::bigint[])
    ON CONFLICT (scheduler, organisation, kind, status, hour)
        DO UPDATE SET count = c.count + excluded.count";

/// The attributes of kept messages, as they are stored.
pub(super) fn attributes(changes: &Changes) -> Result<Vec<String>, StoreError> {
    changes.kept.values().flatten().map(|kept| json(&kept.message.attributes)).collect()
}

/// Adds the parts for what is new.
pub(super) fn write(script: &mut Script, changes: &Changes, attributes: &[String]) {
    if !changes.pushed.is_empty() {
        write_tasks(script, &changes.pushed);
    }
    write_places(script, changes);
    if !changes.events.is_empty() {
        write_events(script, &changes.events);
    }
    let schedules: Vec<_> = changes.schedules.values().flatten().collect();
    if !schedules.is_empty() {
        write_schedules(script, &schedules);
    }
    let kept: Vec<_> = changes.kept.values().flatten().map(|kept| &**kept).collect();
    if !kept.is_empty() {
        write_kept(script, &kept, attributes);
    }
    let counts: Vec<_> = changes.counts.iter().collect();
    if !counts.is_empty() {
        write_counts(script, &counts);
    }
}

fn write_tasks(script: &mut Script, pushed: &[PushedTask]) {
    script
        .part(TASKS)
        .bind(column(pushed, |push| push.task.id.0))
        .bind(column(pushed, |push| push.task.scheduler.as_str()))
        .bind(column(pushed, |push| push.task.organisation.as_str()))
        .bind(column(pushed, |push| push.task.kind.as_str()))
        .bind(column(pushed, |push| push.task.hash.as_str()))
        .bind(column(pushed, |push| push.schedule.map(|id| id.0)))
        .bind(column(pushed, |push| push.task.base_priority.map(|priority| priority.0)))
        .bind(column(pushed, |push| push.task.created_at.as_micros()))
        .bind(column(pushed, |push| push.task.data.get()));
    script
        .part(STATES)
        .bind(column(pushed, |push| push.task.id.0))
        .bind(column(pushed, |push| push.task.priority.0))
        .bind(column(pushed, |push| push.task.ranked_by.code()))
        .bind(column(pushed, |push| push.task.created_at.as_micros()))
        .bind(column(pushed, |push| push.task.not_before.map(Timestamp::as_micros)))
        .bind(column(pushed, |push| push.event));
}

fn write_places(script: &mut Script, changes: &Changes) {
    let live: Vec<_> = changes.come(Place::live).collect();
    let (mut schedulers, mut hashes) = keys(live.iter().map(|row| row.key));
    let mut tasks = column(&live, |row| row.task.0);
    schedulers.extend(changes.pushed.iter().map(|push| push.task.scheduler.as_str()));
    hashes.extend(changes.pushed.iter().map(|push| push.task.hash.as_str()));
    tasks.extend(changes.pushed.iter().map(|push| push.task.id.0));
    if !tasks.is_empty() {
        script.part(LIVE).bind(schedulers).bind(hashes).bind(tasks);
    }
    let held: Vec<_> = changes.come(Place::held).collect();
    if !held.is_empty() {
        let (schedulers, hashes) = keys(held.iter().map(|row| row.key));
        script.part(HELD).bind(schedulers).bind(hashes).bind(column(&held, |row| row.task.0));
    }
    let unsuccessful: Vec<Uuid> = changes
        .tasks
        .iter()
        .chain(&changes.imported)
        .filter(|stored| stored.is_unsuccessful())
        .map(|stored| stored.task.id.0)
        .collect();
    if !unsuccessful.is_empty() {
        script.part(UNSUCCESSFUL).bind(unsuccessful);
    }
    let untold = &changes.untold_new;
    if !untold.is_empty() {
        script
            .part(UNTOLD)
            .bind(column(untold, |end| end.scheduler.as_str()))
            .bind(column(untold, |end| end.event.0))
            .bind(column(untold, |end| end.task.0))
            .bind(column(untold, |end| end.finished_at.as_micros()));
    }
}

fn write_events(script: &mut Script, events: &[EventRow]) {
    script
        .part(EVENTS)
        .bind(column(events, |event| event.seq))
        .bind(column(events, |event| (event.previous != 0).then_some(event.previous)))
        .bind(column(events, |event| event.task.0))
        .bind(column(events, |event| event.at.as_micros()))
        .bind(column(events, |event| event.status.code()))
        .bind(column(events, |event| i64::from(event.attempt)))
        .bind(column(events, |event| event.worker.as_deref().map(stored)))
        .bind(column(events, |event| event.reason.as_deref().map(stored)));
}

fn write_schedules(script: &mut Script, schedules: &[&Schedule]) {
    script
        .part(SCHEDULES)
        .bind(column(schedules, |schedule| schedule.id.0))
        .bind(column(schedules, |schedule| schedule.scheduler.as_str()))
        .bind(column(schedules, |schedule| schedule.organisation.as_str()))
        .bind(column(schedules, |schedule| schedule.hash.as_str()))
        .bind(column(schedules, |schedule| schedule.enabled))
        .bind(column(schedules, |schedule| schedule.cron.as_deref().map(stored)))
        .bind(column(schedules, |schedule| stored(&schedule.time_zone)))
        .bind(column(schedules, |schedule| schedule.deadline_at.map(Timestamp::as_micros)))
        .bind(column(schedules, |schedule| missed_name(schedule.missed)))
        .bind(column(schedules, |schedule| schedule.created_at.as_micros()))
        .bind(column(schedules, |schedule| schedule.modified_at.as_micros()))
        .bind(column(schedules, |schedule| schedule.data.get()));
}

fn write_kept(script: &mut Script, kept: &[&KeptEvent], attributes: &[String]) {
    let retry_at = |kept: &&KeptEvent| {
        let waits = kept.retry_at.filter(|_| kept.state == EventState::Waiting);
        waits.map(Timestamp::as_micros)
    };
    script
        .part(KEPT)
        .bind(column(kept, |kept| kept.scheduler.as_str()))
        .bind(column(kept, |kept| kept.message.id.0))
        .bind(column(kept, |kept| stored(&kept.message.source)))
        .bind(column(kept, |kept| kept.message.at.as_micros()))
        .bind(column(kept, |kept| i64::from(kept.message.delivery)))
        .bind(column(kept, |kept| state_name(kept.state)))
        .bind(column(kept, retry_at))
        .bind(column(kept, |kept| stored(&kept.reason)))
        .bind(column(kept, |kept| stored(&kept.message.content_type)))
        .bind(attributes)
        .bind(column(kept, |kept| kept.message.body.as_slice()));
}

fn write_counts(script: &mut Script, counts: &[(&CountKey, &i64)]) {
    script
        .part(COUNTS)
        .bind(column(counts, |(key, _)| key.scheduler.as_str()))
        .bind(column(counts, |(key, _)| key.organisation.as_str()))
        .bind(column(counts, |(key, _)| key.kind.as_str()))
        .bind(column(counts, |(key, _)| key.status.code()))
        .bind(column(counts, |(key, _)| key.hour))
        .bind(column(counts, |(_, by)| **by));
}
