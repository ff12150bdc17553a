//! The same boefje on the same object in other organisations.

use std::collections::BTreeMap;

use super::*;
use openkat::testing::task;

fn mutation() -> String {
    let value = json!({"primary_key": KEY, "object_type": "Hostname",
                       "scan_profile": {"level": 1}});
    json!({"operation": "update", "primary_key": KEY, "value": value, "client_id": "org-1"})
        .to_string()
}

fn everywhere() -> Services {
    ["org-2", "org-3", "org-4"]
        .into_iter()
        .fold(services(), |services, organisation| {
            services.hostname(organisation, "example.com", 1)
        })
        .same_settings("dns-records", &["org-1", "org-2", "org-3", "org-4"])
}

/// The deduplication key of each organisation's task, in the order of the commands.
fn keys(commands: &[Command]) -> Vec<(String, Value)> {
    let task =
        |push: &Push| (push.organisation.clone(), data(&push.data)["deduplication_key"].clone());
    pushes(commands).into_iter().map(task).collect()
}

fn handle(settings: Value, services: Services) -> Vec<Command> {
    plugin_with(settings, services).message("scan_profile_mutations", mutation()).unwrap()
}

fn organisations(commands: &[Command]) -> Vec<String> {
    keys(commands).into_iter().map(|(organisation, _)| organisation).collect()
}

#[test]
fn all_get_a_task_with_the_key_of_the_original_which_comes_last() {
    let commands = handle(json!({}), everywhere());
    assert_eq!(organisations(&commands), ["org-2", "org-3", "org-4", "org-1"]);
    let original = pushes(&commands).pop().unwrap();
    for (organisation, key) in keys(&commands) {
        assert_eq!(key.as_str(), original.id.as_deref(), "{organisation}");
    }
    let by_hash: BTreeMap<_, _> =
        pushes(&commands).iter().map(|push| (push.hash.clone(), push.id.clone())).collect();
    assert_eq!(by_hash.len(), 4, "each is the work of its own organisation");
    assert_eq!(schedules(&commands).len(), 4, "and each comes back by itself");
    for schedule in schedules(&commands) {
        assert_eq!(data(&schedule.data)["deduplication_key"], Value::Null);
    }
}

#[test]
fn one_joins_only_where_the_object_is_and_may_be_scanned() {
    let scanned = |organisation: &str, level: Option<i64>| {
        let services = services().same_settings("dns-records", &["org-1", organisation]);
        let services = match level {
            Some(level) => services.hostname(organisation, "example.com", level),
            None => services.organisation(organisation),
        };
        organisations(&handle(json!({}), services))
    };
    for (name, level, expected) in [
        ("it is there", Some(1), &["org-2", "org-1"][..]),
        ("its level is higher", Some(4), &["org-2", "org-1"]),
        ("its level is too low", Some(0), &["org-1"]),
        ("it is not there", None, &["org-1"]),
    ] {
        assert_eq!(scanned("org-2", level), expected, "{name}");
    }
}

#[test]
fn alone_a_task_has_no_key() {
    for services in [services(), services().same_settings("dns-records", &["org-1"])] {
        let commands = handle(json!({}), services);
        assert_eq!(keys(&commands), [("org-1".to_owned(), Value::Null)]);
    }
}

#[test]
fn one_that_is_queued_already_does_not_join_but_one_that_just_ran_does() {
    let plugin = plugin_with(json!({}), everywhere());
    let of = |organisation: &str| hash::boefje(Some(KEY), "dns-records", organisation);
    FakeHost::add_task(task(&of("org-2"), "queued", NOW - HOUR));
    FakeHost::add_task(task(&of("org-3"), "completed", NOW - HOUR));
    let commands = plugin.message("scan_profile_mutations", mutation()).unwrap();
    assert_eq!(organisations(&commands), ["org-3", "org-4", "org-1"]);
}

#[test]
fn what_is_stopped_in_its_own_organisation_brings_nobody_along() {
    let plugin = plugin_with(json!({}), everywhere());
    FakeHost::add_task(task(&key_hash("dns-records"), "completed", NOW - HOUR));
    assert!(plugin.message("scan_profile_mutations", mutation()).unwrap().is_empty());
}

#[test]
fn nobody_is_asked_when_deduplication_is_off() {
    let commands = handle(json!({"deduplicate": false}), everywhere());
    assert_eq!(keys(&commands), [("org-1".to_owned(), Value::Null)]);
    assert_eq!(asked(), ["katalogus/v1/organisations/org-1/plugins", "bytes/bytes/boefje_meta"]);
}
