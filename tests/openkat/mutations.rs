//! A scan profile changes, and boefjes run.

use std::time::Duration;

use hinny_core::event::EventOutcome;
use serde_json::{Value, json};

use super::harness::OpenKat;

/// The boefjes of some tasks, in order of their names.
fn boefjes(tasks: &[Value]) -> Vec<&str> {
    let mut ids: Vec<_> =
        tasks.iter().map(|task| task["data"]["boefje"]["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

fn handled(outcome: &EventOutcome) -> u64 {
    match outcome {
        EventOutcome::Handled { pushed, .. } => *pushed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_scan_profile_becomes_tasks_that_workers_can_read() {
    let kat = OpenKat::start().await;
    kat.katalogus.boefje("org-1", "dns-records", json!({}));
    kat.katalogus.boefje("org-1", "nmap", json!({"scan_level": 2}));
    kat.katalogus.boefje("org-1", "nikto", json!({"scan_level": 3}));
    kat.katalogus.boefje("org-1", "off", json!({"enabled": false}));
    assert_eq!(handled(&kat.mutation("create", "org-1", "h01.example.com", 2).await), 2);

    let tasks = kat.pop_all("boefje").await;
    assert_eq!(boefjes(&tasks), ["dns-records", "nmap"]);
    let task = tasks.iter().find(|task| task["data"]["boefje"]["id"] == "dns-records").unwrap();
    assert_eq!(task["data"]["id"], task["id"]);
    assert_eq!(task["data"]["input_ooi"], "Hostname|internet|h01.example.com");
    assert_eq!(task["data"]["boefje"]["oci_image"], "ghcr.io/example/generic:latest");
    assert_eq!((&task["organisation"], &task["type"]), (&json!("org-1"), &json!("boefje")));
    assert_eq!(task["hash"], "69072a80bec7456cadea7349cc704ab9");

    let schedules = kat.schedules("boefje").await;
    assert_eq!(schedules.len(), 2);
    assert!(schedules.iter().any(|schedule| schedule["id"] == task["schedule_id"]));
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_may_come_over_http_and_the_same_work_is_made_once() {
    let kat = OpenKat::start().await;
    kat.katalogus.boefje("_dev", "dns-records", json!({}));
    let key = "Hostname|internet|example.com";
    let profile = json!({"scan_profile_type": "declared", "reference": key, "level": 2});
    let body = json!({
        "operation": "create", "client_id": "_dev", "primary_key": key,
        "value": {"primary_key": key, "object_type": "Hostname", "scan_profile": profile},
    });
    for pushed in [1, 0] {
        let (status, answer) = kat.ask("POST", "/events/scan_profile_mutations", Some(&body)).await;
        assert!((200..300).contains(&status), "{answer}");
        assert_eq!(answer["outcomes"][0]["pushed"], pushed, "{answer}");
    }
    let task = kat.pop_all("boefje").await.remove(0);
    assert_eq!(task["hash"], "59a1e6158667aa968e6f2ddfff035531");
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_work_is_not_made_twice_however_often_it_is_said() {
    let kat = OpenKat::start().await;
    kat.katalogus.boefje("org-1", "dns-records", json!({}));
    assert_eq!(handled(&kat.mutation("create", "org-1", "example.com", 2).await), 1);
    assert_eq!(handled(&kat.mutation("update", "org-1", "example.com", 2).await), 0, "queued");
    let task = kat.pop_all("boefje").await.remove(0);
    assert_eq!(handled(&kat.mutation("update", "org-1", "example.com", 2).await), 0, "handed out");
    kat.report(&task, "completed").await;
    assert_eq!(handled(&kat.mutation("update", "org-1", "example.com", 2).await), 0, "just run");
    kat.later(Duration::from_hours(25));
    // Its schedule may have been due in the meantime; then it is queued by that.
    kat.mutation("update", "org-1", "example.com", 2).await;
    kat.queued("boefje", 1).await;
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_gone_is_not_scanned_any_more_where_it_is_gone() {
    let kat = OpenKat::start().await;
    for organisation in ["org-1", "org-2"] {
        kat.katalogus.boefje(organisation, "dns-records", json!({}));
        kat.mutation("create", organisation, "example.com", 2).await;
        kat.mutation("create", organisation, "other.example", 2).await;
    }
    let outcome = kat.mutation("delete", "org-1", "example.com", 0).await;
    assert_eq!(outcome, EventOutcome::Handled { pushed: 0, duplicates: 0, cancelled: 1 });
    let tasks = kat.pop_all("boefje").await;
    let mut left: Vec<_> = tasks
        .iter()
        .map(|task| (task["organisation"].as_str(), task["data"]["input_ooi"].as_str()))
        .map(|(organisation, object)| (organisation.unwrap(), object.unwrap()))
        .collect();
    left.sort_unstable();
    assert_eq!(
        left,
        [
            ("org-1", "Hostname|internet|other.example"),
            ("org-2", "Hostname|internet|example.com"),
            ("org-2", "Hostname|internet|other.example"),
        ]
    );
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_run_serves_all_organisations_that_have_a_boefje_set_the_same() {
    let kat = OpenKat::start().await;
    for organisation in ["org-1", "org-2", "org-3"] {
        kat.katalogus.boefje(organisation, "dns-records", json!({}));
    }
    kat.katalogus.same_settings("dns-records", &["org-1", "org-2", "org-3"]);
    kat.octopoes.hostname("org-2", "example.com", 1);
    assert_eq!(handled(&kat.mutation("create", "org-1", "alone.example", 1).await), 1);
    kat.later(Duration::from_secs(1));
    assert_eq!(handled(&kat.mutation("create", "org-1", "example.com", 1).await), 2);
    assert_eq!(kat.schedules("boefje").await.len(), 3);

    // Who comes first is handed out first, and the group together.
    let alone = kat.pop("boefje", "").await;
    let objects: Vec<_> = alone.iter().map(|task| &task["data"]["input_ooi"]).collect();
    assert_eq!(objects, ["Hostname|internet|alone.example"]);
    let group = kat.pop("boefje", "").await;
    assert_eq!(group.len(), 2);
    let original = group.iter().find(|task| task["organisation"] == "org-1").unwrap();
    for task in &group {
        assert_eq!(task["data"]["deduplication_key"], original["id"]);
    }
    kat.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_nobody_can_read_is_set_aside_with_the_reason() {
    let kat = OpenKat::start().await;
    let outcome = kat.message("scan_profile_mutations", r#"{"operation": "create"}"#).await;
    let EventOutcome::Quarantined { reason } = outcome else { panic!("{outcome:?}") };
    assert!(reason.contains("missing field `primary_key`"), "{reason}");
    kat.host.stop().await;
}
