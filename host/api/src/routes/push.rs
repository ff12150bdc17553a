//! Tasks on their way in, one by one and in batches.

use axum::{Json, extract::State, http::StatusCode};
use hinny_core::{
    Organisation, Priority, SchedulerId, TaskId, Timestamp,
    queue::{PushRefusal, PushRequest},
    task::Task,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Api, schedulers::SchedulerPath, task::TaskBody};
use crate::{
    ApiLimits, ApiState,
    body::{JsonBody, JsonFields, invalid},
    error::ApiError,
    input::{Document, Fields, FromFields, Input, Noted, Place},
    params::InPath,
    wire::Moment,
};

/// A task to push.
#[derive(ToSchema)]
#[schema(as = TaskPush)]
#[expect(dead_code, reason = "it describes what `TaskPush` reads")]
struct TaskPushSchema {
    /// Its id; the scheduler plugin decides whether it is kept.
    id: Option<uuid::Uuid>,
    /// The scheduler, if sent, must be the one in the path.
    scheduler_id: Option<String>,
    /// Whose work it is.
    organisation: String,
    /// The priority that is asked for: lower goes first.
    priority: Option<i64>,
    /// What to do, as the scheduler plugin wants it.
    #[schema(value_type = Object)]
    data: (),
    /// Not handed out earlier than this.
    not_before: Option<Moment>,
}

/// A task to push, as it was sent.
#[derive(Debug)]
pub(super) struct TaskPush {
    scheduler: Option<SchedulerId>,
    request: PushRequest,
}

impl FromFields for TaskPush {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let id = fields.optional::<TaskId>("id");
        let scheduler = fields.optional::<SchedulerId>("scheduler_id");
        let organisation = fields.required::<Organisation>("organisation");
        let priority = fields.optional::<Priority>("priority");
        let data = fields.required::<Document>("data");
        let not_before = fields.optional::<Timestamp>("not_before");
        fields.deny_others();
        let Document(data) = data?;
        let request = PushRequest {
            id: id?,
            organisation: organisation?,
            priority: priority?,
            data: Box::<str>::from(data).into_string(),
            not_before: not_before?,
        };
        Ok(Self { scheduler: scheduler?, request })
    }
}

impl JsonFields for TaskPush {}

impl TaskPush {
    fn for_scheduler(self, path: &SchedulerId) -> Result<PushRequest, ApiError> {
        match self.scheduler.filter(|sent| sent != path) {
            None => Ok(self.request),
            Some(sent) => Err(ApiError::BadRequest(format!(
                "scheduler_id in item does not match the scheduler_id in the path: `{sent}` is not \
                 `{path}`; hint: leave it out"
            ))),
        }
    }
}

/// Tasks to push together.
#[derive(ToSchema)]
#[schema(as = TaskPushBatch)]
#[expect(dead_code, reason = "it describes what `TaskPushBatch` reads")]
struct TaskPushBatchSchema {
    /// The tasks.
    items: Vec<TaskPushSchema>,
}

/// Tasks to push together, as they were sent.
#[derive(Debug)]
pub(super) struct TaskPushBatch(Vec<TaskPush>);

impl FromFields for TaskPushBatch {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let items = fields.required("items");
        fields.deny_others();
        Ok(Self(items?))
    }
}

impl JsonFields for TaskPushBatch {
    fn bytes_max(limits: &ApiLimits) -> usize {
        limits.batch_bytes_max
    }
}

/// What became of each task of a batch, in the same order.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PushResults {
    /// One per task.
    results: Vec<PushResult>,
}

/// What became of a task of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum PushResult {
    /// It is queued.
    Pushed {
        /// 201.
        status: u16,
        /// The task.
        task: Box<TaskBody>,
    },
    /// It is not queued.
    Refused {
        /// The status code that it would have had alone.
        status: u16,
        /// What happened, with what, and what to do.
        detail: String,
    },
}

impl From<Result<Task, PushRefusal>> for PushResult {
    fn from(outcome: Result<Task, PushRefusal>) -> Self {
        match outcome {
            Ok(task) => {
                Self::Pushed { status: StatusCode::CREATED.as_u16(), task: Box::new(task.into()) }
            }
            Err(refusal) => {
                let error = ApiError::from(refusal);
                Self::Refused { status: error.status().as_u16(), detail: error.to_string() }
            }
        }
    }
}

/// Pushes a task
#[utoipa::path(
    post, path = "/schedulers/{scheduler_id}/push", tag = "queues", request_body = TaskPushSchema,
    params(("scheduler_id" = String, Path, description = "The scheduler")),
    responses(
        (status = 201, description = "It is queued, and stays so whatever happens to the host", body = TaskBody),
        (status = 400, description = "The data does not fit", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such scheduler", body = crate::openapi::ErrorBody),
        (status = 409, description = "The same work is queued already", body = crate::openapi::ErrorBody),
        (status = 429, description = "The queue is full", body = crate::openapi::ErrorBody),
        (status = 502, description = "The scheduler plugin failed", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn push_task(
    State(api): Api,
    InPath(SchedulerPath(scheduler)): InPath<SchedulerPath>,
    JsonBody(push): JsonBody<TaskPush>,
) -> Result<(StatusCode, Json<TaskBody>), ApiError> {
    let request = push.for_scheduler(&scheduler);
    let request = or_unknown(&api, &scheduler, request)?;
    let outcome = api.queues.push(&scheduler, vec![request]).await?.pop();
    let task = outcome.ok_or_else(|| unanswered(&scheduler))??;
    Ok((StatusCode::CREATED, Json(task.into())))
}

/// Pushes many tasks; each is queued or refused by itself
#[utoipa::path(
    post, path = "/schedulers/{scheduler_id}/push/batch", tag = "queues",
    request_body = TaskPushBatchSchema,
    params(("scheduler_id" = String, Path, description = "The scheduler")),
    responses(
        (status = 200, description = "What became of each, in the same order", body = PushResults),
        (status = 404, description = "No such scheduler", body = crate::openapi::ErrorBody),
        (status = 502, description = "The scheduler plugin failed", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn push_tasks(
    State(api): Api,
    InPath(SchedulerPath(scheduler)): InPath<SchedulerPath>,
    JsonBody(TaskPushBatch(items)): JsonBody<TaskPushBatch>,
) -> Result<Json<PushResults>, ApiError> {
    check_length(items.len(), api.limits.push_batch_max, "items")?;
    let requests: Result<Vec<_>, _> =
        items.into_iter().map(|item| item.for_scheduler(&scheduler)).collect();
    let requests = or_unknown(&api, &scheduler, requests)?;
    let outcomes = api.queues.push(&scheduler, requests).await?;
    Ok(Json(PushResults { results: outcomes.into_iter().map(Into::into).collect() }))
}

/// Refuses a batch that is too long.
pub(super) fn check_length(length: usize, max: usize, field: &str) -> Result<(), ApiError> {
    if length <= max {
        return Ok(());
    }
    let body = Place::of("body");
    let msg = format!("List should have at most {max} items, not {length}; send it in parts");
    Err(invalid(&body.field(field), "too_long", msg, Input::Text(&format!("{length} items"))))
}

/// An unknown scheduler is said first: what is wrong with a task for it does not matter.
fn or_unknown<T>(
    api: &ApiState,
    scheduler: &SchedulerId,
    request: Result<T, ApiError>,
) -> Result<T, ApiError> {
    if request.is_err() && !api.queues.schedulers().contains(scheduler) {
        return Err(hinny_core::queue::QueueError::UnknownScheduler(scheduler.clone()).into());
    }
    request
}

fn unanswered(scheduler: &SchedulerId) -> ApiError {
    ApiError::Unavailable(format!(
        "the queue of `{scheduler}` gave no answer; hint: ask for the task before pushing it again"
    ))
}
