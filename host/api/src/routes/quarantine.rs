//! Messages that the host keeps: waiting to be tried again, or set aside.

use axum::{Json, extract::State, http::StatusCode};
use base64::{Engine, prelude::BASE64_STANDARD};
use hinny_core::{
    EventId, SchedulerId,
    event::{EventState, KeptEvent},
    store::{EventWrite, Unit},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::{Api, events::OutcomeBody};
use crate::{
    ApiState,
    error::ApiError,
    input::{Fields, FromFields, Noted},
    page::{Links, PageBody, PageQuery},
    params::{InPath, InQuery},
    wire::{Id, Moment, Text},
};

/// A message that the host keeps.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptEvent)]
pub(super) struct KeptEventBody {
    /// Identity.
    id: Id,
    /// The scheduler that has yet to handle it.
    scheduler_id: Text,
    /// Where it came from.
    source: String,
    /// Where it is.
    #[schema(value_type = EventStateSchema)]
    state: EventState,
    /// Why it was not handled.
    reason: String,
    /// Tries so far.
    delivery: u32,
    /// When it came.
    received_at: Moment,
    /// When it is tried again, while it waits.
    retry_at: Option<Moment>,
    /// MIME type, as the sender says.
    content_type: String,
    /// Size of its body, in bytes.
    size: usize,
}

/// Where a kept message is.
#[derive(ToSchema)]
#[schema(as = EventState, rename_all = "lowercase")]
#[expect(dead_code, reason = "it describes what `EventState` is written as")]
enum EventStateSchema {
    /// Tried again later.
    Waiting,
    /// Set aside, until somebody replays or drops it.
    Quarantined,
}

impl From<KeptEvent> for KeptEventBody {
    fn from(kept: KeptEvent) -> Self {
        Self::from(&kept)
    }
}

impl From<&KeptEvent> for KeptEventBody {
    fn from(kept: &KeptEvent) -> Self {
        let message = &kept.message;
        Self {
            id: message.id.into(),
            scheduler_id: (&kept.scheduler).into(),
            source: message.source.clone(),
            state: kept.state,
            reason: kept.reason.clone(),
            delivery: message.delivery,
            received_at: message.at.into(),
            retry_at: kept.retry_at.map(Into::into),
            content_type: message.content_type.clone(),
            size: message.body.len(),
        }
    }
}

/// A message that the host keeps, with all that came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WholeKeptEvent)]
pub(super) struct WholeEventBody {
    #[serde(flatten)]
    about: KeptEventBody,
    /// Headers and the like.
    attributes: Vec<Attribute>,
    /// How `body` is written: `text`, or `base64` when it is not UTF-8.
    body_encoding: &'static str,
    /// The body.
    body: String,
}

/// A header or the like.
#[derive(Debug, Serialize, ToSchema)]
struct Attribute {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

impl From<KeptEvent> for WholeEventBody {
    fn from(kept: KeptEvent) -> Self {
        let about = KeptEventBody::from(&kept);
        let attributes = kept.message.attributes.into_iter();
        let attributes = attributes.map(|(name, value)| Attribute { name, value }).collect();
        let (body_encoding, body) = match String::from_utf8(kept.message.body) {
            Ok(text) => ("text", text),
            Err(error) => ("base64", BASE64_STANDARD.encode(error.as_bytes())),
        };
        Self { about, attributes, body_encoding, body }
    }
}

/// Which kept messages.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "it describes what `QuarantineQuery` reads")]
struct QuarantineParams {
    /// Of this scheduler.
    scheduler_id: Option<String>,
    /// In this state.
    #[param(value_type = Option<EventStateSchema>)]
    state: Option<EventStateSchema>,
}

/// Which kept messages, and which page of them.
#[derive(Debug)]
pub(super) struct QuarantineQuery {
    scheduler: Option<SchedulerId>,
    state: Option<EventState>,
    page: PageQuery,
}

impl FromFields for QuarantineQuery {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (scheduler, state) = (fields.optional("scheduler_id"), fields.optional("state"));
        let page = PageQuery::read(fields);
        Ok(Self { scheduler: scheduler?, state: state?, page: page? })
    }
}

/// A kept message in the path.
#[derive(Debug)]
pub(super) struct KeptPath {
    scheduler: SchedulerId,
    event: EventId,
}

impl FromFields for KeptPath {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (scheduler, event) = (fields.required("scheduler_id"), fields.required("event_id"));
        Ok(Self { scheduler: scheduler?, event: event? })
    }
}

/// Messages that the host keeps, newest first
#[utoipa::path(
    get, path = "/quarantine", tag = "events", params(QuarantineParams, PageQuery),
    responses((status = 200, description = "A page of messages", body = PageBody<KeptEventBody>))
)]
pub(super) async fn list_kept_events(
    State(api): Api,
    InQuery(QuarantineQuery { scheduler, state, page }): InQuery<QuarantineQuery>,
    links: Links,
) -> Result<Json<PageBody<KeptEventBody>>, ApiError> {
    let window = page.window(&api.limits);
    let found = api.store.list_kept_events(scheduler.as_ref(), state, window).await?;
    Ok(Json(PageBody::new(found, window, &links)))
}

/// One kept message, with its body
#[utoipa::path(
    get, path = "/quarantine/{scheduler_id}/{event_id}", tag = "events",
    params(
        ("scheduler_id" = String, Path, description = "The scheduler that has yet to handle it"),
        ("event_id" = uuid::Uuid, Path, description = "The message")
    ),
    responses(
        (status = 200, description = "The message", body = WholeEventBody),
        (status = 404, description = "It is not kept", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn get_kept_event(
    State(api): Api,
    InPath(path): InPath<KeptPath>,
) -> Result<Json<WholeEventBody>, ApiError> {
    Ok(Json(find(&api, &path).await?.into()))
}

/// Forgets a kept message
#[utoipa::path(
    delete, path = "/quarantine/{scheduler_id}/{event_id}", tag = "events",
    params(
        ("scheduler_id" = String, Path, description = "The scheduler that has yet to handle it"),
        ("event_id" = uuid::Uuid, Path, description = "The message")
    ),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = 404, description = "It is not kept", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn drop_kept_event(
    State(api): Api,
    InPath(path): InPath<KeptPath>,
) -> Result<StatusCode, ApiError> {
    find(&api, &path).await?;
    let KeptPath { scheduler, event } = path;
    let forget = EventWrite::Drop { scheduler, event };
    api.store.commit(vec![Unit { events: vec![forget], ..Unit::default() }]).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Handles a kept message again, now
#[utoipa::path(
    post, path = "/quarantine/{scheduler_id}/{event_id}/replay", tag = "events",
    params(
        ("scheduler_id" = String, Path, description = "The scheduler that shall handle it"),
        ("event_id" = uuid::Uuid, Path, description = "The message")
    ),
    responses(
        (status = 200, description = "What became of it", body = OutcomeBody),
        (status = 404, description = "It is not kept", body = crate::openapi::ErrorBody)
    )
)]
pub(super) async fn replay_kept_event(
    State(api): Api,
    InPath(path): InPath<KeptPath>,
) -> Result<Json<OutcomeBody>, ApiError> {
    let outcome = api.events.replay(&path.scheduler, path.event).await?;
    let outcome = outcome.ok_or_else(|| not_kept(&path.scheduler, path.event))?;
    Ok(Json(OutcomeBody::new(&path.scheduler, outcome)))
}

async fn find(api: &ApiState, path: &KeptPath) -> Result<KeptEvent, ApiError> {
    let kept = api.store.kept_event(&path.scheduler, path.event).await?;
    kept.ok_or_else(|| not_kept(&path.scheduler, path.event))
}

pub(super) fn not_kept(scheduler: &SchedulerId, event: EventId) -> ApiError {
    ApiError::NotFound(format!(
        "no kept event `{event}` of scheduler `{scheduler}`; hint: it may be handled or dropped by \
         now, `GET /quarantine` lists those that are kept"
    ))
}
