//! Which queued tasks a filter matches.

use hinny_core::{SchedulerId, TaskId, filter::Filter, store::StoreError};
use sqlx::{QueryBuilder, SqlitePool};

use super::{
    filter::{ABILITIES, push},
    list::fetch,
    row::Columns,
    sql::{HexId, json},
};
use crate::{
    filter::{Tables, queued_predicate},
    word::clamp,
};

/// The ids of queued tasks that match: among some, in their order; else among all, by id.
pub(crate) async fn match_queued(
    readers: &SqlitePool,
    scheduler: &SchedulerId,
    filter: &Filter,
    among: Option<&[TaskId]>,
    limit: u64,
) -> Result<Vec<TaskId>, StoreError> {
    let predicate = queued_predicate(filter, ABILITIES)?;
    let mut sql = QueryBuilder::new("SELECT s.task FROM ");
    let order = if let Some(ids) = among {
        let ids = json(&ids.iter().map(|id| HexId(id.0)).collect::<Vec<_>>())?;
        sql.push("json_each(").push_bind(ids).push(") AS i ");
        sql.push("CROSS JOIN task_state AS s ON s.task = unhex(i.value) ");
        "i.key"
    } else {
        sql.push("task_state AS s INDEXED BY task_queued ");
        "s.task"
    };
    sql.push("CROSS JOIN task AS t ON t.id = s.task WHERE s.status = 1 AND t.scheduler = ");
    sql.push_bind(scheduler.as_str()).push(" AND ");
    push(&mut sql, Tables::Tasks, &predicate);
    sql.push(" ORDER BY ").push(order).push(" LIMIT ").push_bind(clamp(limit));
    let rows = fetch(readers, sql).await?;
    rows.iter().map(|row| Columns::of(row, "a task").id().map(TaskId)).collect()
}
