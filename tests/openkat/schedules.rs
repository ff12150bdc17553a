//! Time passes, and boefjes run again.

use std::time::Duration;

use serde_json::{Value, json};

use super::harness::OpenKat;

async fn run_once(kat: &OpenKat, level: i64) -> Value {
    kat.octopoes.hostname("org-1", "example.com", level);
    kat.mutation("create", "org-1", "example.com", level).await;
    let task = kat.pop_all("boefje").await.remove(0);
    kat.report(&task, "running").await;
    kat.report(&task, "completed").await;
    kat.bytes
        .run(["dns-records", "Hostname|internet|example.com", "org-1"], "2026-02-02T02:40:00Z");
    task
}

#[tokio::test(flavor = "multi_thread")]
async fn a_boefje_runs_again_when_its_schedule_is_due() {
    let kat = OpenKat::start().await;
    kat.katalogus.boefje("org-1", "dns-records", json!({}));
    let first = run_once(&kat, 2).await;
    // The grace period, and up to five hours more.
    kat.later(Duration::from_hours(30));
    kat.queued("boefje", 1).await;
    let second = kat.pop_all("boefje").await.remove(0);
    assert_eq!((&second["hash"], &second["schedule_id"]), (&first["hash"], &first["schedule_id"]));
    assert_ne!(second["id"], first["id"]);
    let deadline = kat.schedules("boefje").await[0]["deadline_at"].clone();
    assert!(deadline.as_str().unwrap() > "2026-02-04T08:40", "{deadline}");
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_whose_boefje_may_not_run_any_more_is_disabled() {
    let kat = OpenKat::start().await;
    kat.katalogus.boefje("org-1", "dns-records", json!({}));
    run_once(&kat, 2).await;
    kat.octopoes.remove("org-1", "example.com");
    kat.later(Duration::from_hours(30));
    while kat.schedules("boefje").await[0]["enabled"] == json!(true) {
        kat.host.wake_listeners();
        tokio::task::yield_now().await;
    }
    assert_eq!(kat.stats("boefje").await.queued, 0);
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_is_due_too_early_moves_to_the_end_of_the_grace_period() {
    let kat = OpenKat::start().await;
    kat.katalogus.boefje("org-1", "dns-records", json!({}));
    run_once(&kat, 2).await;
    let schedule = kat.schedules("boefje").await.remove(0);
    let path = format!("/schedules/{}", schedule["id"].as_str().unwrap());
    let now = json!({"deadline_at": "2026-02-02T02:40:00Z"});
    assert_eq!(kat.ask("PATCH", &path, Some(&now)).await.0, 200);
    let deadline = async || kat.ask("GET", &path, None).await.1["deadline_at"].clone();
    while deadline().await == now["deadline_at"] {
        kat.host.wake_listeners();
        tokio::task::yield_now().await;
    }
    assert_eq!(deadline().await, "2026-02-03T02:40:00Z");
    kat.later(Duration::from_hours(24));
    kat.queued("boefje", 1).await;
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_made_when_its_schedule_is_due() {
    let kat = OpenKat::start().await;
    let data = json!({"type": "report", "organisation_id": "org-1",
                      "report_recipe_id": "33333333-3333-4333-8333-333333333301"});
    let schedule = json!({"scheduler_id": "report", "organisation": "org-1", "data": data,
                          "schedule": "0 3 * * *"});
    let (status, made) = kat.ask("POST", "/schedules", Some(&schedule)).await;
    assert_eq!((status, &made["deadline_at"]), (201, &json!("2026-02-02T03:00:00Z")), "{made}");
    assert_eq!(made["hash"], "d8ecb192b62c217c27bd0bfc76965ac2");
    kat.later(Duration::from_mins(20));
    kat.queued("report", 1).await;
    let task = kat.pop_all("report").await.remove(0);
    assert_eq!((&task["data"], &task["schedule_id"]), (&data, &made["id"]));
    assert_eq!(kat.schedules("report").await[0]["deadline_at"], "2026-02-03T03:00:00Z");
    kat.host.stop().await;
}
