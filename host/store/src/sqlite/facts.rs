//! What rankers may read of stored tasks, many at a time.
//!
//! The driver hands rows from its thread to ours one value at a time, which costs several times as much as
//! finding them. So the tasks come as one text: a record for each, its fields and the records
//! separated by characters that neither names nor JSON contain.

use hinny_core::{
    Priority, TaskId, Timestamp,
    store::{StoreError, StoredFacts},
};
use sqlx::SqlitePool;

use super::{
    error::meaning,
    sql::{HexId, json},
};

/// Tasks in one text.
const TOGETHER: usize = 1024;

/// Tasks are read from a stretch of the table at most so many times as long as they are many.
const SPREAD_MAX: u64 = 2;

/// Between two tasks.
const RECORD: char = '\u{1e}';

/// Between two values of a task.
const FIELD: char = '\u{1f}';

const FACTS: &str = "
    SELECT string_agg(
        concat_ws(char(31), i.key, t.created_at, s.attempt, ifnull(t.base_priority, ''), t.hash,
            t.organisation, t.kind, t.data),
        char(30))
    FROM json_each(?) AS i
    CROSS JOIN task AS t ON t.id = unhex(i.value)
    CROSS JOIN task_state AS s ON s.task = t.id";

const DATA: &str = "
    SELECT string_agg(concat_ws(char(31), i.key, t.data), char(30))
    FROM json_each(?) AS i
    CROSS JOIN task AS t ON t.id = unhex(i.value)";

/// Where two tasks are in the table, which is in the order in which tasks came.
const PLACES: &str = "
    SELECT (SELECT rowid FROM task WHERE id = ?), (SELECT rowid FROM task WHERE id = ?)";

const DATA_BETWEEN: &str = "
    SELECT string_agg(concat_ws(char(31), hex(id), data), char(30))
    FROM task
    WHERE rowid BETWEEN ? AND ?";

/// Those whose cost must not grow with what is stored.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[FACTS, DATA, PLACES, DATA_BETWEEN];

/// What rankers may read of tasks by id; unknown ids are left out.
pub(crate) async fn facts_by_id(
    readers: &SqlitePool,
    ids: &[TaskId],
) -> Result<Vec<StoredFacts>, StoreError> {
    let mut facts = Vec::with_capacity(ids.len());
    each(readers, FACTS, ids, |at, record| {
        facts.push(read(*ids.get(at)?, record)?);
        Some(())
    })
    .await?;
    Ok(facts)
}

/// The data of tasks by id, in that order; none where there is no such task.
pub(crate) async fn data_by_id(
    readers: &SqlitePool,
    ids: &[TaskId],
) -> Result<Vec<Option<String>>, StoreError> {
    let mut data = Vec::with_capacity(ids.len());
    for together in ids.chunks(TOGETHER) {
        let between = data_between(readers, together).await?;
        data.extend(between.unwrap_or_else(|| vec![None; together.len()]));
    }
    let (missing, mut places): (Vec<_>, Vec<_>) =
        ids.iter().zip(&mut data).filter(|(_, data)| data.is_none()).unzip();
    if missing.is_empty() {
        return Ok(data);
    }
    each(readers, DATA, &missing, |at, document| {
        **places.get_mut(at)? = Some(document.to_owned());
        Some(())
    })
    .await?;
    Ok(data)
}

/// The data of tasks that lie close together in the table, read from there without looking for
/// each: half the work. None when they are too far apart; those that are elsewhere are left out.
async fn data_between(
    readers: &SqlitePool,
    ids: &[TaskId],
) -> Result<Option<Vec<Option<String>>>, StoreError> {
    let [first, .., last] = ids else { return Ok(None) };
    let fetched = async {
        let mut connection = readers.acquire().await?;
        let (first, last): (Option<i64>, Option<i64>) =
            sqlx::query_as(PLACES).bind(first.0).bind(last.0).fetch_one(&mut *connection).await?;
        let (Some(first), Some(last)) = (first, last) else { return Ok(None) };
        let len = ids.len() as i64;
        if first.abs_diff(last) > ids.len() as u64 * SPREAD_MAX {
            return Ok(None);
        }
        // Tasks that came at about the same time need not be in the order of their age.
        let (from, to) = (first.min(last) - len / 8, first.max(last) + len / 8);
        sqlx::query_scalar::<_, Option<String>>(DATA_BETWEEN)
            .bind(from)
            .bind(to)
            .fetch_one(&mut *connection)
            .await
    };
    let Some(text) = fetched.await.map_err(|error| meaning(&error))? else { return Ok(None) };
    let mut places: Vec<_> = ids.iter().zip(0..).collect();
    places.sort_unstable();
    let mut data = vec![None; ids.len()];
    for record in text.split(RECORD) {
        let (id, document) = record.split_once(FIELD).ok_or_else(|| corrupt(record))?;
        let id = id.parse().map(TaskId).map_err(|_| corrupt(record))?;
        let place = places.binary_search_by_key(&&id, |(id, _)| id);
        let found = place.ok().and_then(|place| data.get_mut(places.get(place)?.1));
        if let Some(found) = found {
            *found = Some(document.to_owned());
        }
    }
    Ok(Some(data))
}

/// Hands over each record, with the place of its id. `None` from `take`: it cannot be read.
async fn each(
    readers: &SqlitePool,
    statement: &'static str,
    ids: &[TaskId],
    mut take: impl FnMut(usize, &str) -> Option<()>,
) -> Result<(), StoreError> {
    let mut connection = readers.acquire().await.map_err(|error| meaning(&error))?;
    for (nth, together) in ids.chunks(TOGETHER).enumerate() {
        let asked = json(&together.iter().map(|id| HexId(id.0)).collect::<Vec<_>>())?;
        let text: Option<String> = sqlx::query_scalar(statement)
            .bind(asked)
            .fetch_one(&mut *connection)
            .await
            .map_err(|error| meaning(&error))?;
        for record in text.iter().flat_map(|text| text.split(RECORD)) {
            let taken = record
                .split_once(FIELD)
                .and_then(|(at, rest)| take(nth * TOGETHER + at.parse::<usize>().ok()?, rest));
            taken.ok_or_else(|| corrupt(record))?;
        }
    }
    Ok(())
}

fn read(id: TaskId, record: &str) -> Option<StoredFacts> {
    let mut fields = record.splitn(7, FIELD);
    let mut next = || fields.next();
    Some(StoredFacts {
        id,
        created_at: Timestamp::from_micros(next()?.parse().ok()?),
        attempt: next()?.parse().ok()?,
        base_priority: match next()? {
            "" => None,
            asked => Some(Priority(asked.parse().ok()?)),
        },
        hash: next()?.to_owned().try_into().ok()?,
        organisation: next()?.to_owned().try_into().ok()?,
        kind: next()?.to_owned().try_into().ok()?,
        data: next()?.to_owned(),
    })
}

fn corrupt(record: &str) -> StoreError {
    let shown: String = record.chars().take(200).collect();
    StoreError::Corrupt { what: "a task".to_owned(), why: format!("it reads {shown:?}") }
}
