//! Queues, as clients of the first generation know them: one for each scheduler and organisation,
//! called `{scheduler}-{organisation}`.
//!
//! They are views on the schedulers: a push or pop here is one there, with the organisation given.

mod address;
mod filters;
mod item;

use std::{collections::BTreeSet, time::Duration};

use axum::{Extension, Json, extract::State, http::HeaderMap, http::StatusCode};
use hinny_core::{
    Organisation, SchedulerId, TaskStatus,
    filter::Filter,
    queue::{PopRequest, PushRefusal, PushRequest, QueueStats},
    store::CountRow,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Api, pop::worker_name};
use crate::{ApiState, Caller, body::JsonBody, error::ApiError, params::InPath};
use address::{Address, QueuePath};
use filters::AnyFilters;
use item::{ItemBody, ItemPush, ItemPushSchema};

pub(super) use address::of_queue;

/// Most items that are shown of one queue.
const SHOWN_MAX: u32 = 100;

/// A queue, and the items that go next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Queue)]
pub(super) struct QueueBody {
    /// Its name.
    #[schema(example = "jobs-acme")]
    id: String,
    /// Queued items.
    size: u64,
    /// Most items; 0: no limit. The limit is that of the scheduler, for all organisations.
    maxsize: u64,
    /// What it holds, as the name of a class.
    #[schema(example = "JobTask")]
    item_type: String,
    /// Whether the same work replaces what is queued: never.
    allow_replace: bool,
    /// Whether it changes what is queued: never.
    allow_updates: bool,
    /// Whether it changes the priority of what is queued: never.
    allow_priority_updates: bool,
    /// The items that go next, at most 100.
    pq: Vec<ItemBody>,
}

/// All queues: one for each scheduler and organisation that has or had tasks
#[utoipa::path(
    get, path = "/queues", tag = "older clients",
    responses((status = 200, description = "The queues", body = [QueueBody]))
)]
pub(super) async fn list_queues(State(api): Api) -> Result<Json<Vec<QueueBody>>, ApiError> {
    let counts = api.store.counts().await?;
    let mut bodies = Vec::new();
    for scheduler in api.queues.schedulers() {
        let stats = api.queues.stats(&scheduler).await?;
        for organisation in organisations(&scheduler, &counts) {
            let address = Address { scheduler: scheduler.clone(), organisation };
            bodies.push(shown(&api, &address, &stats, &counts).await?);
        }
    }
    Ok(Json(bodies))
}

/// One queue
#[utoipa::path(
    get, path = "/queues/{queue_id}", tag = "older clients",
    params(("queue_id" = String, Path, description = "`{scheduler}-{organisation}`")),
    responses(
        (status = 200, description = "The queue", body = QueueBody),
        (status = 404, description = "No such queue", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn get_queue_of(
    State(api): Api,
    InPath(QueuePath(name)): InPath<QueuePath>,
) -> Result<Json<QueueBody>, ApiError> {
    let address = Address::find(&api, &name)?;
    let stats = api.queues.stats(&address.scheduler).await?;
    let counts = api.store.counts().await?;
    Ok(Json(shown(&api, &address, &stats, &counts).await?))
}

/// Hands the first item to a worker; null when there is none
///
/// The body may also be a bare list of `{"field", "value"}`, which are compared as text in the data.
#[utoipa::path(
    post, path = "/queues/{queue_id}/pop", tag = "older clients",
    params(("queue_id" = String, Path, description = "`{scheduler}-{organisation}`")),
    request_body(content = Option<crate::filter::FilterBody>, description = "Only such items"),
    responses(
        (status = 200, description = "The item, or null when the queue is empty", body = Option<ItemBody>),
        (status = 400, description = "The filter cannot be used", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such queue, or nothing in it matches", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn pop_item(
    State(api): Api,
    InPath(QueuePath(name)): InPath<QueuePath>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    AnyFilters(filter): AnyFilters,
) -> Result<Json<Option<ItemBody>>, ApiError> {
    pop(&api, &name, worker_name(None, &headers, &caller)?, filter).await
}

/// The same, as the first clients ask for it
#[utoipa::path(
    get, path = "/queues/{queue_id}/pop", tag = "older clients",
    params(("queue_id" = String, Path, description = "`{scheduler}-{organisation}`")),
    request_body(content = Option<crate::filter::FilterBody>, description = "Only such items"),
    responses(
        (status = 200, description = "The item, or null when the queue is empty", body = Option<ItemBody>),
        (status = 400, description = "The filter cannot be used", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such queue, or nothing in it matches", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn take_item(
    State(api): Api,
    InPath(QueuePath(name)): InPath<QueuePath>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    AnyFilters(filter): AnyFilters,
) -> Result<Json<Option<ItemBody>>, ApiError> {
    pop(&api, &name, worker_name(None, &headers, &caller)?, filter).await
}

/// Pushes an item
#[utoipa::path(
    post, path = "/queues/{queue_id}/push", tag = "older clients", request_body = ItemPushSchema,
    params(("queue_id" = String, Path, description = "`{scheduler}-{organisation}`")),
    responses(
        (status = 201, description = "It is queued", body = ItemBody),
        (status = 400, description = "It is refused; the text says why", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such queue", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn push_item(
    State(api): Api,
    InPath(QueuePath(name)): InPath<QueuePath>,
    JsonBody(item): JsonBody<ItemPush>,
) -> Result<(StatusCode, Json<ItemBody>), ApiError> {
    let address = Address::find(&api, &name)?;
    let request = PushRequest {
        id: item.id,
        organisation: address.organisation.clone(),
        priority: Some(item.priority),
        data: item.data,
        not_before: None,
    };
    let pushed = api.queues.push(&address.scheduler, vec![request]).await?.pop();
    let task = match pushed {
        Some(Ok(task)) => task,
        Some(Err(refusal)) => return Err(refused(&refusal)),
        None => {
            return Err(ApiError::Unavailable(format!(
                "the queue `{name}` gave no answer; hint: look for the item before pushing it again"
            )));
        }
    };
    Ok((StatusCode::CREATED, Json(ItemBody::new(task, &address))))
}

/// The first clients know one code for all refusals, and these words.
fn refused(refusal: &PushRefusal) -> ApiError {
    let known = match refusal {
        PushRefusal::Full { .. } => "queue is full",
        PushRefusal::Duplicate { .. } | PushRefusal::IdTaken(_) => "not allowed",
        _ => "invalid item",
    };
    ApiError::BadRequest(format!("{known}: {refusal}"))
}

async fn pop(
    api: &ApiState,
    name: &str,
    worker: Option<String>,
    filter: Filter,
) -> Result<Json<Option<ItemBody>>, ApiError> {
    let address = Address::find(api, name)?;
    let narrowed = !filter.is_empty();
    let filter = address.of_organisation(filter);
    let request = PopRequest { limit: Some(1), filter, wait: Duration::ZERO, worker };
    let popped = api.queues.pop(&address.scheduler, request).await?.pop();
    if popped.is_none() && narrowed && size(&address, &api.store.counts().await?) > 0 {
        return Err(ApiError::NotFound(format!(
            "could not pop item from queue `{name}`, check your filters"
        )));
    }
    Ok(Json(popped.map(|task| ItemBody::new(task, &address))))
}

async fn shown(
    api: &ApiState,
    address: &Address,
    stats: &QueueStats,
    counts: &[CountRow],
) -> Result<QueueBody, ApiError> {
    let head = api.queues.head(&address.scheduler, Some(&address.organisation), SHOWN_MAX).await?;
    let kind = stats.task_type.as_ref().map_or(stats.scheduler.as_str(), |kind| kind.as_str());
    Ok(QueueBody {
        id: address.to_string(),
        size: size(address, counts),
        maxsize: stats.tasks_max,
        item_type: super::schedulers::class_name(kind),
        allow_replace: false,
        allow_updates: false,
        allow_priority_updates: false,
        pq: head.into_iter().map(|place| ItemBody::new(place.task, address)).collect(),
    })
}

/// Those that have tasks, or had some that are still counted.
fn organisations(scheduler: &SchedulerId, counts: &[CountRow]) -> BTreeSet<Organisation> {
    let rows = counts.iter().filter(|row| row.scheduler == *scheduler);
    rows.map(|row| row.organisation.clone()).collect()
}

fn size(address: &Address, counts: &[CountRow]) -> u64 {
    let rows = counts.iter().filter(|row| {
        row.status == TaskStatus::Queued
            && row.scheduler == address.scheduler
            && row.organisation == address.organisation
    });
    rows.map(|row| row.count).sum::<i64>().try_into().unwrap_or(0)
}
