//! Lists of tasks.

use axum::{Json, extract::State};
use hinny_core::{
    Organisation, SchedulerId, TaskHash, TaskStatus, TaskType, Timestamp, filter::Filter,
    task::TaskQuery,
};
use utoipa::IntoParams;

use super::{
    Api,
    queues::of_queue,
    task::{TaskBody, overlay},
};
use crate::{
    ApiState,
    body::MaybeJsonBody,
    error::ApiError,
    filter::{FilterBody, of_organisations},
    input::{Fields, FromFields, Noted},
    page::{Links, PageBody, PageQuery},
    params::InQuery,
    wire::StatusSchema,
};

/// Which tasks.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `TaskListQuery` reads")]
struct TaskListParams {
    /// Of this scheduler; or `{scheduler}-{organisation}`, as older clients name it.
    scheduler_id: Option<String>,
    /// Of this organisation.
    organisation: Option<String>,
    /// Of these organisations; may be repeated.
    #[param(required = false)]
    organisation_ids: Vec<String>,
    /// Of this kind.
    task_type: Option<String>,
    /// With this status.
    #[param(value_type = Option<StatusSchema>)]
    status: Option<StatusSchema>,
    /// With this hash.
    hash: Option<String>,
    /// Those that were given up, or the others.
    dead: Option<bool>,
    /// Pushed at or after.
    #[param(value_type = Option<String>, example = "2026-01-31")]
    min_created_at: Option<()>,
    /// Pushed at or before.
    #[param(value_type = Option<String>, example = "2026-01-31T12:00:00Z")]
    max_created_at: Option<()>,
}

/// Which tasks, and which page of them.
#[derive(Debug)]
pub(super) struct TaskListQuery {
    tasks: TaskQuery,
    organisations: Vec<Organisation>,
    page: PageQuery,
}

impl FromFields for TaskListQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let scheduler = fields.optional::<SchedulerId>("scheduler_id");
        let organisation = fields.optional::<Organisation>("organisation");
        let organisations = fields.repeated::<Organisation>("organisation_ids");
        let kind = fields.optional::<TaskType>("task_type");
        let status = fields.optional::<TaskStatus>("status");
        let hash = fields.optional::<TaskHash>("hash");
        let dead = fields.optional::<bool>("dead");
        let min_created_at = fields.optional::<Timestamp>("min_created_at");
        let max_created_at = fields.optional::<Timestamp>("max_created_at");
        let page = PageQuery::read(fields);
        let tasks = TaskQuery {
            scheduler: scheduler?,
            organisation: organisation?,
            kind: kind?,
            status: status?,
            hash: hash?,
            dead: dead?,
            min_created_at: min_created_at?,
            max_created_at: max_created_at?,
            filter: Filter::default(),
        };
        Ok(Self { tasks, organisations: organisations?, page: page? })
    }
}

impl TaskListQuery {
    /// What is asked for in all: by the query, and by the body.
    pub(super) fn with(self, filter: Option<FilterBody>) -> Result<TaskQuery, ApiError> {
        let Self { mut tasks, organisations, page: _ } = self;
        check_span("created_at", tasks.min_created_at, tasks.max_created_at)?;
        tasks.filter = FilterBody::or_all(filter)?;
        tasks.filter.and.extend(of_organisations(&organisations));
        Ok(tasks)
    }
}

/// Tasks, newest first
///
/// A filter may be sent as a body, as with POST.
#[utoipa::path(
    get, path = "/tasks", tag = "tasks", params(TaskListParams, PageQuery),
    request_body(content = Option<FilterBody>, description = "And all of this"),
    responses(
        (status = 200, description = "A page of tasks", body = PageBody<TaskBody>),
        (status = 400, description = "The filter cannot be used", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn list_tasks(
    State(api): Api,
    InQuery(query): InQuery<TaskListQuery>,
    links: Links,
    MaybeJsonBody(filter): MaybeJsonBody<FilterBody>,
) -> Result<Json<PageBody<TaskBody>>, ApiError> {
    list(&api, query, filter, &links).await
}

/// Tasks, newest first, by a filter
#[utoipa::path(
    post, path = "/tasks", tag = "tasks", params(TaskListParams, PageQuery),
    request_body(content = Option<FilterBody>, description = "And all of this"),
    responses(
        (status = 200, description = "A page of tasks", body = PageBody<TaskBody>),
        (status = 400, description = "The filter cannot be used", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn search_tasks(
    State(api): Api,
    InQuery(query): InQuery<TaskListQuery>,
    links: Links,
    MaybeJsonBody(filter): MaybeJsonBody<FilterBody>,
) -> Result<Json<PageBody<TaskBody>>, ApiError> {
    list(&api, query, filter, &links).await
}

async fn list(
    api: &ApiState,
    query: TaskListQuery,
    filter: Option<FilterBody>,
    links: &Links,
) -> Result<Json<PageBody<TaskBody>>, ApiError> {
    let window = query.page.window(&api.limits);
    let tasks = of_queue(api, query.with(filter)?);
    let mut found = api.store.list_tasks(&tasks, window).await?;
    overlay(api, &mut found.items).await;
    Ok(Json(PageBody::new(found, window, links)))
}

/// Refuses a span that ends before it starts.
pub(super) fn check_span(
    column: &str,
    min: Option<Timestamp>,
    max: Option<Timestamp>,
) -> Result<(), ApiError> {
    match min.zip(max) {
        Some((min, max)) if min > max => Err(ApiError::BadRequest(format!(
            "min_{column} must be less than max_{column}: {min} is after {max}"
        ))),
        _ => Ok(()),
    }
}
