//! Tests of the whole plugin, with Katalogus around it.

use hinny_plugin::testing::{FakeHost, SchedulerTest};
use openkat::testing::Services;
use serde_json::{Value, json};

use super::*;

const SOURCE: &str = "raw_file_received";
const RUN: &str = "9b83a6ad-730d-4104-b230-2a5a73956e56";
const RAW: &str = "d1e0a6ad-730d-4104-b230-2a5a73956e56";

fn plugin_with(settings: Value, services: Services) -> SchedulerTest<Normalizers> {
    let plugin = SchedulerTest::new(settings).unwrap().now(1_770_000_000_000);
    services.install();
    plugin
}

fn services() -> Services {
    Services::new()
        .normalizer("_dev", "kat_dns_normalize", "boefje/dns-records", json!({}))
        .normalizer("_dev", "kat_text", "text/plain", json!({}))
}

fn handle(services: Services, body: &Value) -> Result<Vec<Command>, Failure> {
    plugin_with(json!({}), services).message(SOURCE, body.to_string())
}

/// What Bytes says of a raw file.
fn received(mime_types: &[&str]) -> Value {
    let mime_types: Vec<_> = mime_types.iter().map(|value| json!({"value": value})).collect();
    json!({
        "event_id": "raw_file_received", "created_at": "2025-11-24T01:38:32.955991Z",
        "organization": "_dev",
        "raw_data": {
            "id": RAW, "mime_types": mime_types,
            "boefje_meta": {
                "id": RUN, "started_at": "2025-11-24T01:00:00Z",
                "ended_at": "2025-11-24T01:00:05.123456Z",
                "boefje": {"id": "dns-records", "version": null},
                "input_ooi": "Hostname|internet|example.com",
                "arguments": {"input": {"name": "example.com"}}, "organization": "_dev",
                "runnable_hash": "f8f5", "environment": {},
            },
            "secure_hash": null, "signing_provider_url": null, "hash_retrieval_link": null,
        },
    })
}

fn pushes(commands: Vec<Command>) -> Vec<Push> {
    let push = |command| match command {
        Command::Push(push) => push,
        other => panic!("{other:?}"),
    };
    commands.into_iter().map(push).collect()
}

fn normalizers(commands: Vec<Command>) -> Vec<String> {
    let id = |push: Push| {
        let data: Value = serde_json::from_str(&push.data).unwrap();
        data["normalizer"]["id"].as_str().unwrap().to_owned()
    };
    pushes(commands).into_iter().map(id).collect()
}

#[test]
fn the_first_matching_row_says_which_normalizers_run() {
    let disabled =
        services().normalizer("_dev", "kat_text", "text/plain", json!({"enabled": false}));
    for (name, services, mime_types, expected) in [
        ("nobody takes it", services(), &["image/png"][..], &[][..]),
        ("no mime type", services(), &[], &[]),
        ("one takes it", services(), &["text/plain"], &["kat_text"]),
        (
            "two take it",
            services(),
            &["boefje/dns-records", "text/plain"],
            &["kat_dns_normalize", "kat_text"],
        ),
        ("one takes both", services(), &["text/plain", "normalizer/kat_text"], &["kat_text"]),
        ("a mime type twice", services(), &["text/plain", "text/plain"], &["kat_text"]),
        ("an error", services(), &["text/plain", "error/boefje"], &[]),
        ("disabled", disabled, &["text/plain"], &[]),
        (
            "another organisation's",
            Services::new().normalizer("acme", "n", "text/plain", json!({})),
            &["text/plain"],
            &[],
        ),
    ] {
        let commands = handle(services, &received(mime_types)).unwrap();
        assert_eq!(normalizers(commands), expected, "{name}");
    }
}

#[test]
fn a_task_has_the_data_that_workers_read() {
    let commands = handle(services(), &received(&["boefje/dns-records"])).unwrap();
    let push = pushes(commands).remove(0);
    let data: Value = serde_json::from_str(&push.data).unwrap();
    assert_eq!(
        data,
        json!({
            "id": push.id,
            "normalizer": {"id": "kat_dns_normalize", "name": "N", "version": "1"},
            "raw_data": {
                "id": RAW, "mime_types": [{"value": "boefje/dns-records"}],
                "boefje_meta": {
                    "id": RUN,
                    "boefje": {"id": "dns-records", "name": null, "version": null, "oci_image": null},
                    "input_ooi": "Hostname|internet|example.com",
                    "arguments": {"input": {"name": "example.com"}}, "organization": "_dev",
                    "started_at": "2025-11-24T01:00:00Z",
                    "ended_at": "2025-11-24T01:00:05.123456Z",
                },
                "secure_hash": null, "hash_retrieval_link": null,
            },
        })
    );
    assert_eq!(push.hash, openkat::hash::of(&format!("kat_dns_normalize-{RUN}-_dev")));
    assert_eq!((push.schedule, push.priority), (None, Some(1_763_946_005)));
}

#[test]
fn a_run_without_an_end_counts_from_when_its_file_came() {
    let mut body = received(&["text/plain"]);
    body["raw_data"]["boefje_meta"]["ended_at"] = Value::Null;
    let push = pushes(handle(services(), &body).unwrap()).remove(0);
    assert_eq!(push.priority, Some(1_763_948_312));
}

#[test]
fn two_raw_files_of_a_run_are_one_piece_of_work_unless_it_is_set() {
    let hashes = |each_raw_file: bool| {
        let plugin = plugin_with(json!({"each_raw_file": each_raw_file}), services());
        let mut body = received(&["text/plain"]);
        let hash =
            |body: &Value| pushes(plugin.message(SOURCE, body.to_string()).unwrap()).remove(0).hash;
        let first = hash(&body);
        body["raw_data"]["id"] = json!(RUN);
        (first, hash(&body))
    };
    let (first, second) = hashes(false);
    assert_eq!(first, second);
    let (first, second) = hashes(true);
    assert_ne!(first, second);
}

#[test]
fn a_message_waits_for_katalogus() {
    for services in [services().away("katalogus"), services().answering("katalogus", 500, "")] {
        let failed = handle(services, &received(&["text/plain"]));
        assert!(matches!(failed, Err(Failure::RetryAfter(_))), "{failed:?}");
    }
}

#[test]
fn all_mime_types_are_asked_for_at_a_time_each_once() {
    handle(services(), &received(&["text/plain", "boefje/dns-records", "text/plain"])).unwrap();
    let asked: Vec<_> =
        FakeHost::requests().into_iter().map(|asked| asked.query[1].1.clone()).collect();
    assert_eq!(asked, ["boefje/dns-records", "text/plain"]);
}

#[test]
fn what_is_not_as_bytes_writes_it_is_set_aside_with_the_reason() {
    let mut body = received(&["text/plain"]);
    body["raw_data"]["boefje_meta"].as_object_mut().unwrap().remove("ended_at");
    let Err(Failure::Reject(reason)) = handle(services(), &body) else { panic!() };
    assert!(reason.contains("missing field `ended_at`"), "{reason}");
}

#[test]
fn a_pushed_task_gets_its_hash_and_an_id_in_its_data() {
    let plugin = plugin_with(json!({}), Services::new());
    let draft = |priority| Draft {
        sent_id: None,
        fresh_id: RUN.to_owned(),
        organisation: "_dev".to_owned(),
        priority,
        data: json!({"normalizer": {"id": "n"}, "raw_data": received(&[])["raw_data"]}).to_string(),
    };
    let admitted = plugin.admit_draft(draft(Some(1))).unwrap();
    assert_eq!(admitted.hash, openkat::hash::of(&format!("n-{RUN}-_dev")));
    assert!(admitted.data.starts_with(&format!(r#"{{"id":"{RUN}","normalizer""#)));
    let refused = plugin.admit_draft(draft(None)).unwrap_err();
    assert!(refused.reason.starts_with("`priority` is missing"), "{}", refused.reason);
}

#[test]
fn it_wants_the_raw_files_of_a_source() {
    let wanted = |settings| plugin_with(settings, Services::new()).describe().interests().to_vec();
    assert_eq!(wanted(json!({})), [Interest::Messages(SOURCE.to_owned())]);
    assert_eq!(wanted(json!({"source": "raw"})), [Interest::Messages("raw".to_owned())]);
    let refused = SchedulerTest::<Normalizers>::new(json!({"bytes": "b"})).unwrap_err();
    assert!(refused.starts_with("setting `bytes` is unknown"), "{refused}");
}
