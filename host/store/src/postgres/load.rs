//! Looks up what a commit has to know, under the lock of the writer.
//!
//! Everything narrow comes as the rows of one statement, each with what it is; tasks and schedules
//! are one more statement each, if any are wanted. What is only about tasks takes one.

use std::collections::BTreeSet;

use hinny_core::{EventId, ScheduleId, TaskId, store::StoreError};
use sqlx::{PgConnection, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{
    error::meaning,
    row::Columns,
    schedule::{read_schedule, schedule_columns},
    sql::{Script, stored},
    task::{numbered_task, task_columns},
};
use crate::commit::{HashKey, Known, KnownState, StateSlot, StoredTask, Wanted};

/// What a row of the narrow ones is.
mod what {
    pub(super) const SEEN: i16 = 0;
    pub(super) const STATE: i16 = 1;
    pub(super) const ID: i16 = 2;
    pub(super) const LIVE: i16 = 3;
    pub(super) const SCHEDULE_ID: i16 = 4;
    pub(super) const SCHEDULE_LINK: i16 = 5;
    pub(super) const LAST_EVENT: i16 = 6;
}

// The columns of the narrow rows: what it is, scheduler, name, world, id, number, flag.

const SEEN: &str = "
    SELECT 0::smallint, e.scheduler, NULL::text, NULL::text, e.event, e.at, false
    FROM unnest(?::text[], ?::uuid[]) AS i(scheduler, event)
    JOIN event_seen AS e ON e.scheduler = i.scheduler AND e.event = i.event";

const STATES: &str = "
    SELECT 1::smallint, p.scheduler, p.key, p.world, NULL::uuid, p.revision, p.value IS NOT NULL
    FROM unnest(?::text[], ?::text[], ?::text[]) AS i(scheduler, world, key)
    JOIN plugin_state AS p
        ON p.scheduler = i.scheduler AND p.world = i.world AND p.key = i.key";

const IDS: &str = "
    SELECT 2::smallint, NULL::text, NULL::text, NULL::text, t.id, 0::bigint, false
    FROM unnest(?::uuid[]) AS i(id) JOIN task AS t ON t.id = i.id";

const LIVE: &str = "
    SELECT 3::smallint, l.scheduler, l.hash, NULL::text, l.task, 0::bigint, false
    FROM unnest(?::text[], ?::text[]) AS i(scheduler, hash)
    JOIN task_live AS l ON l.scheduler = i.scheduler AND l.hash = i.hash";

const LIVE_LIKE: &str = "
    SELECT 3::smallint, l.scheduler, l.hash, NULL::text, l.task, 0::bigint, false
    FROM unnest(?::uuid[], ?::text[]) AS i(id, hash)
    JOIN task AS t ON t.id = i.id
    JOIN task_live AS l ON l.scheduler = t.scheduler AND l.hash = coalesce(i.hash, t.hash)";

const SCHEDULE_IDS: &str = "
    SELECT 4::smallint, NULL::text, NULL::text, NULL::text, s.id, 0::bigint, false
    FROM unnest(?::uuid[]) AS i(id) JOIN schedule AS s ON s.id = i.id";

const SCHEDULE_LINKS: &str = "
    SELECT 5::smallint, s.scheduler, s.hash, NULL::text, s.id, 0::bigint, false
    FROM unnest(?::text[], ?::text[]) AS i(scheduler, hash)
    JOIN schedule AS s ON s.scheduler = i.scheduler AND s.hash = i.hash";

const LAST_EVENT: &str = "
    SELECT 6::smallint, NULL::text, NULL::text, NULL::text, NULL::uuid,
        coalesce(max(seq), 0), false
    FROM task_event";

// The number of the last step comes last, so that nothing else need be asked for most changes.
const TASKS: &str = concat!(
    "SELECT ",
    task_columns!(),
    ", (SELECT coalesce(max(seq), 0) FROM task_event) AS last_event
    FROM unnest($1::uuid[]) AS i(id)
    JOIN task_state AS s ON s.task = i.id
    JOIN task AS t ON t.id = s.task"
);

const SCHEDULES: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM unnest(?::uuid[]) AS i(id) JOIN schedule AS s ON s.id = i.id"
);

const SCHEDULES_BY_HASH: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM unnest(?::text[], ?::text[]) AS i(scheduler, hash)
    JOIN schedule AS s ON s.scheduler = i.scheduler AND s.hash = i.hash"
);

const SCHEDULES_LIKE: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM unnest(?::uuid[], ?::text[]) AS i(id, hash)
    JOIN schedule AS o ON o.id = i.id
    JOIN schedule AS s ON s.scheduler = o.scheduler AND s.hash = i.hash"
);

/// Looks everything up.
pub(crate) async fn load(
    connection: &mut PgConnection,
    wanted: &Wanted,
) -> Result<Known, StoreError> {
    let mut known = Known::default();
    for row in run(narrow(wanted), connection).await? {
        read_narrow(&row, &mut known)?;
    }
    if !wanted.tasks.is_empty() {
        // A task that is named twice is read once.
        let ids: BTreeSet<_> = wanted.tasks.iter().collect();
        let ids: Vec<_> = ids.into_iter().map(|id| id.0).collect();
        let rows = sqlx::query(TASKS).bind(ids).fetch_all(&mut *connection).await;
        for row in &rows.map_err(|error| meaning(&error))? {
            let (event, task) = numbered_task(row)?;
            known.last_event = row.try_get("last_event").map_err(|error| meaning(&error))?;
            known.tasks.insert(task.id, StoredTask::new(task, event));
        }
    }
    for row in run(schedules(wanted), connection).await? {
        known.add_schedule(read_schedule(&row)?);
    }
    Ok(known)
}

async fn run(script: Script, connection: &mut PgConnection) -> Result<Vec<PgRow>, StoreError> {
    script.run(connection).await.map_err(|error| meaning(&error))
}

fn narrow(wanted: &Wanted) -> Script {
    let mut script = Script::of_rows();
    if !wanted.seen.is_empty() {
        let (schedulers, events): (Vec<_>, Vec<_>) =
            wanted.seen.iter().map(|(scheduler, event)| (scheduler.as_str(), event.0)).unzip();
        script.part(SEEN).bind(schedulers).bind(events);
    }
    if !wanted.states.is_empty() {
        let slots = || wanted.states.iter();
        script
            .part(STATES)
            .bind(slots().map(|slot| slot.scheduler.as_str()).collect::<Vec<_>>())
            .bind(slots().map(|slot| slot.world.as_str()).collect::<Vec<_>>())
            .bind(slots().map(|slot| stored(&slot.key)).collect::<Vec<_>>());
    }
    if !wanted.ids.is_empty() {
        script.part(IDS).bind(wanted.ids.iter().map(|id| id.0).collect::<Vec<_>>());
    }
    pairs(&mut script, LIVE, &wanted.live);
    if !wanted.live_like.is_empty() {
        let (ids, hashes): (Vec<_>, Vec<_>) = wanted
            .live_like
            .iter()
            .map(|(id, hash)| (id.0, hash.as_ref().map(hinny_core::TaskHash::as_str)))
            .unzip();
        script.part(LIVE_LIKE).bind(ids).bind(hashes);
    }
    if !wanted.schedule_ids.is_empty() {
        let ids: Vec<_> = wanted.schedule_ids.iter().map(|id| id.0).collect();
        script.part(SCHEDULE_IDS).bind(ids);
    }
    pairs(&mut script, SCHEDULE_LINKS, &wanted.schedule_links);
    // A task that is not found has no next step.
    if wanted.last_event && (wanted.tasks.is_empty() || !script.is_empty()) {
        script.part(LAST_EVENT);
    }
    script
}

fn schedules(wanted: &Wanted) -> Script {
    let mut script = Script::of_rows();
    if !wanted.schedules.is_empty() {
        script.part(SCHEDULES).bind(wanted.schedules.iter().map(|id| id.0).collect::<Vec<_>>());
    }
    pairs(&mut script, SCHEDULES_BY_HASH, &wanted.schedules_by_hash);
    if !wanted.schedules_like.is_empty() {
        let (ids, hashes): (Vec<_>, Vec<_>) =
            wanted.schedules_like.iter().map(|(id, hash)| (id.0, hash.as_str())).unzip();
        script.part(SCHEDULES_LIKE).bind(ids).bind(hashes);
    }
    script
}

fn pairs(script: &mut Script, sql: &'static str, keys: &[HashKey]) {
    if !keys.is_empty() {
        let (schedulers, hashes): (Vec<_>, Vec<_>) =
            keys.iter().map(|(scheduler, hash)| (scheduler.as_str(), hash.as_str())).unzip();
        script.part(sql).bind(schedulers).bind(hashes);
    }
}

fn read_narrow(row: &PgRow, known: &mut Known) -> Result<(), StoreError> {
    let mut columns = Columns::of(row, "what a commit looks up");
    let what: i16 = columns.next()?;
    match what {
        what::SEEN => {
            let scheduler = columns.parse()?;
            let event = EventId(id(&mut columns)?);
            known.seen.insert((scheduler, event), columns.moment()?);
        }
        what::STATE => {
            let (slot, state) = read_state(&mut columns)?;
            known.states.insert(slot, state);
        }
        what::ID => {
            columns.skip(1);
            known.taken.insert(TaskId(id(&mut columns)?));
        }
        what::LIVE => {
            let (key, id) = read_key(&mut columns)?;
            known.live.insert(key, TaskId(id));
        }
        what::SCHEDULE_ID => {
            columns.skip(1);
            known.schedule_ids.insert(ScheduleId(id(&mut columns)?));
        }
        what::SCHEDULE_LINK => {
            let (key, id) = read_key(&mut columns)?;
            known.schedule_by_hash.insert(key, ScheduleId(id));
        }
        what::LAST_EVENT => {
            columns.skip(4);
            known.last_event = columns.next()?;
        }
        // There is no other part.
        _ => {}
    }
    Ok(())
}

/// The id in a row of which the scheduler was read.
fn id(columns: &mut Columns<'_>) -> Result<Uuid, StoreError> {
    columns.skip(2);
    columns.id()
}

fn read_key(columns: &mut Columns<'_>) -> Result<(HashKey, Uuid), StoreError> {
    let key = (columns.parse()?, columns.parse()?);
    columns.skip(1);
    Ok((key, columns.id()?))
}

fn read_state(columns: &mut Columns<'_>) -> Result<(StateSlot, KnownState), StoreError> {
    let (scheduler, key, world) = (columns.parse()?, columns.text()?, columns.word()?);
    columns.skip(1);
    let state = KnownState { revision: columns.number()?, exists: columns.next()? };
    Ok((StateSlot { scheduler, world, key }, state))
}
