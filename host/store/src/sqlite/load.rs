//! Looks up what a commit has to know, under the lock of the writer.

use std::collections::BTreeSet;

use hinny_core::{EventId, ScheduleId, SchedulerId, TaskId, Timestamp, store::StoreError};
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::{
    error::meaning,
    row::Columns,
    schedule::{read_schedule, schedule_columns},
    script::{Answers, Script},
    sql::HexId,
    task::{numbered_task, task_columns},
};
use crate::commit::{HashKey, Known, KnownState, StateSlot, StoredTask, Wanted};

/// Takes the lock of the writer before anything is read, so that what is read stays so.
const BEGIN: &str = "BEGIN IMMEDIATE";

const SEEN: &str = "
    SELECT e.scheduler, e.event, e.at FROM json_each(?) AS i
    CROSS JOIN event_seen AS e
        ON e.scheduler = i.value ->> 0 AND e.event = unhex(i.value ->> 1)";

const STATES: &str = "
    SELECT p.scheduler, p.world, p.key, p.revision, p.value IS NOT NULL
    FROM json_each(?) AS i
    CROSS JOIN plugin_state AS p
        ON p.scheduler = i.value ->> 0 AND p.world = i.value ->> 1 AND p.key = i.value ->> 2";

const TASKS: &str = concat!(
    "SELECT ",
    task_columns!(),
    " FROM json_each(?) AS i
    CROSS JOIN task_state AS s ON s.task = unhex(i.value)
    CROSS JOIN task AS t ON t.id = s.task"
);

const IDS: &str = "
    SELECT t.id FROM json_each(?) AS i CROSS JOIN task AS t ON t.id = unhex(i.value)";

const LIVE: &str = "
    SELECT l.scheduler, l.hash, l.task FROM json_each(?) AS i
    CROSS JOIN task_open AS l ON l.scheduler = i.value ->> 0 AND l.hash = i.value ->> 1
    CROSS JOIN task_state AS s ON s.task = l.task
    WHERE s.status = 1";

const LIVE_LIKE: &str = "
    SELECT l.scheduler, l.hash, l.task FROM json_each(?) AS i
    CROSS JOIN task AS t ON t.id = unhex(i.value ->> 0)
    CROSS JOIN task_open AS l
        ON l.scheduler = t.scheduler AND l.hash = coalesce(i.value ->> 1, t.hash)
    CROSS JOIN task_state AS s ON s.task = l.task
    WHERE s.status = 1";

const SCHEDULES: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM json_each(?) AS i CROSS JOIN schedule AS s ON s.id = unhex(i.value)"
);

const SCHEDULES_BY_HASH: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM json_each(?) AS i
    CROSS JOIN schedule AS s ON s.scheduler = i.value ->> 0 AND s.hash = i.value ->> 1"
);

const SCHEDULES_LIKE: &str = concat!(
    "SELECT ",
    schedule_columns!(),
    " FROM json_each(?) AS i
    CROSS JOIN schedule AS o ON o.id = unhex(i.value ->> 0)
    CROSS JOIN schedule AS s ON s.scheduler = o.scheduler AND s.hash = i.value ->> 1"
);

const SCHEDULE_IDS: &str = "
    SELECT s.id FROM json_each(?) AS i CROSS JOIN schedule AS s ON s.id = unhex(i.value)";

const SCHEDULE_LINKS: &str = "
    SELECT s.scheduler, s.hash, s.id FROM json_each(?) AS i
    CROSS JOIN schedule AS s ON s.scheduler = i.value ->> 0 AND s.hash = i.value ->> 1";

const LAST_EVENT: &str = "SELECT coalesce(max(seq), 0) FROM task_event";

/// Those whose cost must not grow with what is stored.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[
    SEEN,
    STATES,
    TASKS,
    IDS,
    LIVE,
    LIVE_LIKE,
    SCHEDULES,
    SCHEDULES_BY_HASH,
    SCHEDULES_LIKE,
    SCHEDULE_IDS,
    SCHEDULE_LINKS,
    LAST_EVENT,
];

/// Begins the transaction and looks everything up, in one round trip.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    wanted: &Wanted,
) -> Result<Known, StoreError> {
    let script = begin(wanted).map_err(|error| meaning(&error))?;
    let mut answers = script.run(connection).await.map_err(|error| meaning(&error))?;
    answers.next();
    read(wanted, &mut answers)
}

fn begin(wanted: &Wanted) -> Result<Script, sqlx::Error> {
    let mut script = Script::default();
    script.step(BEGIN);
    let seen = wanted.seen.iter().map(|(scheduler, event)| (scheduler.as_str(), HexId(event.0)));
    script.step_each(SEEN, seen)?;
    let states = wanted.states.iter();
    script.step_each(
        STATES,
        states.map(|slot| (slot.scheduler.as_str(), slot.world.as_str(), &slot.key)),
    )?;
    // A task that is named twice is read once.
    script.step_each(TASKS, wanted.tasks.iter().collect::<BTreeSet<_>>().into_iter().map(id))?;
    script.step_each(IDS, wanted.ids.iter().map(id))?;
    script.step_each(LIVE, wanted.live.iter().map(pair))?;
    let like = wanted.live_like.iter();
    script.step_each(LIVE_LIKE, like.map(|(task, hash)| (HexId(task.0), hash)))?;
    script.step_each(SCHEDULES, wanted.schedules.iter().map(|id| HexId(id.0)))?;
    script.step_each(SCHEDULES_BY_HASH, wanted.schedules_by_hash.iter().map(pair))?;
    let like = wanted.schedules_like.iter();
    script.step_each(SCHEDULES_LIKE, like.map(|(id, hash)| (HexId(id.0), hash)))?;
    script.step_each(SCHEDULE_IDS, wanted.schedule_ids.iter().map(|id| HexId(id.0)))?;
    script.step_each(SCHEDULE_LINKS, wanted.schedule_links.iter().map(pair))?;
    if wanted.last_event {
        script.step(LAST_EVENT);
    }
    Ok(script)
}

fn id(id: &TaskId) -> HexId {
    HexId(id.0)
}

fn pair((scheduler, hash): &HashKey) -> (&str, &str) {
    (scheduler.as_str(), hash.as_str())
}

/// Reads the answers in the order of the statements.
fn read(wanted: &Wanted, answers: &mut Answers) -> Result<Known, StoreError> {
    let mut known = Known::default();
    let mut rows_if = |wanted: bool| if wanted { answers.next() } else { Vec::new() };
    known.seen = all(rows_if(!wanted.seen.is_empty()), seen)?;
    known.states = all(rows_if(!wanted.states.is_empty()), state)?;
    known.tasks = all(rows_if(!wanted.tasks.is_empty()), |row| {
        numbered_task(row).map(|(event, task)| (task.id, StoredTask::new(task, event)))
    })?;
    known.taken = all(rows_if(!wanted.ids.is_empty()), |row| one_id(row).map(TaskId))?;
    known.live = all(rows_if(!wanted.live.is_empty()), live)?;
    known.live.extend(all::<_, Vec<_>>(rows_if(!wanted.live_like.is_empty()), live)?);
    for listed in [
        wanted.schedules.is_empty(),
        wanted.schedules_by_hash.is_empty(),
        wanted.schedules_like.is_empty(),
    ] {
        let schedules: Vec<_> = all(rows_if(!listed), read_schedule)?;
        for schedule in schedules {
            known.add_schedule(schedule);
        }
    }
    let ids = rows_if(!wanted.schedule_ids.is_empty());
    known.schedule_ids.extend(all::<_, Vec<_>>(ids, |row| one_id(row).map(ScheduleId))?);
    let links = rows_if(!wanted.schedule_links.is_empty());
    known.schedule_by_hash.extend(all::<_, Vec<_>>(links, link)?);
    if let Some(row) = rows_if(wanted.last_event).first() {
        known.last_event = Columns::of(row, "the last step").next()?;
    }
    Ok(known)
}

fn all<T, C: FromIterator<T>>(
    rows: impl AsRef<[SqliteRow]>,
    read: impl Fn(&SqliteRow) -> Result<T, StoreError>,
) -> Result<C, StoreError> {
    rows.as_ref().iter().map(read).collect()
}

fn seen(row: &SqliteRow) -> Result<((SchedulerId, EventId), Timestamp), StoreError> {
    let mut columns = Columns::of(row, "a handled message");
    Ok(((columns.parse()?, columns.id().map(EventId)?), columns.moment()?))
}

fn state(row: &SqliteRow) -> Result<(StateSlot, KnownState), StoreError> {
    let mut columns = Columns::of(row, "a value of a plugin");
    let slot =
        StateSlot { scheduler: columns.parse()?, world: columns.word()?, key: columns.next()? };
    Ok((slot, KnownState { revision: columns.number()?, exists: columns.next()? }))
}

fn live(row: &SqliteRow) -> Result<(HashKey, TaskId), StoreError> {
    let mut columns = Columns::of(row, "a live task");
    Ok(((columns.parse()?, columns.parse()?), columns.id().map(TaskId)?))
}

fn link(row: &SqliteRow) -> Result<(HashKey, ScheduleId), StoreError> {
    let mut columns = Columns::of(row, "a schedule");
    Ok(((columns.parse()?, columns.parse()?), columns.id().map(ScheduleId)?))
}

fn one_id(row: &SqliteRow) -> Result<uuid::Uuid, StoreError> {
    Columns::of(row, "an id").id()
}
