//! Requests that are not carried out, and how that is answered.
//!
//! The first words of each text are those that clients of older schedulers look for; the reason
//! and the cure follow.

mod mapping;

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use hinny_core::{plugin::Verdict, ranker::PluginFailure, store::StoreError};
use serde::Serialize;

use crate::input::Problem;

/// Seconds after which a client may try again what is in the way of something else.
const CONFLICT_RETRY_SECONDS: u16 = 60;
/// Seconds after which a client may try again what failed for a passing reason.
const UNAVAILABLE_RETRY_SECONDS: u16 = 5;

/// A request that is not carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    /// The request makes no sense, though every field does: 400.
    #[error("Bad request error occurred: {0}")]
    BadRequest(String),
    /// A schedule makes no sense: 400.
    #[error("Validation error occurred: {0}")]
    Validation(String),
    /// No token, or an unknown one: 401.
    #[error("Not authenticated: {reason}")]
    Unauthenticated {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The token does not open this: 403.
    #[error("Forbidden: {0}")]
    Forbidden(String),
    /// There is no such thing: 404.
    #[error("Resource not found: {0}")]
    NotFound(String),
    /// There is no such route: 404.
    #[error("Not Found")]
    UnknownPath,
    /// The route has other methods: 405.
    #[error("Method Not Allowed")]
    WrongMethod {
        /// The methods it has.
        allow: HeaderValue,
    },
    /// The body does not arrive: 408.
    #[error("Request Timeout: the body did not arrive within {} s; hint: send it at once, or on a faster line", .max.as_secs_f64())]
    TooSlow {
        /// The limit.
        max: Duration,
    },
    /// Something else is in the way: 409.
    #[error("Conflict error occurred: {0}")]
    Conflict(String),
    /// The body is too large: 413.
    #[error("Payload too large: the body has {got}, the limit is {max} bytes; hint: {hint}")]
    TooLarge {
        /// Its size, for people.
        got: String,
        /// The limit, in bytes.
        max: usize,
        /// What to do.
        hint: &'static str,
    },
    /// Fields do not fit: 422, with the list of them.
    #[error("{} of the request cannot be used", .0.first().map_or_else(|| "something".to_owned(), Problem::place))]
    Invalid(Vec<Problem>),
    /// A plugin did not pass its checks: 422, with the verdict.
    #[error("{reason}")]
    Refused {
        /// Which check, and why.
        reason: String,
        /// All checks.
        verdict: Box<Verdict>,
    },
    /// A limit is reached: 429.
    #[error("Too many requests: {0}")]
    TooMany(String),
    /// The database holds what cannot be read, or is of another version: 500.
    #[error("Internal Server Error: {0}")]
    Internal(#[source] StoreError),
    /// A plugin failed, which is upstream of the host as another service would be: 502.
    #[error("Bad Gateway: {0}")]
    Plugin(#[source] PluginFailure),
    /// Later it may work: 503.
    #[error("Service Unavailable: {0}")]
    Unavailable(String),
}

impl ApiError {
    /// The status code.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::Validation(_) => StatusCode::BAD_REQUEST,
            Self::Unauthenticated { .. } => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) | Self::UnknownPath => StatusCode::NOT_FOUND,
            Self::WrongMethod { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Invalid(_) | Self::Refused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Plugin(_) => StatusCode::BAD_GATEWAY,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn body(&self) -> Body<'_> {
        match self {
            Self::Invalid(problems) => Body::Invalid { detail: problems },
            Self::Refused { reason, verdict } => Body::Refused { detail: reason, verdict },
            other => Body::Text { detail: other.to_string() },
        }
    }

    fn header(&self) -> Option<(header::HeaderName, HeaderValue)> {
        match self {
            Self::WrongMethod { allow } => Some((header::ALLOW, allow.clone())),
            Self::Conflict(_) | Self::TooMany(_) => {
                Some((header::RETRY_AFTER, CONFLICT_RETRY_SECONDS.into()))
            }
            Self::Unavailable(_) => Some((header::RETRY_AFTER, UNAVAILABLE_RETRY_SECONDS.into())),
            Self::Unauthenticated { .. } => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"hinny\"")))
            }
            _ => None,
        }
    }
}

/// How an error is written.
#[derive(Serialize)]
#[serde(untagged)]
enum Body<'a> {
    Text { detail: String },
    Invalid { detail: &'a [Problem] },
    Refused { detail: &'a str, verdict: &'a Verdict },
}

/// Why the host could not answer, left with the answer for the gate, which knows the request, to
/// log.
#[derive(Clone)]
pub(crate) struct Cause(pub(crate) Arc<str>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(self.body())).into_response();
        if status.is_server_error() {
            response.extensions_mut().insert(Cause(self.to_string().into()));
        }
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use hinny_core::{SchedulerId, TaskStatus, queue::QueueError, status::IllegalMove};

    use super::*;

    fn answer(error: impl Into<ApiError>) -> (u16, String, Option<String>) {
        let error = error.into();
        let (text, status) = (error.to_string(), error.status().as_u16());
        let response = error.into_response();
        assert_eq!(response.status().as_u16(), status);
        // Whatever the host could not do is logged, and nothing that a client did.
        let cause = response.extensions().get::<Cause>().map(|Cause(cause)| cause.to_string());
        assert_eq!(cause, (status >= 500).then(|| text.clone()));
        let after = response.headers().get(header::RETRY_AFTER);
        (status, text, after.map(|value| value.to_str().unwrap().to_owned()))
    }

    fn unavailable() -> StoreError {
        StoreError::Unavailable { why: "locked".to_owned(), hint: "wait" }
    }

    #[test]
    fn what_the_queues_refuse_is_answered_by_kind() {
        let jobs = SchedulerId::new("jobs").unwrap();
        for (error, status, text, after) in [
            (
                QueueError::UnknownScheduler(jobs.clone()),
                404,
                "Resource not found: Scheduler jobs not found; hint: `GET /schedulers` lists them",
                None,
            ),
            (
                IllegalMove { from: TaskStatus::Completed, to: TaskStatus::Running }.into(),
                409,
                "Conflict error occurred: a task that is `completed` cannot become `running`",
                Some("60"),
            ),
            (
                QueueError::StaleAttempt { reported: 1, current: 2 },
                409,
                "Conflict error occurred: the report is on attempt 1, the task is at attempt 2; \
                 hint: it was lost to another worker, drop the result",
                Some("60"),
            ),
            (
                QueueError::NoPlugin(jobs),
                503,
                "Service Unavailable: scheduler `jobs` has no plugin; hint: \
                 `hinny plugin activate jobs/scheduler NAME`",
                Some("5"),
            ),
            (
                QueueError::Stopping,
                503,
                "Service Unavailable: hinny is stopping; hint: try again in a moment",
                Some("5"),
            ),
            (
                unavailable().into(),
                503,
                "Service Unavailable: the database cannot be used now: locked; hint: wait",
                Some("5"),
            ),
        ] {
            assert_eq!(answer(error), (status, text.to_owned(), after.map(str::to_owned)));
        }
    }

    #[test]
    fn a_corrupt_row_is_a_500_and_an_unreachable_database_is_not() {
        let corrupt = StoreError::Corrupt { what: "a task".to_owned(), why: "no data".to_owned() };
        assert_eq!(answer(corrupt).0, 500);
        assert_eq!(answer(unavailable()).0, 503);
    }

    #[test]
    fn a_failing_plugin_is_a_bad_gateway() {
        let failure = PluginFailure {
            plugin: "jobs 1.0.0".to_owned(),
            call: "admit",
            kind: hinny_core::ranker::FailureKind::Trap,
            message: "unreachable".to_owned(),
        };
        assert_eq!(
            answer(QueueError::from(failure)),
            (
                502,
                "Bad Gateway: plugin `jobs 1.0.0` failed in `admit`: unreachable".to_owned(),
                None
            )
        );
    }
}
