//! One task: looking at it, and changing it.

mod body;
mod patch;

use axum::{Extension, Json, extract::State, http::HeaderMap};
use hinny_core::{TaskId, TaskStatus, task::Task};

use super::{Api, pop::worker_name};
use crate::{
    ApiState, Caller,
    body::JsonBody,
    error::ApiError,
    input::{Fields, FromFields, Noted},
    params::InPath,
};
pub(super) use body::{RankedBySchema, TaskBody};
use patch::{TaskPatch, TaskPatchSchema};

/// Longest reason that is kept with a change, in bytes.
pub(super) const REASON_MAX: usize = 4096;
/// Longest name of a worker, in bytes.
pub(super) const WORKER_MAX: usize = 256;

/// A task in the path.
#[derive(Debug)]
pub(super) struct TaskPath(pub(super) TaskId);

impl FromFields for TaskPath {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        Ok(Self(fields.required("task_id")?))
    }
}

/// One task
#[utoipa::path(
    get, path = "/tasks/{task_id}", tag = "tasks",
    params(("task_id" = uuid::Uuid, Path, description = "The task")),
    responses(
        (status = 200, description = "The task", body = TaskBody),
        (status = 404, description = "No such task", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn get_task(
    State(api): Api,
    InPath(TaskPath(id)): InPath<TaskPath>,
) -> Result<Json<TaskBody>, ApiError> {
    let mut found = [find(&api, id).await?];
    overlay(&api, &mut found).await;
    let [task] = found;
    Ok(Json(task.into()))
}

/// Changes a task, mostly its status
#[utoipa::path(
    patch, path = "/tasks/{task_id}", tag = "tasks", request_body = TaskPatchSchema,
    params(
        ("task_id" = uuid::Uuid, Path, description = "The task"),
        ("x-worker" = Option<String>, Header, description = "Who reports")
    ),
    responses(
        (status = 200, description = "The task afterwards", body = TaskBody),
        (status = 400, description = "Nothing to change, or it cannot be changed", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such task", body = crate::openapi::ErrorBody),
        (status = 409, description = "Not from this status, or not about the current attempt", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn update_task(
    State(api): Api,
    InPath(TaskPath(id)): InPath<TaskPath>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    JsonBody(patch): JsonBody<TaskPatch>,
) -> Result<Json<TaskBody>, ApiError> {
    let TaskPatch { identity, mut change, has_change } = patch;
    if !has_change || !identity.is_empty() {
        let task = find(&api, id).await?;
        identity.check(&task)?;
        if !has_change && identity.is_empty() {
            return Err(ApiError::BadRequest(
                "no data to patch; hint: send at least one field, such as `status`".to_owned(),
            ));
        }
        if !has_change {
            return Ok(Json(task.into()));
        }
    }
    if change.worker.is_none() {
        change.worker = worker_name(None, &headers, &caller)?;
    }
    Ok(Json(api.queues.update(id, change).await?.into()))
}

/// A task, or the answer that there is none.
pub(super) async fn find(api: &ApiState, id: TaskId) -> Result<Task, ApiError> {
    api.store.tasks_by_id(&[id]).await?.pop().ok_or_else(|| ApiError::task_not_found(id))
}

/// Gives queued tasks the priority that they have at this moment; the stored one is older.
pub(super) async fn overlay(api: &ApiState, tasks: &mut [Task]) {
    let queued: Vec<_> = tasks
        .iter()
        .filter(|task| task.status == TaskStatus::Queued)
        .map(|task| (task.scheduler.clone(), task.id))
        .collect();
    if queued.is_empty() {
        return;
    }
    let ranks = api.queues.priorities(&queued).await;
    let on_queue = tasks.iter_mut().filter(|task| task.status == TaskStatus::Queued);
    for (task, rank) in on_queue.zip(ranks) {
        if let Some((priority, ranked_by)) = rank {
            (task.priority, task.ranked_by) = (priority, ranked_by);
        }
    }
}
