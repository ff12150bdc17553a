//! What is read of Katalogus' answers, and who may run on what.

use serde_json::{Value, json};

use super::*;

fn boefje(enabled: bool, scan_level: Option<i64>) -> Plugin {
    let document = json!({
        "id": "dns-records", "type": "boefje", "enabled": enabled, "consumes": ["Hostname"],
        "scan_level": scan_level,
    });
    serde_json::from_value(document).unwrap()
}

fn object(profile: &Value) -> Object {
    let document = json!({
        "primary_key": "Hostname|internet|example.com", "object_type": "Hostname",
        "scan_profile": profile,
    });
    serde_json::from_value(document).unwrap()
}

#[test]
fn the_first_matching_row_says_whether_a_boefje_may_run() {
    let level = |level: i64| Some(object(&json!({"level": level})));
    let low = Forbidden::LevelTooLow { needed: 2, allowed: 1 };
    for (name, enabled, scan_level, object, expected) in [
        ("disabled", false, Some(1), level(4), Err(Forbidden::Disabled)),
        ("disabled goes before no level", false, None, None, Err(Forbidden::Disabled)),
        ("no level", true, None, level(4), Err(Forbidden::NoScanLevel)),
        ("no level, no object", true, None, None, Err(Forbidden::NoScanLevel)),
        ("no object", true, Some(4), None, Ok(())),
        ("no profile", true, Some(0), Some(object(&Value::Null)), Err(Forbidden::NoProfile)),
        ("no level in profile", true, Some(0), Some(object(&json!({}))), Err(Forbidden::NoProfile)),
        ("level too low", true, Some(2), level(1), Err(low)),
        ("equal is enough", true, Some(2), level(2), Ok(())),
        ("more than enough", true, Some(2), level(4), Ok(())),
        ("level 0 on an empty profile", true, Some(0), level(0), Ok(())),
    ] {
        assert_eq!(boefje(enabled, scan_level).may_run(object.as_ref()), expected, "{name}");
    }
}

#[test]
fn a_plugin_is_read_as_katalogus_shows_it() {
    let document = json!({
        "id": "dns-records", "name": "DNS records", "version": null, "created": null,
        "description": "Fetch the DNS record(s) of a hostname.", "enabled": false, "static": true,
        "type": "boefje", "scan_level": 1, "consumes": ["Hostname"],
        "produces": ["boefje/dns-records"], "boefje_schema": {"title": "Arguments"}, "cron": null,
        "interval": null, "run_on": null, "runnable_hash": "f8f5647a",
        "oci_image": "ghcr.io/minvws/openkat/generic:latest", "oci_arguments": ["kat_dns.main"],
        "deduplicate": true,
    });
    let plugin: Plugin = serde_json::from_value(document).unwrap();
    assert!(plugin.is_boefje() && plugin.takes("Hostname") && !plugin.takes("IPAddressV4"));
    assert_eq!((plugin.cron(), plugin.interval_ms()), (None, None));
    assert!(plugin.run_on.is_empty());
}

#[test]
fn consumes_and_run_on_may_be_one_text() {
    let document = json!({
        "id": "a", "type": "boefje", "enabled": true, "consumes": "Hostname", "run_on": "create",
        "interval": 10, "cron": "",
    });
    let plugin: Plugin = serde_json::from_value(document).unwrap();
    assert_eq!(plugin.consumes, ["Hostname"]);
    assert_eq!(plugin.run_on, ["create"]);
    assert_eq!((plugin.cron(), plugin.interval_ms()), (None, Some(600_000)));
}
