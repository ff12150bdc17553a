//! Kept messages, and the ends that schedulers have not been told of.

use hinny_core::{
    EventId, SchedulerId, Timestamp,
    event::{EventState, KeptEvent},
    store::StoreError,
    task::{Page, Task, Window},
    trigger::Message,
};
use sqlx::{PgPool, postgres::PgRow};

use super::{
    error::meaning,
    row::Columns,
    task::{task, task_columns},
};
use crate::word::{clamp, state_name};

macro_rules! kept_columns {
    () => {
        "scheduler, event, source, at, delivery, state, retry_at, reason, content_type, \
         attributes, body"
    };
}

const BY_ID: &str =
    concat!("SELECT ", kept_columns!(), " FROM event_kept WHERE scheduler = $1 AND event = $2");

const LIST: &str = concat!(
    "SELECT ",
    kept_columns!(),
    " FROM event_kept
    WHERE ($1::text IS NULL OR scheduler = $1) AND ($2::text IS NULL OR state = $2)
    ORDER BY at DESC, event DESC
    LIMIT $3 OFFSET $4"
);

const COUNT: &str = "
    SELECT count(*) FROM (
        SELECT 1 FROM event_kept
        WHERE ($1::text IS NULL OR scheduler = $1) AND ($2::text IS NULL OR state = $2)
        LIMIT $3
    ) AS counted";

const DUE: &str = concat!(
    "SELECT ",
    kept_columns!(),
    " FROM event_kept
    WHERE state = 'waiting' AND retry_at <= $1
    ORDER BY retry_at
    LIMIT $2"
);

const UNTOLD: &str = concat!(
    "SELECT ",
    task_columns!(),
    " FROM task_untold AS u
    JOIN task_state AS s ON s.task = u.task
    JOIN task AS t ON t.id = u.task
    WHERE u.scheduler = $1
    ORDER BY u.finished_at
    LIMIT $2"
);

/// One kept message.
pub(crate) async fn by_id(
    readers: &PgPool,
    scheduler: &SchedulerId,
    event: EventId,
) -> Result<Option<KeptEvent>, StoreError> {
    let query = sqlx::query(BY_ID).bind(scheduler.as_str()).bind(event.0);
    let row = query.fetch_optional(readers).await.map_err(|error| meaning(&error))?;
    row.as_ref().map(read_kept).transpose()
}

/// A page of kept messages, newest first.
pub(crate) async fn list(
    readers: &PgPool,
    scheduler: Option<&SchedulerId>,
    state: Option<EventState>,
    window: Window,
) -> Result<Page<KeptEvent>, StoreError> {
    let (scheduler, state) = (scheduler.map(SchedulerId::as_str), state.map(state_name));
    let count = sqlx::query_scalar::<_, i64>(COUNT).bind(scheduler).bind(state);
    let count = count.bind(window.count_max.map(clamp));
    let count = count.fetch_one(readers).await.map_err(|error| meaning(&error))?;
    let count = u64::try_from(count).unwrap_or(0);
    if window.limit == 0 {
        return Ok(Page { count, items: Vec::new() });
    }
    let query = sqlx::query(LIST).bind(scheduler).bind(state);
    let query = query.bind(clamp(window.limit)).bind(clamp(window.offset));
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    Ok(Page { count, items: rows.iter().map(read_kept).collect::<Result<_, _>>()? })
}

/// Messages to be tried again, earliest first.
pub(crate) async fn due(
    readers: &PgPool,
    by: Timestamp,
    limit: u32,
) -> Result<Vec<KeptEvent>, StoreError> {
    let query = sqlx::query(DUE).bind(by.as_micros()).bind(i64::from(limit));
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(read_kept).collect()
}

/// Ended tasks whose scheduler has not been told, oldest end first.
pub(crate) async fn untold(
    readers: &PgPool,
    scheduler: &SchedulerId,
    limit: u32,
) -> Result<Vec<Task>, StoreError> {
    let query = sqlx::query(UNTOLD).bind(scheduler.as_str()).bind(i64::from(limit));
    let rows = query.fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(task).collect()
}

fn read_kept(row: &PgRow) -> Result<KeptEvent, StoreError> {
    let mut columns = Columns::of(row, "a kept message");
    let scheduler = columns.parse()?;
    let id = columns.id().map(EventId)?;
    let source = columns.text()?;
    let at = columns.moment()?;
    let delivery = columns.number()?;
    let state = columns.word()?;
    let retry_at = columns.moment_if_any()?;
    let reason = columns.text()?;
    let content_type = columns.text()?;
    let attributes = columns.document()?;
    let body = columns.next()?;
    let message = Message { id, source, at, content_type, body, attributes, delivery };
    Ok(KeptEvent { message, scheduler, state, retry_at, reason })
}
