//! What goes.

use uuid::Uuid;

use super::{column, messages};
use crate::{
    commit::{Changes, HashKey, Place},
    postgres::sql::Script,
};

const LIVE: &str = "
    DELETE FROM task_live AS l USING unnest(?::text[], ?::text[]) AS i(scheduler, hash)
    WHERE l.scheduler = i.scheduler AND l.hash = i.hash";

const HELD: &str = "
    DELETE FROM task_held AS h
    USING unnest(?::text[], ?::text[], ?::uuid[]) AS i(scheduler, hash, task)
    WHERE h.scheduler = i.scheduler AND h.hash = i.hash AND h.task = i.task";

const UNSUCCESSFUL: &str = "DELETE FROM task_unsuccessful WHERE task = ANY(?::uuid[])";

const UNTOLD: &str = "
    DELETE FROM task_untold AS u USING unnest(?::text[], ?::uuid[]) AS i(scheduler, event)
    WHERE u.scheduler = i.scheduler AND u.event = i.event";

const SEEN: &str = "
    DELETE FROM event_seen AS e USING unnest(?::text[], ?::uuid[]) AS i(scheduler, event)
    WHERE e.scheduler = i.scheduler AND e.event = i.event";

const KEPT: &str = "
    DELETE FROM event_kept AS e USING unnest(?::text[], ?::uuid[]) AS i(scheduler, event)
    WHERE e.scheduler = i.scheduler AND e.event = i.event";

// A changed schedule is removed and made again: so two that swap their hashes never meet.
const SCHEDULES: &str = "DELETE FROM schedule WHERE id = ANY(?::uuid[])";

/// Adds the parts for what goes.
pub(super) fn write(script: &mut Script, changes: &Changes) {
    write_places(script, changes);
    write_messages(script, changes);
    if !changes.schedules.is_empty() {
        script.part(SCHEDULES).bind(changes.schedules.keys().map(|id| id.0).collect::<Vec<_>>());
    }
}

fn write_places(script: &mut Script, changes: &Changes) {
    let gone: Vec<_> = changes.gone(Place::live).collect();
    if !gone.is_empty() {
        let (schedulers, hashes) = keys(gone.iter().map(|row| row.key));
        script.part(LIVE).bind(schedulers).bind(hashes);
    }
    let gone: Vec<_> = changes.gone(Place::held).collect();
    if !gone.is_empty() {
        let (schedulers, hashes) = keys(gone.iter().map(|row| row.key));
        script.part(HELD).bind(schedulers).bind(hashes).bind(column(&gone, |row| row.task.0));
    }
    let reopened: Vec<Uuid> = changes
        .tasks
        .iter()
        .filter(|stored| stored.had_ended() && !stored.is_unsuccessful())
        .map(|stored| stored.task.id.0)
        .collect();
    if !reopened.is_empty() {
        script.part(UNSUCCESSFUL).bind(reopened);
    }
}

fn write_messages(script: &mut Script, changes: &Changes) {
    if !changes.untold_gone.is_empty() {
        let (schedulers, events) = messages(changes.untold_gone.iter());
        script.part(UNTOLD).bind(schedulers).bind(events);
    }
    if !changes.unseen.is_empty() {
        let (schedulers, events) = messages(changes.unseen.iter());
        script.part(SEEN).bind(schedulers).bind(events);
    }
    let dropped = changes.kept.iter().filter(|(_, kept)| kept.is_none()).map(|(key, _)| key);
    let (schedulers, events) = messages(dropped);
    if !events.is_empty() {
        script.part(KEPT).bind(schedulers).bind(events);
    }
}

/// Hashes by column.
pub(super) fn keys<'a>(keys: impl Iterator<Item = &'a HashKey>) -> (Vec<&'a str>, Vec<&'a str>) {
    keys.map(|(scheduler, hash)| (scheduler.as_str(), hash.as_str())).unzip()
}
