//! What clients of older schedulers send, byte by byte, and what they rely on in the answers.
//!
//! Ids and times that the host makes are masked. Each exchange is one row; rows depend on those
//! before them, as requests of a client do.

use axum::body::Body;
use serde_json::{Value, json};

use super::{TestApi, fakes::task, request};

const ID: &str = "11111111-1111-4111-8111-111111111101";

/// Sends a body without a content type, as one of the clients does.
async fn bare(api: &TestApi, method: &str, uri: &str, body: &str) -> (u16, Value) {
    let sent = request(method, uri).header("host", "127.0.0.1:8004");
    let answer = api.send(sent.body(Body::from(body.to_owned())).unwrap()).await;
    (answer.status, if answer.text.is_empty() { Value::Null } else { answer.json() })
}

/// Only the fields that clients of older schedulers know, with made times masked.
fn as_known(task: &Value) -> Value {
    const KNOWN: [&str; 9] = [
        "id",
        "scheduler_id",
        "schedule_id",
        "organisation",
        "priority",
        "status",
        "type",
        "hash",
        "data",
    ];
    for time in ["created_at", "modified_at"] {
        let text = task[time].as_str().unwrap_or_else(|| panic!("no {time} in {task}"));
        assert!(text.ends_with('Z') && text.parse::<hinny_core::Timestamp>().is_ok(), "{text}");
    }
    KNOWN.iter().map(|name| ((*name).to_owned(), task[*name].clone())).collect()
}

#[tokio::test]
async fn a_push_of_a_whole_task_by_a_worker_that_stops_is_refused_by_its_keys() {
    let api = TestApi::new();
    let known = as_known(&serde_json::to_value(api_task(&api).await).unwrap());
    let (status, answer) = bare(&api, "POST", "/schedulers/jobs/push", &known.to_string()).await;
    assert_eq!(status, 422);
    let refused: Vec<_> = answer["detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (problem["type"].as_str().unwrap(), problem["loc"][1].as_str().unwrap()))
        .collect();
    let extra = |name| ("extra_forbidden", name);
    let mut expected = ["schedule_id", "status", "type", "hash"].map(extra).to_vec();
    expected.sort_unstable();
    let mut refused = refused;
    refused.sort_unstable();
    assert_eq!(refused, expected);
}

async fn api_task(api: &TestApi) -> Value {
    api.host.tasks.lock().unwrap().push(task(1, r#"{"target":"a"}"#));
    api.get("/tasks/00000000-0000-0000-0000-000000000001").await.json()
}

#[tokio::test]
async fn a_run_by_hand_is_pushed_refused_and_listed_as_its_page_expects() {
    let api = TestApi::new();
    let push = format!(
        r#"{{"id":"{ID}","organisation":"acme","priority":1,"scheduler_id":"jobs","data":{{"id":"{ID}","type":"job","target":"a","extra":null}}}}"#
    );
    let (status, pushed) = bare(&api, "POST", "/schedulers/jobs/push", &push).await;
    assert_eq!(status, 201);
    assert_eq!(
        as_known(&pushed),
        json!({
            "id": ID, "scheduler_id": "jobs", "schedule_id": null, "organisation": "acme",
            "priority": 1, "status": "queued", "type": "job", "hash": "hash of a",
            "data": {"id": ID, "type": "job", "target": "a", "extra": null}
        })
    );
    let sent = request("POST", "/schedulers/jobs/push").body(Body::from(push)).unwrap();
    let again = api.send(sent).await;
    assert_eq!((again.status, again.header("retry-after")), (409, "60"));
    let words = "Conflict error occurred: queue is not allowed to push items";
    assert!(again.detail().starts_with(words), "{}", again.text);
    // The form of the page sends its own fields, too; dates have no time of day.
    let list = "/tasks?scheduler_id=jobs&task_type=job&limit=0&offset=0&status=queued\
                &min_created_at=2026-01-01&input=&observed_at=2026-01-01";
    for body in
        ["", r#"{"filters": [{"column": "organisation", "operator": "==", "value": "acme"}]}"#]
    {
        let (status, page) = bare(&api, "POST", list, body).await;
        assert_eq!(status, 200);
        let next = "http://127.0.0.1:8004/tasks?scheduler_id=jobs&task_type=job&status=queued\
                    &min_created_at=2026-01-01&input=&observed_at=2026-01-01&limit=0&offset=0";
        assert_eq!(
            page,
            json!({"count": 1, "next": next, "previous": next, "results": [], "is_partial_count": false})
        );
    }
}

#[tokio::test]
async fn a_worker_pops_starts_looks_and_ends() {
    let api = TestApi::new();
    api_task(&api).await;
    let filter = r#"{"filters": [{"column": "data", "field": "tool__image", "operator": "in", "value": ["a:1", "b:2"]}]}"#;
    let (status, popped) = bare(&api, "POST", "/schedulers/jobs/pop?limit=1", filter).await;
    assert_eq!((status, &popped["results"][0]["status"]), (200, &json!("queued")));
    let uri = "/tasks/00000000000000000000000000000001";
    for status in ["running", "completed"] {
        let body = json!({"status": status}).to_string();
        let (code, patched) = bare(&api, "PATCH", uri, &body).await;
        assert_eq!((code, &patched["status"]), (200, &json!(status)));
        assert_eq!(bare(&api, "GET", uri, "").await.1["status"], status);
    }
    assert_eq!(
        bare(&api, "POST", "/schedulers/jobs/pop?limit=1", "").await,
        (200, json!({"results": []}))
    );
}

#[tokio::test]
async fn a_schedule_is_made_found_edited_and_deleted() {
    let api = TestApi::new();
    for (deadline, shown) in [
        (r#""2031-01-01T00:00:00+02:00""#, "2030-12-31T22:00:00Z"),
        (r#""2031-01-01T00:00:00""#, "2031-01-01T00:00:00Z"),
        (r#""2031-01-01""#, "2031-01-01T00:00:00Z"),
    ] {
        let body = format!(
            r#"{{"scheduler_id":"jobs","organisation":"acme","data":{{"type":"job","target":"a"}},"schedule":"0 3 * * *","deadline_at":{deadline}}}"#
        );
        let (status, made) = bare(&api, "POST", "/schedules", &body).await;
        assert_eq!((status, &made["deadline_at"]), (201, &json!(shown)), "{made}");
        assert_eq!((&made["enabled"], &made["hash"]), (&json!(true), &json!("hash of a")));
        let (status, refused) = bare(&api, "POST", "/schedules", &body).await;
        assert_eq!(
            (status, refused),
            (
                409,
                json!({"detail": "Conflict error occurred: schedule with the same hash already exists: hash of a"})
            )
        );
        let search = r#"{"filters": [{"column": "data", "field": "target", "operator": "eq", "value": "a"}]}"#;
        let (status, page) = bare(&api, "POST", "/schedules/search", search).await;
        assert_eq!((status, &page["results"][0]["id"]), (200, &made["id"]));
        let uri = format!("/schedules/{}", made["id"].as_str().unwrap());
        let (status, off) = bare(&api, "PATCH", &uri, r#"{"enabled": false}"#).await;
        assert_eq!(
            (status, &off["enabled"], &off["deadline_at"]),
            (200, &json!(false), &json!(shown))
        );
        assert_eq!(bare(&api, "DELETE", &uri, "").await, (204, Value::Null));
        assert_eq!(bare(&api, "DELETE", &uri, "").await, (204, Value::Null));
    }
}

#[tokio::test]
async fn lists_of_several_organisations_are_one_condition() {
    let api = TestApi::new();
    let (status, _) =
        bare(&api, "GET", "/tasks?organisation_ids=a&organisation_ids=b&zz=1", "").await;
    assert_eq!(status, 200);
    let queries = api.host.queries.lock().unwrap();
    let condition = &queries[0].filter.and[0];
    assert_eq!((condition.column.as_str(), &condition.value), ("organisation", &json!(["a", "b"])));
}

#[tokio::test]
async fn settings_are_shown_where_dashboards_look_for_them() {
    let api = TestApi::with(|state| {
        state.info_labels.insert("queue_max".to_owned(), "a\"0".to_owned());
    });
    let text = api.get("/metrics").await.text;
    assert!(text.ends_with(
        "# TYPE app_settings_info gauge\napp_settings_info{queue_max=\"a\\\"0\"} 1.0\n"
    ));
    assert!(!TestApi::new().get("/metrics").await.text.contains("app_settings_info"));
}
