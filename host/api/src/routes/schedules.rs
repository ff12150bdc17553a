//! Blueprints of tasks that come back.

mod body;
mod list;

use axum::{Json, extract::State, http::StatusCode};
use hinny_core::{
    ScheduleId,
    cron::CronExpression,
    queue::QueueError,
    schedule::{NewSchedule, Schedule},
    store::{ScheduleOutcome, ScheduleWrite, Unit},
};

use super::Api;
use crate::{
    ApiState,
    body::JsonBody,
    error::ApiError,
    filter::FilterBody,
    input::{Fields, FromFields, Noted},
    page::{Links, PageBody, PageQuery},
    params::{InPath, InQuery},
};
use body::{
    ScheduleBody, ScheduleCreate, ScheduleCreateSchema, SchedulePatch, SchedulePatchSchema,
};
use list::{ScheduleListParams, ScheduleListQuery};

/// A schedule in the path.
#[derive(Debug)]
pub(super) struct SchedulePath(ScheduleId);

impl FromFields for SchedulePath {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        Ok(Self(fields.required("schedule_id")?))
    }
}

/// Schedules, newest first
#[utoipa::path(
    get, path = "/schedules", tag = "schedules", params(ScheduleListParams, PageQuery),
    responses((status = 200, description = "A page of schedules", body = PageBody<ScheduleBody>))
)]
pub(super) async fn list_schedules(
    State(api): Api,
    InQuery(ScheduleListQuery { schedules, page }): InQuery<ScheduleListQuery>,
    links: Links,
) -> Result<Json<PageBody<ScheduleBody>>, ApiError> {
    list::check(&schedules)?;
    let window = page.window(&api.limits);
    let found = api.store.list_schedules(&schedules, window).await?;
    Ok(Json(PageBody::new(found, window, &links)))
}

/// Schedules, newest first, by a filter
#[utoipa::path(
    post, path = "/schedules/search", tag = "schedules", params(PageQuery),
    request_body = FilterBody,
    responses(
        (status = 200, description = "A page of schedules", body = PageBody<ScheduleBody>),
        (status = 400, description = "The filter cannot be used", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn search_schedules(
    State(api): Api,
    InQuery(page): InQuery<PageQuery>,
    links: Links,
    JsonBody(filter): JsonBody<FilterBody>,
) -> Result<Json<PageBody<ScheduleBody>>, ApiError> {
    let query =
        hinny_core::schedule::ScheduleQuery { filter: filter.into_filter()?, ..Default::default() };
    let window = page.window(&api.limits);
    let found = api.store.list_schedules(&query, window).await?;
    Ok(Json(PageBody::new(found, window, &links)))
}

/// Makes a schedule
///
/// The scheduler plugin checks the data and says its hash; the data is kept as it was sent. Without
/// a deadline, the schedule is due when the expression matches next.
#[utoipa::path(
    post, path = "/schedules", tag = "schedules", request_body = ScheduleCreateSchema,
    responses(
        (status = 201, description = "The schedule", body = ScheduleBody),
        (status = 400, description = "No such scheduler, or cron or data do not fit", body = crate::openapi::ErrorBody),
        (status = 409, description = "The scheduler has one for the same work", body = crate::openapi::ErrorBody),
        (status = 502, description = "The scheduler plugin failed", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn create_schedule(
    State(api): Api,
    JsonBody(create): JsonBody<ScheduleCreate>,
) -> Result<(StatusCode, Json<ScheduleBody>), ApiError> {
    let new = blueprint(&api, create).await?;
    let hash = new.hash.clone();
    let outcome = write(&api, ScheduleWrite::Create(new)).await?;
    let schedule = done(outcome, || {
        ApiError::Conflict(format!("schedule with the same hash already exists: {hash}"))
    })?;
    Ok((StatusCode::CREATED, Json(schedule.into())))
}

async fn blueprint(api: &ApiState, create: ScheduleCreate) -> Result<NewSchedule, ApiError> {
    let ScheduleCreate { scheduler, organisation, data, cron, deadline_at, time_zone, missed } =
        create;
    if cron.is_none() && deadline_at.is_none() {
        return Err(ApiError::BadRequest(
            "Either deadline_at or schedule must be provided".to_owned(),
        ));
    }
    let defaults = api.schedule_defaults(&scheduler);
    let (now, time_zone) = (api.clock.now(), time_zone.unwrap_or(defaults.time_zone));
    let next = body::check_cron(cron.as_deref(), &time_zone)
        .and_then(|cron: Option<CronExpression>| cron.map(|cron| cron.next_after(now)).transpose())
        .map_err(|error| ApiError::cron(&error))?;
    let admitted = match api.queues.admit(&scheduler, &organisation, data.get()).await {
        Err(QueueError::UnknownScheduler(_)) => {
            return Err(ApiError::BadRequest(format!(
                "Scheduler {scheduler} not found; hint: `GET /schedulers` lists them"
            )));
        }
        admitted => admitted?.map_err(|refusal| {
            ApiError::BadRequest(format!("1 validation error for data: {refusal}"))
        })?,
    };
    Ok(NewSchedule {
        id: api.ids.schedule(now),
        scheduler,
        organisation,
        hash: admitted.hash,
        data,
        cron,
        time_zone,
        deadline_at: deadline_at.or(next),
        missed: missed.unwrap_or(defaults.missed),
        created_at: now,
    })
}

/// One schedule
#[utoipa::path(
    get, path = "/schedules/{schedule_id}", tag = "schedules",
    params(("schedule_id" = uuid::Uuid, Path, description = "The schedule")),
    responses(
        (status = 200, description = "The schedule", body = ScheduleBody),
        (status = 404, description = "No such schedule", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn get_schedule(
    State(api): Api,
    InPath(SchedulePath(id)): InPath<SchedulePath>,
) -> Result<Json<ScheduleBody>, ApiError> {
    Ok(Json(find(&api, id).await?.into()))
}

/// Changes a schedule
///
/// The deadline stays as it is when the expression changes; send both to change both.
#[utoipa::path(
    patch, path = "/schedules/{schedule_id}", tag = "schedules",
    request_body = SchedulePatchSchema,
    params(("schedule_id" = uuid::Uuid, Path, description = "The schedule")),
    responses(
        (status = 200, description = "The schedule afterwards", body = ScheduleBody),
        (status = 400, description = "Nothing to change, or it does not fit", body = crate::openapi::ErrorBody),
        (status = 404, description = "No such schedule", body = crate::openapi::ErrorBody),
        (status = 409, description = "The scheduler has another one with that hash", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn update_schedule(
    State(api): Api,
    InPath(SchedulePath(id)): InPath<SchedulePath>,
    JsonBody(patch): JsonBody<SchedulePatch>,
) -> Result<Json<ScheduleBody>, ApiError> {
    let change = patch.into_change(&find(&api, id).await?)?;
    let write_one =
        ScheduleWrite::Change { schedule: id, change: Box::new(change), at: api.clock.now() };
    let outcome = write(&api, write_one).await?;
    let taken =
        || ApiError::Conflict("another schedule of the scheduler has the same hash".to_owned());
    if matches!(outcome, Some(ScheduleOutcome::NotFound)) {
        return Err(ApiError::schedule_not_found(id));
    }
    Ok(Json(done(outcome, taken)?.into()))
}

/// Removes a schedule; its tasks stay
#[utoipa::path(
    delete, path = "/schedules/{schedule_id}", tag = "schedules",
    params(("schedule_id" = uuid::Uuid, Path, description = "The schedule")),
    responses((status = 204, description = "There is no such schedule any more"))
)]
pub(super) async fn delete_schedule(
    State(api): Api,
    InPath(SchedulePath(id)): InPath<SchedulePath>,
) -> Result<StatusCode, ApiError> {
    write(&api, ScheduleWrite::Delete(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(api: &ApiState, id: ScheduleId) -> Result<Schedule, ApiError> {
    api.store.schedule(id).await?.ok_or_else(|| ApiError::schedule_not_found(id))
}

async fn write(api: &ApiState, write: ScheduleWrite) -> Result<Option<ScheduleOutcome>, ApiError> {
    let unit = Unit { schedules: vec![write], ..Unit::default() };
    let outcome = api.store.commit(vec![unit]).await?.pop();
    Ok(outcome.and_then(|mut outcome| outcome.schedules.pop()))
}

fn done(
    outcome: Option<ScheduleOutcome>,
    taken: impl FnOnce() -> ApiError,
) -> Result<Schedule, ApiError> {
    match outcome {
        Some(ScheduleOutcome::Done(Some(schedule))) => Ok(*schedule),
        Some(ScheduleOutcome::HashTaken(_)) => Err(taken()),
        _ => Err(ApiError::Unavailable(
            "the database gave no answer on the schedule; hint: look at it before trying again"
                .to_owned(),
        )),
    }
}
