//! Pages of tasks and schedules.

use hinny_core::{
    schedule::{Schedule, ScheduleQuery},
    store::StoreError,
    task::{Page, Task, TaskQuery, Window},
};
use sqlx::{PgPool, Postgres, QueryBuilder, postgres::PgRow};

use super::{
    completed::Completed,
    error::meaning,
    filter::{ABILITIES, push},
    past::Past,
    schedule::{read_schedule, schedule_columns},
    sql::stored,
    task::{task, task_columns},
    way::{AS_PUSHED, Way, from, is_completed, newest_first, rare_way},
};
use crate::{
    filter::{Column, Operand, Predicate, Tables, schedule_predicate, task_predicate},
    word::clamp,
};

/// What the maintained counts are by.
const COUNTED: &[Column] = &[Column::Scheduler, Column::Organisation, Column::Kind, Column::Status];

/// What stays as it was pushed, but for a correction by hand.
const PUSHED: &[Column] = &[
    Column::Id,
    Column::Scheduler,
    Column::Organisation,
    Column::Kind,
    Column::Hash,
    Column::Data,
    Column::BasePriority,
    Column::CreatedAt,
];

/// When the newest task was created.
const NEWEST: &str = "SELECT max(created_at) FROM task";

/// Up to so many tasks of a rare status are found by their status and then put in order; more are
/// met soon enough on the way through all tasks, newest first.
const RARE_MAX: u64 = 20_000;

/// A page of tasks, newest first.
pub(crate) async fn tasks(
    readers: &PgPool,
    past: &Past,
    completed: &Completed,
    query: &TaskQuery,
    window: Window,
) -> Result<Page<Task>, StoreError> {
    let predicate = task_predicate(query, ABILITIES)?;
    let way = way_of(readers, completed, &predicate).await?;
    let count = count_tasks(readers, past, &predicate, way, window.count_max).await?;
    if window.limit == 0 {
        return Ok(Page { count, items: Vec::new() });
    }
    let mut sql = QueryBuilder::new(concat!("SELECT ", task_columns!()));
    sql.push(from(way));
    if way == Way::Completed {
        push_narrow(&mut sql, &predicate);
    }
    push(&mut sql, Tables::Tasks, &predicate);
    sql.push(newest_first(way));
    push_window(&mut sql, window);
    let rows = fetch(readers, sql).await?;
    Ok(Page { count, items: rows.iter().map(task).collect::<Result<_, _>>()? })
}

/// A page of schedules, newest first.
pub(crate) async fn schedules(
    readers: &PgPool,
    query: &ScheduleQuery,
    window: Window,
) -> Result<Page<Schedule>, StoreError> {
    let predicate = schedule_predicate(query, ABILITIES)?;
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT 1 FROM schedule AS s WHERE ");
    push(&mut sql, Tables::Schedules, &predicate);
    let count = bounded_count(readers, sql, window.count_max).await?;
    if window.limit == 0 {
        return Ok(Page { count, items: Vec::new() });
    }
    let mut sql =
        QueryBuilder::new(concat!("SELECT ", schedule_columns!(), " FROM schedule AS s WHERE "));
    push(&mut sql, Tables::Schedules, &predicate);
    sql.push(" ORDER BY s.created_at DESC, s.id DESC");
    push_window(&mut sql, window);
    let rows = fetch(readers, sql).await?;
    Ok(Page { count, items: rows.iter().map(read_schedule).collect::<Result<_, _>>()? })
}

async fn way_of(
    readers: &PgPool,
    completed: &Completed,
    predicate: &Predicate,
) -> Result<Way, StoreError> {
    if is_completed(predicate) {
        // Their number is known, so this way need not be quick for counting.
        let there = predicate.only_tests(COUNTED) && completed.catch_up(readers).await?;
        return Ok(if there { Way::Completed } else { Way::Newest });
    }
    let Some((way, of_way)) = rare_way(predicate) else { return Ok(Way::Newest) };
    let count = match of_way {
        Some(of_way) => maintained_count(readers, &of_way).await?,
        None => 0,
    };
    Ok(if count <= RARE_MAX { way } else { Way::Newest })
}

/// Appends what narrows the way itself, so that nothing else is looked at.
fn push_narrow(sql: &mut QueryBuilder<Postgres>, predicate: &Predicate) {
    for (name, column) in [("organisation", Column::Organisation), ("scheduler", Column::Scheduler)]
    {
        if let Some(Operand::Text(text)) = predicate.demands(column) {
            sql.push("c.").push(name).push(" = ");
            sql.push_bind(stored(text).into_owned()).push("::text AND ");
        }
    }
}

async fn count_tasks(
    readers: &PgPool,
    past: &Past,
    predicate: &Predicate,
    way: Way,
    count_max: Option<u64>,
) -> Result<u64, StoreError> {
    if predicate.only_tests(COUNTED) {
        return maintained_count(readers, predicate).await;
    }
    if predicate.only_tests(PUSHED) {
        return remembered_count(readers, past, predicate, count_max).await;
    }
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT 1");
    sql.push(if predicate.is_of_push() && way == Way::Newest { AS_PUSHED } else { from(way) });
    push(&mut sql, Tables::Tasks, predicate);
    bounded_count(readers, sql, count_max).await
}

/// Counts by columns that hardly ever change: of the past only once.
async fn remembered_count(
    readers: &PgPool,
    past: &Past,
    predicate: &Predicate,
    count_max: Option<u64>,
) -> Result<u64, StoreError> {
    let newest: Option<i64> =
        sqlx::query_scalar(NEWEST).fetch_one(readers).await.map_err(|error| meaning(&error))?;
    let Some(newest) = newest else { return Ok(0) };
    let counting = past.count(format!("{predicate:?}"), newest);
    let known = counting.known.map_or(0, |sum| sum.count);
    let left = count_max.map(|max| max.saturating_sub(known));
    let mut sql = QueryBuilder::new("SELECT count(*), count(*) FILTER (WHERE created_at < ");
    sql.push_bind(counting.end).push(") FROM (SELECT t.created_at").push(AS_PUSHED);
    if let Some(sum) = counting.known {
        sql.push("t.created_at >= ").push_bind(sum.before).push(" AND ");
    }
    push(&mut sql, Tables::Tasks, predicate);
    sql.push(" LIMIT ").push_bind(left.map(clamp)).push(") AS counted");
    let row: (i64, i64) = sql
        .build_query_as()
        .persistent(false)
        .fetch_one(readers)
        .await
        .map_err(|error| meaning(&error))?;
    let [more, more_of_past] = [row.0, row.1].map(|count| u64::try_from(count).unwrap_or(0));
    if left.is_none_or(|left| more < left) {
        counting.remember(known + more_of_past);
    }
    Ok(count_max.map_or(known + more, |max| max.min(known + more)))
}

async fn maintained_count(readers: &PgPool, predicate: &Predicate) -> Result<u64, StoreError> {
    let mut sql =
        QueryBuilder::new("SELECT coalesce(sum(c.count), 0)::bigint FROM task_count AS c WHERE ");
    push(&mut sql, Tables::Counts, predicate);
    read_count(readers, sql).await
}

/// Counts the rows of a subquery whose bracket is open, no further than a limit.
async fn bounded_count(
    readers: &PgPool,
    mut sql: QueryBuilder<Postgres>,
    count_max: Option<u64>,
) -> Result<u64, StoreError> {
    sql.push(" LIMIT ").push_bind(count_max.map(clamp)).push(") AS counted");
    read_count(readers, sql).await
}

async fn read_count(readers: &PgPool, mut sql: QueryBuilder<Postgres>) -> Result<u64, StoreError> {
    let count = sql.build_query_scalar().persistent(false).fetch_one(readers).await;
    let count: i64 = count.map_err(|error| meaning(&error))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Runs a statement that was made of a filter. It is not kept prepared: each filter makes another,
/// of any size, and only the caller knows whether it comes again.
pub(crate) async fn fetch(
    readers: &PgPool,
    mut sql: QueryBuilder<Postgres>,
) -> Result<Vec<PgRow>, StoreError> {
    sql.build().persistent(false).fetch_all(readers).await.map_err(|error| meaning(&error))
}

fn push_window(sql: &mut QueryBuilder<Postgres>, window: Window) {
    sql.push(" LIMIT ").push_bind(clamp(window.limit));
    sql.push(" OFFSET ").push_bind(clamp(window.offset));
}
