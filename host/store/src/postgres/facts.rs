//! What rankers may read of stored tasks, many at a time.

use std::collections::HashMap;

use hinny_core::{
    Priority, TaskId,
    store::{StoreError, StoredFacts},
};
use sqlx::{PgPool, postgres::PgRow};
use uuid::Uuid;

use super::{error::meaning, row::Columns};

/// Tasks in one answer, so that none is larger than memory likes.
const TOGETHER: usize = 5_000;

const FACTS: &str = "
    SELECT t.id, t.hash, t.organisation, t.kind, t.base_priority, s.attempt, t.created_at, t.data
    FROM unnest($1::uuid[]) AS i(id)
    JOIN task AS t ON t.id = i.id
    JOIN task_state AS s ON s.task = t.id";

const DATA: &str = "
    SELECT t.id, t.data FROM unnest($1::uuid[]) AS i(id) JOIN task AS t ON t.id = i.id";

/// What rankers may read of tasks by id; unknown ids are left out.
pub(crate) async fn facts_by_id(
    readers: &PgPool,
    ids: &[TaskId],
) -> Result<Vec<StoredFacts>, StoreError> {
    let mut facts = Vec::with_capacity(ids.len());
    for together in ids.chunks(TOGETHER) {
        for row in fetch(readers, FACTS, together).await? {
            facts.push(read_facts(&row)?);
        }
    }
    Ok(facts)
}

/// The data of tasks by id, in that order; none where there is no such task.
pub(crate) async fn data_by_id(
    readers: &PgPool,
    ids: &[TaskId],
) -> Result<Vec<Option<String>>, StoreError> {
    let mut data = Vec::with_capacity(ids.len());
    for together in ids.chunks(TOGETHER) {
        let rows = fetch(readers, DATA, together).await?;
        let found: HashMap<Uuid, String> =
            rows.iter().map(read_data).collect::<Result<_, StoreError>>()?;
        data.extend(together.iter().map(|id| found.get(&id.0).cloned()));
    }
    Ok(data)
}

async fn fetch(
    readers: &PgPool,
    statement: &'static str,
    ids: &[TaskId],
) -> Result<Vec<PgRow>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query(statement).bind(ids).fetch_all(readers).await;
    rows.map_err(|error| meaning(&error))
}

fn read_facts(row: &PgRow) -> Result<StoredFacts, StoreError> {
    let mut columns = Columns::of(row, "a task");
    Ok(StoredFacts {
        id: columns.id().map(TaskId)?,
        hash: columns.parse()?,
        organisation: columns.parse()?,
        kind: columns.parse()?,
        base_priority: columns.next::<Option<i64>>()?.map(Priority),
        attempt: columns.number()?,
        created_at: columns.moment()?,
        data: columns.next()?,
    })
}

fn read_data(row: &PgRow) -> Result<(Uuid, String), StoreError> {
    let mut columns = Columns::of(row, "a task");
    Ok((columns.id()?, columns.next()?))
}
