//! Which queued tasks a filter matches.

use hinny_core::{SchedulerId, TaskId, filter::Filter, store::StoreError};
use sqlx::{PgPool, QueryBuilder};

use super::{
    filter::{ABILITIES, push},
    list::fetch,
    row::Columns,
};
use crate::{
    filter::{Tables, queued_predicate},
    word::clamp,
};

/// The ids of queued tasks that match: among some, in their order; else among all, by id.
pub(crate) async fn match_queued(
    readers: &PgPool,
    scheduler: &SchedulerId,
    filter: &Filter,
    among: Option<&[TaskId]>,
    limit: u64,
) -> Result<Vec<TaskId>, StoreError> {
    let predicate = queued_predicate(filter, ABILITIES)?;
    let mut sql = QueryBuilder::new("SELECT s.task FROM ");
    let order = if let Some(ids) = among {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        sql.push("unnest(").push_bind(ids).push("::uuid[]) WITH ORDINALITY AS i(task, place) ");
        sql.push("JOIN task_state AS s ON s.task = i.task ");
        "i.place"
    } else {
        sql.push("task_live AS l JOIN task_state AS s ON s.task = l.task ");
        "s.task"
    };
    sql.push("JOIN task AS t ON t.id = s.task WHERE s.status = 1 AND t.scheduler = ");
    sql.push_bind(scheduler.as_str()).push(" AND ");
    push(&mut sql, Tables::Tasks, &predicate);
    sql.push(" ORDER BY ").push(order).push(" LIMIT ").push_bind(clamp(limit));
    let rows = fetch(readers, sql).await?;
    rows.iter().map(|row| Columns::of(row, "a task").id().map(TaskId)).collect()
}
