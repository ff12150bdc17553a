//! The head of a queue, as people look at it.

use axum::{Json, extract::State};
use hinny_core::{Organisation, queue::Place};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{Api, schedulers::SchedulerPath, task::TaskBody};
use crate::{
    error::ApiError,
    input::{Fields, FromFields, Noted},
    params::{InPath, InQuery},
    wire::Results,
};

/// Places that are shown where no number is asked for.
const LIMIT_DEFAULT: u32 = 10;

/// A place of the order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Place)]
pub(super) struct PlaceBody {
    /// 1 for the next task to go.
    position: u64,
    /// The task.
    task: TaskBody,
}

impl From<Place> for PlaceBody {
    fn from(place: Place) -> Self {
        Self { position: place.position, task: place.task.into() }
    }
}

#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct QueueQuery {
    /// How many places; no more than the page limit of the host.
    #[param(required = false, default = 10)]
    limit: u32,
    /// Of this organisation; positions are counted among its tasks.
    #[param(value_type = Option<String>)]
    organisation: Option<Organisation>,
}

impl FromFields for QueueQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (limit, organisation) = (fields.optional("limit"), fields.optional("organisation"));
        Ok(Self { limit: limit?.unwrap_or(LIMIT_DEFAULT), organisation: organisation? })
    }
}

/// The tasks that go next, without handing them out
#[utoipa::path(
    get, path = "/schedulers/{scheduler_id}/queue", tag = "queues",
    params(("scheduler_id" = String, Path, description = "The scheduler"), QueueQuery),
    responses(
        (status = 200, description = "The first places of the order", body = Results<PlaceBody>),
        (status = 404, description = "No such scheduler", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn get_queue(
    State(api): Api,
    InPath(SchedulerPath(scheduler)): InPath<SchedulerPath>,
    InQuery(query): InQuery<QueueQuery>,
) -> Result<Json<Results<PlaceBody>>, ApiError> {
    let limit = query.limit.min(u32::try_from(api.limits.page_max).unwrap_or(u32::MAX));
    let places = api.queues.head(&scheduler, query.organisation.as_ref(), limit).await?;
    Ok(Json(places.into_iter().collect()))
}
