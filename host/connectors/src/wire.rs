//! One request on the wire and its answer, read no further than is allowed.

use hinny_core::connector::{Method, ServiceResponse};
use reqwest::{RequestBuilder, Response, StatusCode, header};

/// Why one request has no answer.
#[derive(Debug)]
pub(crate) enum WireError {
    /// The connection could not be made, so the service has not seen the request.
    Unreached(String),
    /// The connection broke; the service may have seen the request.
    Broken(String),
    /// The answer is longer than allowed.
    TooLarge,
    /// The request cannot be made.
    Unsendable(String),
}

/// Sends a request and reads its answer.
pub(crate) async fn exchange(
    request: RequestBuilder,
    bytes_max: u64,
) -> Result<ServiceResponse, WireError> {
    let response = request.send().await.map_err(|error| wire_error(&error))?;
    read(response, bytes_max).await
}

async fn read(mut response: Response, bytes_max: u64) -> Result<ServiceResponse, WireError> {
    if response.content_length().is_some_and(|bytes| bytes > bytes_max) {
        return Err(WireError::TooLarge);
    }
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (status, content_type) = (response.status().as_u16(), content_type.to_owned());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| wire_error(&error))? {
        if (body.len() + chunk.len()) as u64 > bytes_max {
            return Err(WireError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(ServiceResponse { status, content_type, body })
}

fn wire_error(error: &reqwest::Error) -> WireError {
    let why = reason(error);
    if error.is_connect() {
        WireError::Unreached(why)
    } else if error.is_builder() {
        WireError::Unsendable(why)
    } else {
        WireError::Broken(why)
    }
}

/// The innermost cause: the others say that a request failed, which is known. Without the address,
/// which may have in its query what is nobody's business.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The method, as the library names it.
pub(crate) fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// Whether the service refuses the credentials.
pub(crate) fn is_unauthorised(response: &ServiceResponse) -> bool {
    response.status == StatusCode::UNAUTHORIZED.as_u16()
}
