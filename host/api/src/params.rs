//! Parameters of paths and queries, and headers.

use std::{borrow::Cow, sync::Arc};

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{HeaderMap, request::Parts},
};

use crate::{
    ApiState,
    error::ApiError,
    input::{FromFields, FromInput, Input, Members, Place, Problems},
};

/// Parameters of the path.
pub(crate) struct InPath<T>(pub(crate) T);

/// Parameters of the query. Unknown ones are ignored.
pub(crate) struct InQuery<T>(pub(crate) T);

impl<T: FromFields> FromRequestParts<Arc<ApiState>> for InPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<ApiState>) -> Result<Self, ApiError> {
        let params = RawPathParams::from_request_parts(parts, api).await.map_err(|error| {
            ApiError::BadRequest(format!(
                "the path cannot be read: {error}; hint: send it as UTF-8"
            ))
        })?;
        let members = params.iter().map(|(name, value)| (Cow::Borrowed(name), Input::Text(value)));
        Ok(Self(Members(members.collect()).read_all("path")?))
    }
}

impl<T: FromFields> FromRequestParts<Arc<ApiState>> for InQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<ApiState>) -> Result<Self, ApiError> {
        query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads a query, pair by pair.
pub(crate) fn query<T: FromFields>(query: &str) -> Result<T, ApiError> {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let members = pairs
        .iter()
        .map(|(name, value)| (Cow::Borrowed(name.as_ref()), Input::Text(value.as_ref())));
    Ok(Members(members.collect()).read_all("query")?)
}

/// A header, if it is there.
pub(crate) fn header<T: FromInput>(
    headers: &HeaderMap,
    name: &'static str,
) -> Result<Option<T>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes());
    let mut problems = Problems::default();
    let part = Place::of("header");
    let read = T::read(Input::Text(&text), &part.field(name), &mut problems);
    Ok(problems.or(read).map(Some)?)
}
