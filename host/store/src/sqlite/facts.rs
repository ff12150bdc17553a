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
const TOGETHER: usize = 512;

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

/// Those whose cost must not grow with what is stored.
#[cfg(test)]
pub(super) const STATEMENTS: &[&str] = &[FACTS, DATA];

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
    let mut data = vec![None; ids.len()];
    each(readers, DATA, ids, |at, document| {
        *data.get_mut(at)? = Some(document.to_owned());
        Some(())
    })
    .await?;
    Ok(data)
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
