//! The one layer around all handlers: who may call, how often, how long, and what went wrong.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use metrics::{Counter, Histogram, counter, histogram};
use tracing::{Instrument, Span};

use crate::{
    Access, Caller,
    access::table::{RULES, Rule},
    error::{ApiError, Cause},
};

/// Knows every path, and whom it is open to.
pub(crate) struct Gate {
    access: Access,
    paths: HashMap<&'static str, PathGate>,
}

struct PathGate {
    allow: HeaderValue,
    operations: Vec<Operation>,
}

struct Operation {
    rule: &'static Rule,
    method: Method,
    seconds: Histogram,
    requests: Requests,
}

/// Answered requests by status. Counters are made once: looking one up by its labels costs more
/// than the whole rest of the gate.
struct Requests([OnceLock<Counter>; STATUSES.len()]);

/// The statuses that handlers answer with; any other is counted as `other`.
const STATUSES: [u16; 17] =
    [200, 201, 202, 204, 303, 400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503];

impl Gate {
    /// The gate before all routes.
    pub(crate) fn new(access: Access) -> Self {
        metrics::describe_counter!("hinny_http_requests_total", "Answered HTTP requests");
        metrics::describe_histogram!("hinny_http_request_seconds", "Time to answer, in seconds");
        let mut paths: HashMap<&'static str, PathGate> = HashMap::new();
        for rule in RULES {
            let path = paths.entry(rule.path).or_insert_with(PathGate::empty);
            path.operations.extend(Operation::of(rule));
            path.allow = allow(&path.operations);
        }
        Self { access, paths }
    }

    fn operation(&self, path: &str, method: &Method) -> Result<&Operation, ApiError> {
        let path = self.paths.get(path).ok_or(ApiError::UnknownPath)?;
        path.operations
            .iter()
            .find(|operation| operation.method == *method)
            .ok_or_else(|| ApiError::WrongMethod { allow: path.allow.clone() })
    }

    fn admit(&self, operation: &Operation, request: &Request) -> Result<Caller, ApiError> {
        let Rule { method, path, allowed } = *operation.rule;
        self.access.admit(request.headers(), allowed, format_args!("{method} {path}"))
    }
}

/// Lets a request through to its handler, or answers it.
pub(crate) async fn pass(
    State(gate): State<Arc<Gate>>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(matched) = request.extensions().get::<MatchedPath>() else {
        return next.run(request).await;
    };
    let operation = match gate.operation(matched.as_str(), request.method()) {
        Ok(operation) => operation,
        Err(error) => return error.into_response(),
    };
    let started = Instant::now();
    let response = match gate.admit(operation, &request) {
        Ok(caller) => {
            let span = operation.span(&caller);
            request.extensions_mut().insert(caller);
            next.run(request).instrument(span).await
        }
        Err(error) => error.into_response(),
    };
    operation.seconds.record(started.elapsed());
    operation.count(response.status().as_u16());
    if let Some(Cause(cause)) = response.extensions().get::<Cause>() {
        operation.log(response.status(), cause);
    }
    response
}

/// What is answered where no route is: the way to the route without the slash, if there is one.
pub(crate) async fn no_route(request: Request) -> Response {
    let uri = request.uri();
    let without = uri.path().trim_end_matches('/');
    if without == uri.path() || !RULES.iter().any(|rule| fits(rule.path, without)) {
        return ApiError::UnknownPath.into_response();
    }
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    axum::response::Redirect::temporary(&format!("{without}{query}")).into_response()
}

fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(name), Some(value)) if name.starts_with('{') && !value.is_empty() => {}
            (Some(name), Some(value)) if name == value => {}
            _ => return false,
        }
    }
}

impl PathGate {
    fn empty() -> Self {
        Self { allow: HeaderValue::from_static(""), operations: Vec::new() }
    }
}

fn allow(operations: &[Operation]) -> HeaderValue {
    let methods: Vec<_> = operations.iter().map(|operation| operation.method.as_str()).collect();
    HeaderValue::from_str(&methods.join(", ")).unwrap_or_else(|_| HeaderValue::from_static(""))
}

impl Operation {
    fn of(rule: &'static Rule) -> Option<Self> {
        Some(Self {
            rule,
            method: Method::from_bytes(rule.method.as_bytes()).ok()?,
            seconds: histogram!(
                "hinny_http_request_seconds", "method" => rule.method, "route" => rule.path
            ),
            requests: Requests([const { OnceLock::new() }; STATUSES.len()]),
        })
    }

    /// The span of one request. At `info` it would cost more than the rest of the gate.
    fn span(&self, caller: &Caller) -> Span {
        let Rule { method, path, .. } = *self.rule;
        tracing::debug_span!("request", method, route = path, caller = &*caller.name)
    }

    /// Logs what nobody above sees.
    fn log(&self, status: StatusCode, cause: &str) {
        let Rule { method, path, .. } = *self.rule;
        let code = status.as_u16();
        tracing::warn!(
            method,
            route = path,
            status = code,
            "answered {status} to {method} {path}: {cause}"
        );
    }

    fn count(&self, status: u16) {
        let known = STATUSES.iter().zip(&self.requests.0).find(|(known, _)| **known == status);
        match known {
            Some((_, counter)) => {
                counter.get_or_init(|| self.counter(status.to_string())).increment(1);
            }
            None => self.counter("other".to_owned()).increment(1),
        }
    }

    fn counter(&self, status: String) -> Counter {
        let Rule { method, path, .. } = *self.rule;
        counter!(
            "hinny_http_requests_total", "method" => method, "route" => path, "status" => status
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_its_template_and_no_other() {
        assert!(fits("/tasks/{task_id}", "/tasks/1"));
        assert!(fits("/tasks", "/tasks"));
        for path in ["/tasks/", "/tasks/1/2", "/task/1", "//tasks", ""] {
            assert!(!fits("/tasks/{task_id}", path), "{path}");
        }
    }

    #[test]
    fn a_path_allows_the_methods_of_the_table() {
        let gate = Gate::new(Access::Open);
        let Err(ApiError::WrongMethod { allow }) =
            gate.operation("/tasks/{task_id}", &Method::HEAD)
        else {
            panic!("HEAD is answered");
        };
        assert_eq!(allow, "GET, PATCH");
        assert_eq!(gate.operation("/tasks", &Method::POST).unwrap().rule.path, "/tasks");
    }

    #[test]
    fn every_line_of_the_table_is_an_operation() {
        let gate = Gate::new(Access::Open);
        for rule in RULES {
            let method = Method::from_bytes(rule.method.as_bytes()).unwrap();
            assert!(gate.operation(rule.path, &method).is_ok());
        }
    }
}
