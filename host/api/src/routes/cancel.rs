//! Queued tasks that are cancelled together.

use axum::{Extension, Json, extract::State};
use hinny_core::{
    filter::{Filter, FilterRequest},
    queue::CancelRequest,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Api, schedulers::SchedulerPath, task::REASON_MAX};
use crate::{
    Caller,
    body::{JsonBody, JsonFields},
    error::ApiError,
    filter::FiltersSchema,
    input::{Fields, FromFields, Limited, Noted},
    params::InPath,
};

/// Which queued tasks to cancel.
#[derive(ToSchema)]
#[schema(as = CancelRequest)]
#[expect(dead_code, reason = "it describes what `CancelBody` reads")]
struct CancelSchema {
    /// Which.
    filters: Option<FiltersSchema>,
    /// Whether an empty filter means all.
    all: Option<bool>,
    /// Only counts them.
    dry_run: Option<bool>,
    /// Why; kept with each task.
    reason: Option<String>,
}

/// The same, as it was sent.
#[derive(Debug)]
pub(super) struct CancelBody {
    filters: FilterRequest,
    all: bool,
    dry_run: bool,
    reason: Option<Limited<REASON_MAX>>,
}

impl FromFields for CancelBody {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (filters, all) = (fields.optional("filters"), fields.optional("all"));
        let (dry_run, reason) = (fields.optional("dry_run"), fields.optional("reason"));
        fields.deny_others();
        Ok(Self {
            filters: filters?.unwrap_or_default(),
            all: all?.unwrap_or(false),
            dry_run: dry_run?.unwrap_or(false),
            reason: reason?,
        })
    }
}

impl JsonFields for CancelBody {}

impl CancelBody {
    fn into_request(self, caller: &Caller) -> Result<CancelRequest, ApiError> {
        let filter = Filter::try_from(self.filters)?;
        if filter.is_empty() && !self.all {
            return Err(ApiError::BadRequest(
                "an empty filter would cancel the whole queue; hint: if that is meant, send \
                 `\"all\": true`"
                    .to_owned(),
            ));
        }
        let reason = self
            .reason
            .map_or_else(|| format!("cancelled by {}", caller.name), |Limited(reason)| reason);
        Ok(CancelRequest { filter, dry_run: self.dry_run, reason })
    }
}

/// How many tasks were cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Cancelled {
    /// How many; in a dry run, how many there would be.
    count: u64,
    /// Whether they were only counted.
    dry_run: bool,
}

/// Cancels queued tasks by a filter
#[utoipa::path(
    post, path = "/schedulers/{scheduler_id}/cancel", tag = "queues", request_body = CancelSchema,
    params(("scheduler_id" = String, Path, description = "The scheduler")),
    responses(
        (status = 200, description = "How many", body = Cancelled),
        (status = 400, description = "The filter is empty, or cannot be used", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such scheduler", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn cancel_tasks(
    State(api): Api,
    InPath(SchedulerPath(scheduler)): InPath<SchedulerPath>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody<CancelBody>,
) -> Result<Json<Cancelled>, ApiError> {
    let request = body.into_request(&caller)?;
    let dry_run = request.dry_run;
    let count = api.queues.cancel(&scheduler, request).await?;
    Ok(Json(Cancelled { count, dry_run }))
}
