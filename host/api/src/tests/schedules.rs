//! Blueprints of tasks that come back.

use hinny_core::schedule::MissedFire;
use serde_json::{Value, json};

use super::{TestApi, jobs, problem};
use crate::ScheduleDefaults;

fn create(more: &Value) -> String {
    let mut body =
        json!({ "scheduler_id": "jobs", "organisation": "acme", "data": { "target": "a" } });
    let fields = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(fields);
    body.to_string()
}

async fn made(api: &TestApi, more: Value) -> Value {
    let answer = api.post("/schedules", &create(&more)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

#[tokio::test]
async fn a_schedule_is_due_when_its_expression_matches_next() {
    let schedule = made(&TestApi::new(), json!({ "schedule": "0 3 * * *" })).await;
    assert_eq!(schedule["deadline_at"], "2026-11-24T03:00:00Z");
    assert_eq!(schedule["hash"], "hash of a");
    assert_eq!(schedule["data"], json!({ "target": "a" }));
    let (enabled, zone, missed) =
        (&schedule["enabled"], &schedule["time_zone"], &schedule["missed"]);
    assert_eq!((enabled, zone, missed), (&true.into(), &"UTC".into(), &"once".into()));
}

#[tokio::test]
async fn a_deadline_wins_over_the_expression_and_is_answered_in_utc() {
    let more = json!({ "schedule": "@daily", "deadline_at": "2031-01-01T00:00:00+02:00" });
    let schedule = made(&TestApi::new(), more).await;
    assert_eq!(schedule["deadline_at"], "2030-12-31T22:00:00Z");
    let more = json!({ "deadline_at": "2031-01-01" });
    let schedule = made(&TestApi::new(), more).await;
    assert_eq!(
        (&schedule["deadline_at"], &schedule["schedule"]),
        (&"2031-01-01T00:00:00Z".into(), &Value::Null)
    );
}

#[tokio::test]
async fn zone_and_policy_come_from_the_configuration_unless_they_are_sent() {
    let defaults =
        ScheduleDefaults { time_zone: "Europe/Amsterdam".to_owned(), missed: MissedFire::Skip };
    let api = TestApi::with(|state| drop(state.schedules.insert(jobs(), defaults)));
    let schedule = made(&api, json!({ "schedule": "0 3 * * *" })).await;
    assert_eq!(schedule["deadline_at"], "2026-11-24T02:00:00Z");
    assert_eq!(schedule["missed"], "skip");
    let more = json!({ "data": { "target": "b" }, "schedule": "0 3 * * *", "time_zone": "UTC", "missed": "all" });
    let schedule = made(&api, more).await;
    assert_eq!((&schedule["time_zone"], &schedule["missed"]), (&"UTC".into(), &"all".into()));
}

#[tokio::test]
async fn schedules_that_make_no_sense_are_refused_with_the_reason() {
    let api = TestApi::new();
    for (more, detail) in [
        (json!({}), "Bad request error occurred: Either deadline_at or schedule must be provided"),
        (
            json!({ "schedule": "not cron" }),
            "Validation error occurred: 1 validation error for Schedule: `schedule`: Invalid cron \
             expression: `not cron` is not a cron expression:",
        ),
        (json!({ "schedule": "" }), "Validation error occurred: 1 validation error for Schedule:"),
        (
            json!({ "schedule": "@daily", "time_zone": "Mars" }),
            "Validation error occurred: 1 validation error for Schedule: `schedule`: Invalid cron \
             expression: `Mars` is not a time zone",
        ),
        (
            json!({ "schedule": "@daily", "scheduler_id": "nope" }),
            "Bad request error occurred: Scheduler nope not found",
        ),
        (
            json!({ "schedule": "@daily", "data": { "a": 1 } }),
            "Bad request error occurred: 1 validation error for data: data does not fit",
        ),
    ] {
        let answer = api.post("/schedules", &create(&more)).await;
        assert_eq!(answer.status, 400, "{more}");
        assert!(answer.detail().starts_with(detail), "{}", answer.detail());
    }
}

#[tokio::test]
async fn a_schedule_for_the_same_work_is_a_conflict() {
    let api = TestApi::new();
    made(&api, json!({ "schedule": "@daily" })).await;
    let answer = api.post("/schedules", &create(&json!({ "schedule": "@daily" }))).await;
    assert_eq!((answer.status, answer.header("retry-after")), (409, "60"));
    assert_eq!(
        answer.detail(),
        "Conflict error occurred: schedule with the same hash already exists: hash of a"
    );
}

#[tokio::test]
async fn all_missing_fields_are_named_and_others_are_not_taken() {
    let api = TestApi::new();
    let missing = |field| problem("missing", field);
    assert_eq!(
        api.post("/schedules", "{}").await.problems(),
        [missing("body.scheduler_id"), missing("body.organisation"), missing("body.data")]
    );
    let answer = api.post("/schedules", &create(&json!({ "enabled": false }))).await;
    assert_eq!(answer.problems(), [problem("extra_forbidden", "body.enabled")]);
}

#[tokio::test]
async fn a_changed_expression_leaves_the_deadline_and_null_is_a_value() {
    let api = TestApi::new();
    let schedule = made(&api, json!({ "schedule": "0 3 * * *" })).await;
    let uri = format!("/schedules/{}", schedule["id"].as_str().unwrap());
    let patched = api.call("PATCH", &uri, r#"{"schedule": "*/5 * * * *"}"#).await.json();
    assert_eq!(patched["schedule"], "*/5 * * * *");
    assert_eq!(patched["deadline_at"], "2026-11-24T03:00:00Z");
    let patched =
        api.call("PATCH", &uri, r#"{"deadline_at": null, "schedule": null}"#).await.json();
    assert_eq!((&patched["schedule"], &patched["deadline_at"]), (&Value::Null, &Value::Null));
    let patched = api.call("PATCH", &uri, r#"{"enabled": "false"}"#).await.json();
    assert_eq!(patched["enabled"], false);
}

#[tokio::test]
async fn changes_that_do_not_fit_are_refused() {
    let api = TestApi::new();
    let schedule = made(&api, json!({ "schedule": "0 3 * * *" })).await;
    let uri = format!("/schedules/{}", schedule["id"].as_str().unwrap());
    for (body, detail) in [
        ("{}", "Bad request error occurred: no data to patch"),
        (r#"{"zz": 1}"#, "Bad request error occurred: no data to patch"),
        (
            r#"{"schedule": "bad"}"#,
            "Validation error occurred: validation error: `schedule`: `bad`",
        ),
        (
            r#"{"time_zone": "Mars"}"#,
            "Validation error occurred: validation error: `schedule`: `Mars`",
        ),
        (r#"{"enabled": null}"#, "Validation error occurred: validation error: `enabled` is null"),
    ] {
        let answer = api.call("PATCH", &uri, body).await;
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.detail().starts_with(detail), "{}", answer.detail());
    }
}

#[tokio::test]
async fn an_unknown_schedule_is_said_first_and_deleting_it_is_done_already() {
    let api = TestApi::new();
    let uri = "/schedules/99999999-9999-4999-8999-999999999999";
    for (method, body) in [("GET", ""), ("PATCH", "{}")] {
        let answer = api.call(method, uri, body).await;
        assert_eq!(answer.status, 404);
        assert_eq!(
            answer.detail(),
            "Resource not found: schedule not found, by schedule_id: \
             99999999-9999-4999-8999-999999999999"
        );
    }
    assert_eq!(api.call("DELETE", uri, "").await.status, 204);
    let answer = api.call("DELETE", "/schedules/x", "").await;
    assert_eq!(answer.problems(), [problem("uuid_parsing", "path.schedule_id")]);
}

#[tokio::test]
async fn a_deleted_schedule_is_gone() {
    let api = TestApi::new();
    let schedule = made(&api, json!({ "schedule": "@daily" })).await;
    let uri = format!("/schedules/{}", schedule["id"].as_str().unwrap());
    assert_eq!(api.get(&uri).await.json(), schedule);
    let answer = api.call("DELETE", &uri, "").await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(api.get(&uri).await.status, 404);
}

#[tokio::test]
async fn a_search_needs_a_filter_and_a_list_does_not() {
    let api = TestApi::new();
    made(&api, json!({ "schedule": "@daily" })).await;
    for body in ["", "null"] {
        assert_eq!(
            api.post("/schedules/search", body).await.problems(),
            [problem("missing", "body")]
        );
    }
    let filter = r#"{"filters": [{"column": "enabled", "operator": "eq", "value": true}]}"#;
    assert_eq!(api.post("/schedules/search?limit=0", filter).await.json()["count"], 1);
    let bad = filter.replace("enabled", "nope");
    assert_eq!(api.post("/schedules/search", &bad).await.status, 400);
    assert_eq!(api.get("/schedules?enabled=1").await.json()["count"], 1);
    let answer = api.get("/schedules?min_deadline_at=2030-01-01&max_deadline_at=2020-01-01").await;
    assert!(answer.detail().contains("min_deadline_at must be less than max_deadline_at"));
}
