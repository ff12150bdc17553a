//! Pages of tasks and schedules.

use hinny_core::{
    schedule::{Schedule, ScheduleQuery},
    store::StoreError,
    task::{Page, Task, TaskQuery, Window},
};
use sqlx::{QueryBuilder, Sqlite, SqlitePool, sqlite::SqliteRow};

use super::{
    error::meaning,
    filter::{ABILITIES, push},
    schedule::{read_schedule, schedule_columns},
    task::{task, task_columns},
    way::{AS_PUSHED, Way, from, rare_way},
};
use crate::{
    filter::{Column, Predicate, Tables, schedule_predicate, task_predicate},
    word::clamp,
};

/// What the maintained counts are by.
const COUNTED: &[Column] = &[Column::Scheduler, Column::Organisation, Column::Kind, Column::Status];

/// Up to so many tasks of a rare status are found by their status and then put in order; more are
/// met soon enough on the way through all tasks, newest first.
const RARE_MAX: u64 = 20_000;

/// A page of tasks, newest first.
pub(crate) async fn tasks(
    readers: &SqlitePool,
    query: &TaskQuery,
    window: Window,
) -> Result<Page<Task>, StoreError> {
    let predicate = task_predicate(query, ABILITIES)?;
    let way = way_of(readers, &predicate).await?;
    let count = count_tasks(readers, &predicate, way, window.count_max).await?;
    if window.limit == 0 {
        return Ok(Page { count, items: Vec::new() });
    }
    let mut sql = QueryBuilder::new(concat!("SELECT ", task_columns!()));
    sql.push(from(way));
    push(&mut sql, Tables::Tasks, &predicate);
    sql.push(" ORDER BY t.created_at DESC, t.id DESC");
    push_window(&mut sql, window);
    let rows = fetch(readers, sql).await?;
    Ok(Page { count, items: rows.iter().map(task).collect::<Result<_, _>>()? })
}

/// A page of schedules, newest first.
pub(crate) async fn schedules(
    readers: &SqlitePool,
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

async fn way_of(readers: &SqlitePool, predicate: &Predicate) -> Result<Way, StoreError> {
    let Some((way, of_way)) = rare_way(predicate) else { return Ok(Way::Newest) };
    let count = match of_way {
        Some(of_way) => maintained_count(readers, &of_way).await?,
        None => 0,
    };
    Ok(if count <= RARE_MAX { way } else { Way::Newest })
}

async fn count_tasks(
    readers: &SqlitePool,
    predicate: &Predicate,
    way: Way,
    count_max: Option<u64>,
) -> Result<u64, StoreError> {
    if predicate.only_tests(COUNTED) {
        return maintained_count(readers, predicate).await;
    }
    let mut sql = QueryBuilder::new("SELECT count(*) FROM (SELECT 1");
    sql.push(if predicate.is_of_push() && way == Way::Newest { AS_PUSHED } else { from(way) });
    push(&mut sql, Tables::Tasks, predicate);
    bounded_count(readers, sql, count_max).await
}

async fn maintained_count(readers: &SqlitePool, predicate: &Predicate) -> Result<u64, StoreError> {
    let mut sql = QueryBuilder::new("SELECT coalesce(sum(c.count), 0) FROM task_count AS c WHERE ");
    push(&mut sql, Tables::Counts, predicate);
    read_count(readers, sql).await
}

/// Counts the rows of a subquery whose bracket is open, no further than a limit.
async fn bounded_count(
    readers: &SqlitePool,
    mut sql: QueryBuilder<Sqlite>,
    count_max: Option<u64>,
) -> Result<u64, StoreError> {
    sql.push(" LIMIT ").push_bind(count_max.map_or(-1, clamp)).push(")");
    read_count(readers, sql).await
}

async fn read_count(
    readers: &SqlitePool,
    mut sql: QueryBuilder<Sqlite>,
) -> Result<u64, StoreError> {
    let count = sql.build_query_scalar().persistent(false).fetch_one(readers).await;
    let count: i64 = count.map_err(|error| meaning(&error))?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Runs a statement that was made of a filter. It is not kept prepared: each filter makes another,
/// of any size, and only the caller knows whether it comes again.
pub(crate) async fn fetch(
    readers: &SqlitePool,
    mut sql: QueryBuilder<Sqlite>,
) -> Result<Vec<SqliteRow>, StoreError> {
    sql.build().persistent(false).fetch_all(readers).await.map_err(|error| meaning(&error))
}

fn push_window(sql: &mut QueryBuilder<Sqlite>, window: Window) {
    sql.push(" LIMIT ").push_bind(clamp(window.limit));
    sql.push(" OFFSET ").push_bind(clamp(window.offset));
}
