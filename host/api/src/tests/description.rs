//! The description of the API.

use std::{fs, path::Path};

use serde_json::Value;

use super::TestApi;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a test that writes its own file is asked to by name"
)]
fn the_description_is_the_one_in_the_repository() {
    let now = crate::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("HINNY_BLESS").is_some() {
        fs::write(Path::new(FILE), &now).unwrap();
    }
    let kept = fs::read_to_string(Path::new(FILE)).unwrap_or_default();
    assert!(
        kept == now,
        "the API is not as `host/api/openapi.json` says; look at the difference, and write it with \
         `HINNY_BLESS=1 cargo test -p hinny-api`"
    );
}

#[tokio::test]
async fn the_description_is_served_and_can_be_browsed_without_a_network() {
    let api = TestApi::new();
    let served = api.get("/openapi.json").await.json();
    assert_eq!(served, serde_json::to_value(crate::openapi()).unwrap());
    assert_eq!(api.get("/docs").await.header("location"), "/docs/");
    let page = api.get("/docs/").await;
    assert!(page.text.contains("swagger-ui") && !page.text.contains("https://"), "{}", page.text);
    assert_eq!(api.get("/docs/swagger-ui.css").await.status, 200);
}

#[test]
fn every_operation_has_a_name_of_verb_and_noun_and_its_errors() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    let mut names = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(name.contains('_'), "{method} {path}: {name}");
            assert!(operation["summary"].is_string(), "{method} {path} has no summary");
            if !path.starts_with("/health") {
                assert!(operation["responses"]["401"].is_object(), "{method} {path}");
            }
            names.push(name);
        }
    }
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "an operation id is used twice");
}

/// What clients of the older scheduler call, with the query parameters that they send.
const KNOWN: [(&str, &str, &[&str]); 16] = [
    ("get", "/", &[]),
    ("get", "/health", &["externals"]),
    ("get", "/metrics", &[]),
    ("get", "/schedulers", &[]),
    ("get", "/schedulers/{scheduler_id}", &[]),
    ("post", "/schedulers/{scheduler_id}/push", &[]),
    ("post", "/schedulers/{scheduler_id}/pop", &["limit"]),
    (
        "get",
        "/tasks",
        &[
            "scheduler_id",
            "task_type",
            "status",
            "offset",
            "limit",
            "min_created_at",
            "max_created_at",
        ],
    ),
    (
        "post",
        "/tasks",
        &[
            "scheduler_id",
            "task_type",
            "status",
            "offset",
            "limit",
            "allow_partial_count",
            "max_pages",
        ],
    ),
    ("get", "/tasks/stats", &["scheduler_id", "organisation_id"]),
    ("get", "/tasks/{task_id}", &[]),
    ("patch", "/tasks/{task_id}", &[]),
    (
        "get",
        "/schedules",
        &[
            "scheduler_id",
            "schedule_hash",
            "enabled",
            "min_deadline_at",
            "max_deadline_at",
            "min_created_at",
            "max_created_at",
        ],
    ),
    ("post", "/schedules/search", &["offset", "limit"]),
    ("patch", "/schedules/{schedule_id}", &[]),
    ("delete", "/schedules/{schedule_id}", &[]),
];

#[test]
fn what_older_clients_call_is_there() {
    let document = serde_json::to_value(crate::openapi()).unwrap();
    for (method, path, parameters) in KNOWN {
        let operation = &document["paths"][path][method];
        assert!(operation.is_object(), "{method} {path}");
        let empty = Vec::new();
        let known = operation["parameters"].as_array().unwrap_or(&empty);
        for wanted in parameters {
            let in_query = |known: &Value| known["name"] == **wanted && known["in"] == "query";
            assert!(known.iter().any(in_query), "{method} {path} takes no `{wanted}`");
        }
    }
}
