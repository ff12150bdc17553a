//! The program itself.

use std::sync::Arc;

use hinny_core::health::{Health, PartHealth};

use super::{TestApi, problem};

#[tokio::test]
async fn the_root_says_null() {
    assert_eq!(TestApi::new().get("/").await.text, "null");
}

#[tokio::test]
async fn health_is_as_clients_know_it() {
    let api = TestApi::new();
    assert_eq!(
        api.get("/health?externals=true").await.text,
        r#"{"service":"scheduler","healthy":true,"version":"0.1.0","additional":"service `stock`: it cannot be reached","results":[],"externals":{"catalogue":true,"stock":false}}"#
    );
    assert_eq!(
        api.get("/health").await.text,
        r#"{"service":"scheduler","healthy":true,"version":"0.1.0","additional":null,"results":[],"externals":{}}"#
    );
    let answer = api.get("/health?externals=zz").await;
    assert_eq!(answer.problems(), [problem("bool_parsing", "query.externals")]);
}

/// A part that is well, and one that is not.
struct Parts;

impl Health for Parts {
    fn health(&self) -> Vec<PartHealth> {
        let of = |part: &str, trouble: Option<&str>| PartHealth {
            part: part.to_owned(),
            trouble: trouble.map(str::to_owned),
        };
        vec![of("broker:a", None), of("broker:b", Some("it is gone"))]
    }
}

#[tokio::test]
async fn a_part_that_is_not_well_says_so_and_the_program_goes_on() {
    let api = TestApi::with(|state| state.parts = vec![Arc::new(Parts)]);
    let health = api.get("/health").await.json();
    assert_eq!(health["healthy"], true);
    let told = |place: usize, key: &str| health["results"][place][key].clone();
    assert_eq!((told(0, "service"), told(0, "healthy")), ("broker:a".into(), true.into()));
    assert_eq!((told(1, "healthy"), told(1, "additional")), (false.into(), "it is gone".into()));
    assert_eq!(api.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn without_a_database_the_program_lives_but_is_not_ready() {
    let api = TestApi::new();
    assert_eq!(api.get("/health/ready").await.status, 200);
    *api.host.is_down.lock().unwrap() = true;
    let answer = api.get("/health").await;
    assert_eq!((answer.status, &answer.json()["healthy"]), (200, &false.into()));
    assert!(
        answer.json()["additional"].as_str().unwrap().contains("locked; hint: look at the disk")
    );
    assert_eq!(api.get("/health/ready").await.status, 503);
    assert_eq!(api.get("/health/live").await.status, 204);
    let answer = api.get("/tasks").await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
    assert_eq!(
        answer.detail(),
        "Service Unavailable: the database cannot be used now: locked; hint: look at the disk"
    );
}

#[tokio::test]
async fn schedulers_are_listed_as_clients_know_them_and_with_more() {
    let api = TestApi::new();
    let one = r#"{"id":"jobs","type":"job","item_type":"JobTask","qsize":0,"last_activity":"2026-11-24T01:30:00Z","delayed":1,"waiting":2,"generation":3,"switching":null}"#;
    assert_eq!(api.get("/schedulers").await.text, format!("[{one}]"));
    assert_eq!(api.get("/schedulers/jobs").await.text, one);
    assert_eq!(
        api.get("/schedulers/nope").await.detail(),
        "Resource not found: Scheduler nope not found; hint: `GET /schedulers` lists them"
    );
}

#[tokio::test]
async fn metrics_have_the_queues_in_them() {
    let answer = TestApi::new().get("/metrics").await;
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert!(
        answer
            .text
            .contains("# TYPE scheduler_qsize gauge\nscheduler_qsize{scheduler_id=\"jobs\"} 0\n")
    );
    let queued = "scheduler_task_status_counts{scheduler_id=\"jobs\",status=\"queued\"} 4\n";
    assert!(answer.text.contains(queued));
}

#[test]
fn requests_are_counted_by_route_and_status() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let text = metrics::with_local_recorder(&recorder, || {
        let api = TestApi::with(|state| state.metrics = handle);
        runtime.block_on(async {
            api.get("/schedulers/jobs").await;
            api.get("/schedulers/other").await;
            api.get("/schedulers/nope").await;
            api.get("/metrics").await.text
        })
    });
    let count = |status: &str| {
        let labels =
            format!("method=\"GET\",route=\"/schedulers/{{scheduler_id}}\",status=\"{status}\"");
        format!("hinny_http_requests_total{{{labels}}}")
    };
    assert!(text.contains(&format!("{} 1\n", count("200"))), "{text}");
    assert!(text.contains(&format!("{} 2\n", count("404"))), "{text}");
    assert!(text.contains(
        "hinny_http_request_seconds_count{method=\"GET\",route=\"/schedulers/{scheduler_id}\"} 3"
    ));
}
