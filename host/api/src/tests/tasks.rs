//! Tasks, whatever became of them.

use axum::body::Body;
use hinny_core::TaskStatus;

use super::{TestApi, fakes::task, problem, request};

const ONE: &str = "/tasks/00000000-0000-0000-0000-000000000001";

fn with_tasks() -> TestApi {
    let api = TestApi::new();
    let mut done = task(2, "{}");
    done.status = TaskStatus::Completed;
    done.reason = Some("worker said so".to_owned());
    done.dead = true;
    api.host.tasks.lock().unwrap().extend([task(1, "{}"), done]);
    api
}

#[tokio::test]
async fn a_queued_task_shows_the_priority_it_has_now_and_another_the_stored_one() {
    let api = with_tasks();
    let list = api.get("/tasks?limit=5").await.json();
    assert_eq!(
        (&list["count"], &list["next"], &list["previous"]),
        (&2.into(), &().into(), &().into())
    );
    assert_eq!(list["results"][0]["priority"], 7);
    assert_eq!(list["results"][0]["ranked_by"]["generation"], 4);
    assert_eq!(list["results"][1]["priority"], 10);
    assert_eq!(api.get(ONE).await.json()["priority"], 7);
}

#[tokio::test]
async fn details_are_there_when_there_is_something_to_say() {
    let list = with_tasks().get("/tasks").await.json();
    assert_eq!(
        (&list["results"][1]["reason"], &list["results"][1]["dead"]),
        (&"worker said so".into(), &true.into())
    );
    assert!(list["results"][0].get("reason").is_none());
    assert!(list["results"][0].get("dead").is_none());
}

#[tokio::test]
async fn a_list_is_read_with_get_and_post_alike_with_or_without_a_body() {
    let api = with_tasks();
    let filter = r#"{"filters": []}"#;
    let uri = "/tasks?limit=1&status=COMPLETED&observed_at=ignored&min_created_at=2020-01-01";
    for method in ["GET", "POST"] {
        for body in ["", "null", filter] {
            let answer = api.call(method, uri, body).await;
            assert_eq!(answer.json()["count"], 1, "{method} {body}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn links_lead_back_to_the_host_that_was_asked() {
    let api = with_tasks();
    let asked = request("GET", "/tasks?limit=1&zz=1").header("host", "127.0.0.1:8004");
    let list = api.send(asked.body(Body::empty()).unwrap()).await.json();
    assert_eq!(list["next"], "http://127.0.0.1:8004/tasks?zz=1&limit=1&offset=1");
    assert_eq!(list["is_partial_count"], false);
}

#[tokio::test]
async fn parameters_that_do_not_fit_are_named() {
    let api = with_tasks();
    for (query, kind, place) in [
        ("limit=-1", "greater_than_equal", "query.limit"),
        ("offset=-1", "greater_than_equal", "query.offset"),
        ("status=bogus", "enum", "query.status"),
        ("min_created_at=yesterday", "datetime_from_date_parsing", "query.min_created_at"),
        ("allow_partial_count=zz", "bool_parsing", "query.allow_partial_count"),
    ] {
        let answer = api.get(&format!("/tasks?{query}")).await;
        assert_eq!(answer.problems(), [problem(kind, place)], "{query}");
    }
}

#[tokio::test]
async fn a_span_that_ends_before_it_starts_is_refused() {
    let uri = "/tasks?min_created_at=2030-01-01T00:00:00Z&max_created_at=2020-01-01";
    let answer = with_tasks().get(uri).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.detail(),
        "Bad request error occurred: min_created_at must be less than max_created_at: \
         2030-01-01T00:00:00Z is after 2020-01-01T00:00:00Z"
    );
}

#[tokio::test]
async fn a_filter_on_an_unknown_column_is_a_bad_request_at_once() {
    let body = r#"{"filters": [{"column": "nope", "operator": "eq", "value": "x"}]}"#;
    let answer = with_tasks().post("/tasks", body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.detail(),
        "Bad request error occurred: Invalid filter(s): filter column `nope` is unknown, expected \
         one of data, status"
    );
}

#[tokio::test]
async fn ids_are_read_in_any_form_and_unknown_ones_are_named() {
    let api = with_tasks();
    assert_eq!(api.get("/tasks/00000000000000000000000000000001").await.status, 200);
    let answer = api.get("/tasks/99999999-9999-4999-8999-99999999999A").await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        answer.detail(),
        "Resource not found: task not found, by task_id: 99999999-9999-4999-8999-99999999999a"
    );
    assert_eq!(api.get("/tasks/x").await.problems(), [problem("uuid_parsing", "path.task_id")]);
}

#[tokio::test]
async fn a_patch_carries_status_attempt_worker_and_reason() {
    let api = with_tasks();
    let body = r#"{"status": "cancelled", "attempt": 0, "worker": "w-1", "reason": "no need"}"#;
    let answer = api.call("PATCH", ONE, body).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &"cancelled".into()));
    let changes = api.host.changes.lock().unwrap();
    assert_eq!(changes[0].worker.as_deref(), Some("w-1"));
    assert_eq!(changes[0].reason.as_deref(), Some("no need"));
}

#[tokio::test]
async fn a_patch_that_changes_nothing_is_refused_but_an_unknown_task_is_said_first() {
    let api = with_tasks();
    for body in ["{}", r#"{"bogus": 1}"#, r#"{"attempt": 1}"#] {
        let answer = api.call("PATCH", ONE, body).await;
        assert_eq!(answer.status, 400);
        assert!(answer.detail().starts_with("Bad request error occurred: no data to patch"));
    }
    let unknown = "/tasks/00000000-0000-0000-0000-000000000009";
    assert_eq!(api.call("PATCH", unknown, "{}").await.status, 404);
    assert_eq!(api.call("PATCH", unknown, r#"{"status": "failed"}"#).await.status, 404);
}

#[tokio::test]
async fn a_whole_task_may_be_sent_back_as_long_as_its_identity_is_the_same() {
    let api = with_tasks();
    let mut whole = api.get(ONE).await.json();
    whole["status"] = "running".into();
    let answer = api.call("PATCH", ONE, &whole.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let same = r#"{"id": "00000000-0000-0000-0000-000000000001"}"#;
    assert_eq!(api.call("PATCH", ONE, same).await.status, 200);
    let answer = api.call("PATCH", ONE, r#"{"type": "other", "status": "failed"}"#).await;
    assert_eq!(answer.status, 400);
    assert!(answer.detail().starts_with("Bad request error occurred: `type` of task"));
}

#[tokio::test]
async fn a_patch_that_does_not_fit_is_named() {
    let api = with_tasks();
    for (body, kind, place) in [
        (r#"{"status": "bogus"}"#, "enum", "body.status"),
        (r#"{"status": null}"#, "enum", "body.status"),
        (r#"{"priority": 9007199254740992}"#, "less_than_equal", "body.priority"),
    ] {
        let answer = api.call("PATCH", ONE, body).await;
        assert_eq!(answer.problems(), [problem(kind, place)], "{body}");
    }
}

#[tokio::test]
async fn a_stale_report_is_a_conflict() {
    let answer = with_tasks().call("PATCH", ONE, r#"{"status": "completed", "attempt": 4}"#).await;
    assert_eq!((answer.status, answer.header("retry-after")), (409, "60"));
    assert!(answer.detail().contains("the report is on attempt 4, the task is at attempt 0"));
}

#[tokio::test]
async fn a_heartbeat_extends_the_lease_of_who_has_the_task() {
    let api = with_tasks();
    let uri = format!("{ONE}/heartbeat");
    assert_eq!(api.post(&uri, "").await.status, 409);
    api.post("/schedulers/jobs/pop", "").await;
    let answer = api.post(&uri, r#"{"attempt": 1}"#).await;
    assert_eq!(answer.text, r#"{"lease_until":"2026-11-24T01:30:00Z"}"#);
}

#[tokio::test]
async fn the_life_of_a_task_is_listed() {
    let api = with_tasks();
    let answer = api.get(&format!("{ONE}/events")).await;
    assert_eq!(
        answer.text,
        r#"{"results":[{"at":"2026-11-24T01:30:00Z","status":"queued","attempt":0,"worker":null,"reason":"pushed"}]}"#
    );
    assert_eq!(api.get("/tasks/00000000-0000-0000-0000-000000000009/events").await.status, 404);
}

#[tokio::test]
async fn an_explanation_is_json_or_a_text() {
    let api = with_tasks();
    let uri = format!("{ONE}/explain");
    let answer = api.get(&uri).await.json();
    assert_eq!(answer["explanation"]["terms"][0]["label"], "age");
    let asked = request("GET", &uri).header("accept", "text/plain").body(Body::empty()).unwrap();
    let answer = api.send(asked).await;
    assert!(answer.text.starts_with("task 00000000-0000-0000-0000-000000000001 is at position 1"));
    assert!(answer.header("content-type").starts_with("text/plain"));
}

#[tokio::test]
async fn the_head_of_the_queue_has_places() {
    let answer = with_tasks().get("/schedulers/jobs/queue?limit=1").await.json();
    assert_eq!(answer["results"].as_array().unwrap().len(), 1);
    assert_eq!(answer["results"][0]["position"], 1);
    assert_eq!(answer["results"][0]["task"]["status"], "queued");
}

#[tokio::test]
async fn all_of_a_queue_is_cancelled_only_when_that_is_said() {
    let api = with_tasks();
    let uri = "/schedulers/jobs/cancel";
    let answer = api.post(uri, r#"{"filters": []}"#).await;
    assert_eq!(answer.status, 400);
    assert!(answer.detail().ends_with(r#"hint: if that is meant, send `"all": true`"#));
    let answer = api.post(uri, r#"{"all": true, "dry_run": true}"#).await;
    assert_eq!(answer.text, r#"{"count":2,"dry_run":true}"#);
    let filter = r#"{"filters": [{"column": "organisation", "operator": "==", "value": "acme"}], "reason": "old"}"#;
    assert_eq!(api.post(uri, filter).await.text, r#"{"count":2,"dry_run":false}"#);
    let cancels = api.host.cancels.lock().unwrap();
    assert_eq!((cancels.len(), cancels[0].dry_run, cancels[1].reason.as_str()), (2, true, "old"));
    assert_eq!(cancels[0].reason, "cancelled by anonymous");
}

#[tokio::test]
async fn stats_count_by_the_hour() {
    let api = with_tasks();
    let stats = api.get("/tasks/stats?scheduler_id=jobs&organisation_id=acme").await.json();
    assert_eq!(stats["2026-11-24T01:00:00+00:00"]["total"], 4);
    assert_eq!(api.get("/tasks/stats?organisation_ids=b&organisation_ids=c").await.text, "{}");
}
