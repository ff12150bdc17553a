//! Bodies on their way in.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::{
    ApiLimits, ApiState,
    error::ApiError,
    input::{FromFields, Input, Members, Noted, Place, Problem, Problems},
};

/// What can be read from a JSON body.
pub(crate) trait JsonFields: FromFields {
    /// Largest body, in bytes.
    fn bytes_max(limits: &ApiLimits) -> usize {
        limits.body_bytes_max
    }
}

/// A JSON body.
pub(crate) struct JsonBody<T>(pub(crate) T);

/// A JSON body, or none, or `null`.
pub(crate) struct MaybeJsonBody<T>(pub(crate) Option<T>);

impl<T: JsonFields> FromRequest<Arc<ApiState>> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<ApiState>) -> Result<Self, ApiError> {
        let bytes = read_json::<T>(request, &api.limits).await?;
        parse(&bytes)?.map(Self).ok_or_else(|| {
            let mut problems = Problems::default();
            let missing = problems.missing(&Place::of("body"), serde_json::Value::Null);
            ApiError::Invalid(problems.or::<()>(missing).err().unwrap_or_default())
        })
    }
}

impl<T: JsonFields> FromRequest<Arc<ApiState>> for MaybeJsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Arc<ApiState>) -> Result<Self, ApiError> {
        let bytes = read_json::<T>(request, &api.limits).await?;
        parse(&bytes).map(Self)
    }
}

pub(crate) async fn read_json<T: JsonFields>(
    request: Request,
    limits: &ApiLimits,
) -> Result<Bytes, ApiError> {
    const TOO_LARGE: &str =
        "send less at a time, or raise `body_bytes_max` or `batch_bytes_max` of `[api]`";
    let (parts, body) = request.into_parts();
    let bytes = read(limits, &parts.headers, body, T::bytes_max(limits), TOO_LARGE).await?;
    if bytes.is_empty() || is_json(&parts.headers) {
        return Ok(bytes);
    }
    Err(not_json(&parts.headers))
}

/// All of a body, as long as it is not larger than `max` and comes in time.
pub(crate) async fn read(
    limits: &ApiLimits,
    headers: &HeaderMap,
    body: Body,
    max: usize,
    hint: &'static str,
) -> Result<Bytes, ApiError> {
    let too_large = |got| ApiError::TooLarge { got, max, hint };
    let told = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if let Some(length) = told.filter(|length| *length > max) {
        return Err(too_large(format!("{length} bytes")));
    }
    match tokio::time::timeout(limits.body_time_max, Limited::new(body, max).collect()).await {
        Err(_) => Err(ApiError::TooSlow { max: limits.body_time_max }),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(too_large(format!("more than {max} bytes")))
        }
        Ok(Err(error)) => Err(ApiError::BadRequest(format!(
            "the body ended early: {error}; hint: send it again, with the right `Content-Length`"
        ))),
    }
}

/// Whether a body is meant to be JSON: it says so, or it says nothing.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let Some((kind, subtype)) = kind.split_once('/') else { return kind.is_empty() };
    let json = |subtype: &str| {
        subtype.eq_ignore_ascii_case("json")
            || subtype
                .rsplit_once('+')
                .is_some_and(|(_, suffix)| suffix.eq_ignore_ascii_case("json"))
    };
    kind.eq_ignore_ascii_case("application") && json(subtype)
}

fn not_json(headers: &HeaderMap) -> ApiError {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    invalid(
        &Place::of("body"),
        "content_type",
        "Input should be JSON, sent as `application/json`, or without a content type",
        Input::Text(kind.unwrap_or_default()),
    )
}

/// Reads a JSON body; nothing for an empty one and for `null`.
pub(crate) fn parse<T: FromFields>(bytes: &[u8]) -> Result<Option<T>, ApiError> {
    if matches!(bytes.trim_ascii(), b"" | b"null") {
        return Ok(None);
    }
    match Members::parse(bytes) {
        Ok(members) => members.read_all("body").map(Some).map_err(ApiError::Invalid),
        Err(error) => Err(unreadable(bytes, &error)),
    }
}

fn unreadable(bytes: &[u8], error: &serde_json::Error) -> ApiError {
    let body = Place::of("body");
    if error.is_data()
        && let Ok(raw) = serde_json::from_slice(bytes)
    {
        let msg = "Input should be a valid dictionary or object to extract fields from";
        return invalid(&body, "model_attributes_type", msg, Input::Json(raw));
    }
    // What is missing at the end is missing after the last byte.
    let at = if error.is_eof() { bytes.len() } else { offset(bytes, error.line(), error.column()) };
    let text = String::from_utf8_lossy(bytes);
    let near = bytes.get(at.saturating_sub(20)..bytes.len().min(at + 20)).unwrap_or_default();
    let near = if bytes.len() > 40 { String::from_utf8_lossy(near) } else { text };
    let msg = format!("JSON decode error: {error}");
    invalid(&body.entry(at), "json_invalid", msg, Input::Text(&near))
}

/// Where in the bytes a line and column are.
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let before: usize = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.saturating_sub(1))
        .map(<[u8]>::len)
        .sum();
    before + column.saturating_sub(1)
}

/// One problem, as an answer.
pub(crate) fn invalid(
    place: &Place<'_>,
    kind: &'static str,
    msg: impl Into<String>,
    input: Input<'_>,
) -> ApiError {
    let mut problems = Problems::default();
    let nothing: Result<(), Noted> = problems.note(place, kind, msg, input);
    ApiError::Invalid(problems.or(nothing).err().unwrap_or_default())
}

/// Problems with a part of the request that is not its body.
impl From<Vec<Problem>> for ApiError {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Invalid(problems)
    }
}
