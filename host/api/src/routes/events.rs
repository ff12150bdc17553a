//! Messages on their way to scheduler plugins.

mod message;
mod outcome;

use axum::{Json, extract::State, http::StatusCode};

use super::Api;
use crate::{
    error::ApiError,
    input::{Fields, FromFields, Limited, Noted},
    params::InPath,
    wire::Results,
};
pub(super) use message::OneMessage;
#[cfg(any(test, fuzzing))]
pub(super) use message::in_either_form;
use message::{EventBatchSchema, ManyMessages};
pub(super) use outcome::OutcomeBody;
use outcome::SubmittedBody;

/// Longest name of a source, in bytes.
pub(super) const SOURCE_MAX: usize = 128;

/// A source in the path.
#[derive(Debug)]
pub(super) struct SourcePath(String);

impl FromFields for SourcePath {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        fields.required("source").map(|Limited::<SOURCE_MAX>(source)| Self(source))
    }
}

/// Takes a message: the whole body, whatever it is
///
/// Once it is answered, it is handled or kept. Headers that start with `X-Attribute-` are its
/// attributes.
#[utoipa::path(
    post, path = "/events/{source}", tag = "events",
    params(
        ("source" = String, Path, description = "The name that scheduler plugins know it by"),
        ("x-event-id" = Option<uuid::Uuid>, Header, description = "Identity: a repeated one is handled once")
    ),
    request_body(content = serde_json::Value, description = "The message; any content type"),
    responses(
        (status = 200, description = "It is handled", body = SubmittedBody),
        (status = 202, description = "It is kept: to be tried again, or in quarantine", body = SubmittedBody),
        (status = 404, description = "No scheduler wants messages of the source", body = crate::openapi::ErrorBody),
    )
)]
pub(super) async fn submit_event(
    State(api): Api,
    InPath(SourcePath(source)): InPath<SourcePath>,
    OneMessage(message): OneMessage,
) -> Result<(StatusCode, Json<SubmittedBody>), ApiError> {
    let event = api.events.submit(&source, vec![message]).await?.pop().map(SubmittedBody::from);
    let event = event.filter(SubmittedBody::is_wanted).ok_or_else(|| unwanted(&source))?;
    Ok((event.status(), Json(event)))
}

/// Takes many messages
#[utoipa::path(
    post, path = "/events/{source}/batch", tag = "events",
    params(("source" = String, Path, description = "The name that scheduler plugins know it by")),
    request_body(content(
        (EventBatchSchema = "application/json"), (String = "application/x-ndjson")
    )),
    responses(
        (status = 200, description = "What became of each, in the same order", body = Results<SubmittedBody>),
    )
)]
pub(super) async fn submit_events(
    State(api): Api,
    InPath(SourcePath(source)): InPath<SourcePath>,
    ManyMessages(messages): ManyMessages,
) -> Result<Json<Results<SubmittedBody>>, ApiError> {
    let events = api.events.submit(&source, messages).await?;
    Ok(Json(events.into_iter().collect()))
}

fn unwanted(source: &str) -> ApiError {
    ApiError::NotFound(format!(
        "no scheduler wants messages of source `{}`; hint: check the name, or activate a scheduler \
         plugin that asks for it",
        source.escape_default()
    ))
}
