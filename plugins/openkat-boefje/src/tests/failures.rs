//! A service that is away, or answers badly: nothing is lost, nothing is half done.

use super::*;
use hinny_plugin::testing::due;

fn mutation() -> String {
    let value = json!({"primary_key": KEY, "object_type": "Hostname",
                       "scan_profile": {"level": 4}});
    json!({"operation": "create", "primary_key": KEY, "value": value, "client_id": "org-1"})
        .to_string()
}

fn retry(failed: Result<Vec<Command>, Failure>) -> String {
    match failed {
        Err(Failure::RetryAfter(retry)) => retry.reason,
        other => panic!("{other:?}"),
    }
}

fn with_twins() -> Services {
    services().same_settings("dns-records", &["org-1", "org-2"])
}

#[test]
fn a_message_waits_for_every_service_that_it_needs() {
    for service in ["katalogus", "bytes", "octopoes"] {
        let plugin = plugin_with(json!({}), with_twins().away(service));
        let reason = retry(plugin.message("scan_profile_mutations", mutation()));
        assert_eq!(reason, format!("service `{service}` cannot be asked now: it is down"));
    }
}

#[test]
fn a_bad_answer_is_told_and_tried_again() {
    for (status, body, expected) in [
        (500, "Internal Server Error", "answered 500: Internal Server Error"),
        (422, r#"{"detail": []}"#, r#"answered 422: {\"detail\": []}"#),
        (200, "<html>", "answered not as expected: expected value at line 1 column 1"),
        (200, "{}", "answered not as expected: invalid type: map, expected a sequence"),
    ] {
        for service in ["katalogus", "bytes"] {
            let services = services().answering(service, status, body);
            let plugin = plugin_with(json!({}), services);
            let reason = retry(plugin.message("scan_profile_mutations", mutation()));
            assert!(reason.contains(expected), "{reason}");
        }
    }
}

#[test]
fn a_long_answer_is_shown_in_part() {
    let services = services().answering("katalogus", 500, &"é".repeat(10_000));
    let plugin = plugin_with(json!({}), services);
    let reason = retry(plugin.message("scan_profile_mutations", mutation()));
    assert!(reason.len() < 500, "{reason}");
}

#[test]
fn a_due_schedule_waits_for_every_service_that_it_needs() {
    let task = json!({"boefje": {"id": "dns-records"}, "input_ooi": KEY, "organization": "org-1"});
    for service in ["katalogus", "octopoes", "bytes"] {
        let plugin = plugin_with(json!({}), services().away(service));
        let trigger = Trigger::Due(due("org-1", &key_hash("dns-records"), task.clone()));
        let reason = retry(plugin.handle(trigger));
        assert!(reason.starts_with(&format!("service `{service}` ")), "{reason}");
    }
}

#[test]
fn what_no_service_knows_is_nothing_to_do() {
    let plugin = plugin_with(json!({}), Services::new());
    assert_eq!(plugin.message("scan_profile_mutations", mutation()), Ok(Vec::new()));
}

#[test]
fn names_of_organisations_are_encoded_in_paths() {
    let plugin = plugin();
    let body = mutation().replace("org-1", "../a b/é?");
    plugin.message("scan_profile_mutations", body).unwrap();
    assert_eq!(asked(), ["katalogus/v1/organisations/..%2Fa%20b%2F%C3%A9%3F/plugins"]);
}
