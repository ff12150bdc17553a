//! Tasks on their way to workers.

use std::time::Duration;

use axum::{Extension, Json, extract::State, http::HeaderMap};
use hinny_core::queue::PopRequest;
use utoipa::IntoParams;

use super::{
    Api,
    schedulers::SchedulerPath,
    task::{TaskBody, WORKER_MAX},
};
use crate::{
    ApiLimits, Caller, Role,
    body::{MaybeJsonBody, invalid},
    error::ApiError,
    filter::FilterBody,
    input::{Fields, FromFields, Input, Limited, Noted, Place, Seconds},
    params::{self, InPath, InQuery},
    wire::Results,
};

/// How many tasks, and how long to wait for them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `PopQuery` reads")]
struct PopParams {
    /// Most tasks; the scheduler's default when it is left out.
    limit: Option<u32>,
    /// Seconds to wait for a task when there is none; 0 to 60, with a fraction if need be.
    wait: Option<f64>,
    /// Who asks; also as header `X-Worker`, else the name of the token.
    worker: Option<String>,
}

/// The same, as it was sent.
#[derive(Debug)]
pub(super) struct PopQuery {
    limit: Option<u32>,
    wait: Option<Seconds>,
    worker: Option<Limited<WORKER_MAX>>,
}

impl FromFields for PopQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (limit, wait, worker) =
            (fields.optional("limit"), fields.optional("wait"), fields.optional("worker"));
        Ok(Self { limit: limit?, wait: wait?, worker: worker? })
    }
}

/// Hands the first tasks to a worker
///
/// The answer shows a task as it was just before: status `queued`, and `modified_at` of before.
/// With `wait`, the request stays open until there is a task.
#[utoipa::path(
    post, path = "/schedulers/{scheduler_id}/pop", tag = "queues",
    params(
        ("scheduler_id" = String, Path, description = "The scheduler"),
        PopParams,
        ("x-worker" = Option<String>, Header, description = "Who asks")
    ),
    request_body(content = Option<FilterBody>, description = "Only such tasks"),
    responses(
        (status = 200, description = "The tasks; none when there are none", body = Results<TaskBody>),
        (status = 400, description = "The filter cannot be used", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such scheduler", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn pop_tasks(
    State(api): Api,
    InPath(SchedulerPath(scheduler)): InPath<SchedulerPath>,
    InQuery(query): InQuery<PopQuery>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    MaybeJsonBody(filter): MaybeJsonBody<FilterBody>,
) -> Result<Json<Results<TaskBody>>, ApiError> {
    let request = PopRequest {
        limit: query.limit,
        filter: FilterBody::or_all(filter)?,
        wait: wait(query.wait, &api.limits)?,
        worker: worker_name(query.worker, &headers, &caller)?,
    };
    let tasks = api.queues.pop(&scheduler, request).await?;
    Ok(Json(tasks.into_iter().collect()))
}

pub(super) fn wait(asked: Option<Seconds>, limits: &ApiLimits) -> Result<Duration, ApiError> {
    let (wait, max) = (asked.map_or(Duration::ZERO, |Seconds(wait)| wait), limits.pop_wait_max);
    if wait <= max {
        return Ok(wait);
    }
    let query = Place::of("query");
    let msg = format!("Input should be less than or equal to {}", max.as_secs_f64());
    let sent = wait.as_secs_f64().to_string();
    Err(invalid(&query.field("wait"), "less_than_equal", msg, Input::Text(&sent)))
}

/// Who a worker is: by its own word, else by its token.
pub(super) fn worker_name(
    query: Option<Limited<WORKER_MAX>>,
    headers: &HeaderMap,
    caller: &Caller,
) -> Result<Option<String>, ApiError> {
    let named = match query {
        Some(name) => Some(name),
        None => params::header::<Limited<WORKER_MAX>>(headers, "x-worker")?,
    };
    let token = || (caller.role == Some(Role::Worker)).then(|| caller.name.as_ref().to_owned());
    Ok(named.map(|Limited(name)| name).or_else(token))
}
