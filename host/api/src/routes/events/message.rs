//! Messages, as they come in.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use axum::{
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use hinny_core::{EventId, queue::NewMessage};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::super::push::check_length;
use crate::{
    ApiLimits, ApiState,
    body::{self, JsonBody, JsonFields, invalid},
    error::ApiError,
    input::{Fields, FromFields, FromInput, Input, Members, Noted, Place, Problems},
    params,
};

/// Headers with this start become attributes of the message.
const ATTRIBUTE_PREFIX: &str = "x-attribute-";
const TOO_LARGE: &str =
    "send the message in parts, or raise `body_bytes_max` or `batch_bytes_max` of `[api]`";

/// One message, whatever its body is.
pub(in crate::routes) struct OneMessage(pub(in crate::routes) NewMessage);

impl FromRequest<Arc<ApiState>> for OneMessage {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<ApiState>) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let headers = parts.headers;
        let body =
            body::read(&api.limits, &headers, body, api.limits.body_bytes_max, TOO_LARGE).await?;
        Ok(Self(NewMessage {
            id: params::header(&headers, "x-event-id")?,
            content_type: content_type(&headers),
            body: body.into(),
            attributes: attributes(&headers),
        }))
    }
}

fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE);
    value.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).unwrap_or_default()
}

fn attributes(headers: &HeaderMap) -> Vec<(String, String)> {
    let named = headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix(ATTRIBUTE_PREFIX)?;
        Some((name.to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
    });
    named.collect()
}

/// Many messages: NDJSON, one message a line, or a JSON object with `messages`.
pub(in crate::routes) struct ManyMessages(pub(super) Vec<NewMessage>);

impl FromRequest<Arc<ApiState>> for ManyMessages {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<ApiState>) -> Result<Self, ApiError> {
        let messages = if is_ndjson(request.headers()) {
            let (parts, body) = request.into_parts();
            let max = api.limits.batch_bytes_max;
            lines(&body::read(&api.limits, &parts.headers, body, max, TOO_LARGE).await?)?
        } else {
            let JsonBody(EventBatch(messages)) = JsonBody::from_request(request, api).await?;
            messages.into_iter().map(|Envelope(message)| message).collect()
        };
        check_length(messages.len(), api.limits.event_batch_max, "messages")?;
        Ok(Self(messages))
    }
}

fn is_ndjson(headers: &HeaderMap) -> bool {
    let kind = content_type(headers);
    let kind = kind.split(';').next().unwrap_or_default().trim();
    ["application/x-ndjson", "application/ndjson", "application/jsonl"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
}

/// Each line is checked before any is handled, so that a batch is taken as a whole or not at all.
fn lines(body: &[u8]) -> Result<Vec<NewMessage>, ApiError> {
    let part = Place::of("body");
    let lines = body.split(|byte| *byte == b'\n').enumerate();
    let full = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    full.map(|(at, line)| match serde_json::from_slice::<&RawValue>(line) {
        Ok(raw) => Ok(json_message(raw.get())),
        Err(error) => {
            let msg = format!("line {} is not JSON: {error}", at + 1);
            let shown = String::from_utf8_lossy(line);
            Err(invalid(&part.entry(at), "json_invalid", msg, Input::Text(&shown)))
        }
    })
    .collect()
}

/// A body of many messages, read line by line and as one object.
#[cfg(any(test, fuzzing))]
pub(in crate::routes) fn in_either_form(body: &[u8]) -> [Result<Vec<NewMessage>, ApiError>; 2] {
    let object = body::parse::<EventBatch>(body).map(|batch| {
        let EventBatch(messages) = batch.unwrap_or(EventBatch(Vec::new()));
        messages.into_iter().map(|Envelope(message)| message).collect()
    });
    [lines(body), object]
}

fn json_message(json: &str) -> NewMessage {
    NewMessage {
        id: None,
        content_type: "application/json".to_owned(),
        body: json.as_bytes().to_vec(),
        attributes: Vec::new(),
    }
}

/// Many messages. Also taken as `application/x-ndjson`, one JSON body a line.
#[derive(ToSchema)]
#[schema(as = EventBatch)]
#[expect(dead_code, reason = "it describes what `EventBatch` reads")]
pub(super) struct EventBatchSchema {
    /// The messages.
    messages: Vec<EnvelopeSchema>,
}

/// A message with its envelope.
#[derive(ToSchema)]
#[schema(as = Event)]
#[expect(dead_code, reason = "it describes what `Envelope` reads")]
struct EnvelopeSchema {
    /// Identity: one that was sent before is handled once.
    id: Option<uuid::Uuid>,
    /// Any JSON.
    body: serde_json::Value,
    /// Headers and the like.
    attributes: Option<BTreeMap<String, String>>,
}

struct EventBatch(Vec<Envelope>);

impl FromFields for EventBatch {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let messages = fields.required("messages");
        fields.deny_others();
        Ok(Self(messages?))
    }
}

impl JsonFields for EventBatch {
    fn bytes_max(limits: &ApiLimits) -> usize {
        limits.batch_bytes_max
    }
}

struct Envelope(NewMessage);

impl FromFields for Envelope {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let id = fields.optional::<EventId>("id");
        let body = fields.required::<Box<RawValue>>("body");
        let attributes = fields.optional::<Attributes>("attributes");
        fields.deny_others();
        let attributes = attributes?.map(|Attributes(all)| all).unwrap_or_default();
        Ok(Self(NewMessage { id: id?, attributes, ..json_message(body?.get()) }))
    }
}

/// An object of text by name.
struct Attributes(Vec<(String, String)>);

impl FromInput for Attributes {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let members = match input {
            Input::Json(raw) => Members::parse(raw.get().as_bytes()).ok(),
            Input::Text(_) => None,
        };
        let Some(Members(members)) = members else {
            let msg = "Input should be a valid dictionary of text by name";
            return problems.note(place, "dict_type", msg, input);
        };
        let text = |(name, value): &(Cow<'_, str>, Input<'_>)| {
            let value = String::read(*value, &place.field(name), problems)?;
            Ok((name.clone().into_owned(), value))
        };
        members.iter().map(text).collect::<Result<_, _>>().map(Self)
    }
}
