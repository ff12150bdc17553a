//! What the API says of itself.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        self, Content, Ref, ResponseBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::access::table::{Allowed, RULES};

/// The description, without the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "hinny",
        description = "A scheduler platform whose decisions are WebAssembly plugins. Errors have a \
                       `detail`: a sentence, or for 422 a list of the fields that do not fit. \
                       Unknown query parameters are ignored. Times are RFC 3339; they may lack an \
                       offset (UTC) or a time of day (midnight), and are answered with `Z`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    tags(
        (name = "queues", description = "Push, pop, and look at queues"),
        (name = "tasks", description = "Tasks that were pushed, whatever became of them"),
        (name = "schedules", description = "Blueprints of tasks that come back"),
        (name = "events", description = "Messages for scheduler plugins"),
        (name = "plugins", description = "Versions of plugins, and the slots that they fill"),
        (name = "service", description = "The program itself")
    ),
    components(schemas(ErrorBody, InvalidBody, ProblemBody))
)]
pub(crate) struct Description;

/// An error.
#[derive(ToSchema)]
#[schema(as = Error)]
#[expect(dead_code, reason = "it describes what errors are written as")]
pub(crate) struct ErrorBody {
    /// What happened, with what, and what to do.
    detail: String,
}

/// Fields that do not fit.
#[derive(ToSchema)]
#[schema(as = ValidationError)]
#[expect(dead_code, reason = "it describes what errors are written as")]
struct InvalidBody {
    /// Each of them.
    detail: Vec<ProblemBody>,
}

/// A field that does not fit.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
struct ProblemBody {
    /// Which rule it breaks: a stable label.
    #[serde(rename = "type")]
    kind: String,
    /// Where it is: `body`, `query`, `path` or `header`, then names and indices.
    loc: Vec<Value>,
    /// What is expected.
    msg: String,
    /// What was sent; cut when it is long.
    input: Value,
}

/// Adds what holds for every route: tokens, and errors that any of them can answer.
pub(crate) struct Everywhere;

impl Modify for Everywhere {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme));
        for rule in RULES {
            if let Some(operation) = operation(document, rule.path, rule.method) {
                add_errors(operation, rule.allowed);
            }
        }
    }
}

fn operation<'a>(
    document: &'a mut openapi::OpenApi,
    path: &str,
    method: &str,
) -> Option<&'a mut Operation> {
    let item = document.paths.paths.get_mut(path)?;
    match method {
        "GET" => item.get.as_mut(),
        "POST" => item.post.as_mut(),
        "PUT" => item.put.as_mut(),
        "PATCH" => item.patch.as_mut(),
        "DELETE" => item.delete.as_mut(),
        _ => None,
    }
}

fn add_errors(operation: &mut Operation, allowed: Allowed) {
    if operation.parameters.is_some() || operation.request_body.is_some() {
        add(operation, "422", "ValidationError", "Fields do not fit");
    }
    if operation.request_body.is_some() {
        add(operation, "408", "Error", "The body does not arrive");
        add(operation, "413", "Error", "The body is too large");
    }
    if allowed == Allowed::Everyone {
        return;
    }
    add(operation, "503", "Error", "Later it may work; `Retry-After` says when");
    operation.security = Some(vec![
        SecurityRequirement::new("token", Vec::<String>::new()),
        SecurityRequirement::default(),
    ]);
    add(operation, "401", "Error", "A token is needed, where access is not open");
    add(operation, "403", "Error", &format!("Needs {allowed}, where access is not open"));
}

fn add(operation: &mut Operation, status: &str, schema: &str, text: &str) {
    let body = Content::new(Some(Ref::from_schema_name(schema)));
    let response = ResponseBuilder::new().description(text).content("application/json", body);
    operation
        .responses
        .responses
        .entry(status.to_owned())
        .or_insert_with(|| response.build().into());
}
