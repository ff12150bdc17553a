//! The steps in the life of a task.

use axum::{Json, extract::State};
use hinny_core::{TaskStatus, task::TaskEvent};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Api,
    task::{TaskPath, find},
};
use crate::{
    error::ApiError,
    params::InPath,
    wire::{Moment, Results, StatusSchema},
};

/// A step in the life of a task.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaskEvent)]
pub(super) struct TaskEventBody {
    /// When.
    at: Moment,
    /// The status from then on.
    #[schema(value_type = StatusSchema)]
    status: TaskStatus,
    /// The attempt it belongs to.
    attempt: u32,
    /// Who did it, by its own word.
    worker: Option<String>,
    /// Why.
    reason: Option<String>,
}

impl From<TaskEvent> for TaskEventBody {
    fn from(event: TaskEvent) -> Self {
        let TaskEvent { at, status, attempt, worker, reason } = event;
        Self { at: at.into(), status, attempt, worker, reason }
    }
}

/// The steps in the life of a task, oldest first
#[utoipa::path(
    get, path = "/tasks/{task_id}/events", tag = "tasks",
    params(("task_id" = uuid::Uuid, Path, description = "The task")),
    responses(
        (status = 200, description = "The steps", body = Results<TaskEventBody>),
        (status = 404, description = "No such task", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn list_task_events(
    State(api): Api,
    InPath(TaskPath(task)): InPath<TaskPath>,
) -> Result<Json<Results<TaskEventBody>>, ApiError> {
    find(&api, task).await?;
    let events = api.store.task_events(task).await?;
    Ok(Json(events.into_iter().collect()))
}
