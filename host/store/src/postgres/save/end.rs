//! What is noted before anything new comes: handled messages, values of plugins, ended tasks.

use std::collections::{BTreeMap, HashSet};

use super::{column, gone::keys};
use crate::{
    commit::{Changes, Ended, HashKey},
    postgres::sql::{Script, stored},
};

const SEEN: &str = "
    INSERT INTO event_seen (scheduler, event, at)
    SELECT * FROM unnest(?::text[], ?::uuid[], ?::bigint[])
    ON CONFLICT (scheduler, event) DO UPDATE SET at = excluded.at";

const STATES: &str = "
    INSERT INTO plugin_state (scheduler, world, key, revision, value)
    SELECT * FROM unnest(?::text[], ?::text[], ?::text[], ?::bigint[], ?::bytea[])
    ON CONFLICT (scheduler, world, key)
        DO UPDATE SET revision = excluded.revision, value = excluded.value";

const ENDED: &str = "
    INSERT INTO hash_history AS h (scheduler, hash, finished_at, status, duration_ms, newest,
        newest_created_at)
    SELECT * FROM unnest(?::text[], ?::text[], ?::bigint[], ?::smallint[], ?::bigint[], ?::uuid[],
        ?::bigint[])
    ON CONFLICT (scheduler, hash) DO UPDATE SET
        status = CASE WHEN excluded.finished_at >= h.finished_at
            THEN excluded.status ELSE h.status END,
        duration_ms = CASE WHEN excluded.finished_at >= h.finished_at
            THEN excluded.duration_ms ELSE h.duration_ms END,
        finished_at = greatest(excluded.finished_at, h.finished_at),
        newest = CASE WHEN excluded.newest_created_at >= h.newest_created_at
            THEN excluded.newest ELSE h.newest END,
        newest_created_at = greatest(excluded.newest_created_at, h.newest_created_at)";

/// Adds the parts for what is noted.
pub(super) fn write(script: &mut Script, changes: &Changes) {
    write_seen(script, changes);
    if !changes.states.is_empty() {
        let slots = || changes.states.keys();
        let rows = || changes.states.values();
        script
            .part(STATES)
            .bind(slots().map(|slot| slot.scheduler.as_str()).collect::<Vec<_>>())
            .bind(slots().map(|slot| slot.world.as_str()).collect::<Vec<_>>())
            .bind(slots().map(|slot| stored(&slot.key)).collect::<Vec<_>>())
            .bind(rows().map(|row| row.revision.cast_signed()).collect::<Vec<_>>())
            .bind(rows().map(|row| row.value.as_deref()).collect::<Vec<_>>());
    }
    if !changes.ended.is_empty() {
        write_ended(script, &changes.ended);
    }
}

/// One part cannot write a mark that another removes, so those that go at once are left out.
fn write_seen(script: &mut Script, changes: &Changes) {
    let unseen: HashSet<_> = changes.unseen.iter().collect();
    let seen: Vec<_> = changes
        .seen
        .iter()
        .filter(|seen| unseen.is_empty() || !unseen.contains(&(seen.scheduler.clone(), seen.event)))
        .collect();
    if !seen.is_empty() {
        script
            .part(SEEN)
            .bind(column(&seen, |seen| seen.scheduler.as_str()))
            .bind(column(&seen, |seen| seen.event.0))
            .bind(column(&seen, |seen| seen.at.as_micros()));
    }
}

/// What one row of the history becomes by all that ended in the commit: a part writes it once.
struct History<'a> {
    last: &'a Ended,
    newest: &'a Ended,
}

fn write_ended(script: &mut Script, ended: &[Ended]) {
    let mut histories: BTreeMap<&HashKey, History<'_>> = BTreeMap::new();
    for end in ended {
        let history = histories.entry(&end.key).or_insert(History { last: end, newest: end });
        if end.run.finished_at >= history.last.run.finished_at {
            history.last = end;
        }
        if end.created_at >= history.newest.created_at {
            history.newest = end;
        }
    }
    let (schedulers, hashes) = keys(histories.keys().copied());
    let rows: Vec<_> = histories.into_values().collect();
    script
        .part(ENDED)
        .bind(schedulers)
        .bind(hashes)
        .bind(column(&rows, |row| row.last.run.finished_at.as_micros()))
        .bind(column(&rows, |row| row.last.run.status.code()))
        .bind(column(&rows, |row| row.last.run.duration_ms.cast_signed()))
        .bind(column(&rows, |row| row.newest.task.0))
        .bind(column(&rows, |row| row.newest.created_at.as_micros()));
}
