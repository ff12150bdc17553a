//! Workers that say that they are still at it.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Api, task::TaskPath};
use crate::{
    body::{JsonFields, MaybeJsonBody},
    error::ApiError,
    input::{Fields, FromFields, Noted},
    params::InPath,
    wire::Moment,
};

/// Which attempt a worker is at.
#[derive(Debug, ToSchema)]
pub(super) struct Heartbeat {
    /// The attempt; when it is not the current one, the task was lost to another worker.
    attempt: Option<u32>,
}

impl FromFields for Heartbeat {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        Ok(Self { attempt: fields.optional("attempt")? })
    }
}

impl JsonFields for Heartbeat {}

/// How long a worker has its task from now on.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Lease {
    /// New end of the lease; null: the task cannot be lost.
    lease_until: Option<Moment>,
}

/// Extends the lease of the worker that has the task
#[utoipa::path(
    post, path = "/tasks/{task_id}/heartbeat", tag = "tasks",
    params(("task_id" = uuid::Uuid, Path, description = "The task")),
    request_body(content = Option<Heartbeat>, description = "Which attempt"),
    responses(
        (status = 200, description = "The lease from now on", body = Lease),
        (status = 404, description = "No such task", body = crate::openapi::ErrorBody),
        (status = 409, description = "The worker does not have it any more", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn send_heartbeat(
    State(api): Api,
    InPath(TaskPath(task)): InPath<TaskPath>,
    MaybeJsonBody(body): MaybeJsonBody<Heartbeat>,
) -> Result<Json<Lease>, ApiError> {
    let attempt = body.and_then(|heartbeat| heartbeat.attempt);
    let lease_until = api.queues.heartbeat(task, attempt).await?;
    Ok(Json(Lease { lease_until: lease_until.map(Into::into) }))
}
