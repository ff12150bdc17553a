//! What operators set.

use hinny_plugin::connector::Response;

use super::*;

#[test]
fn it_wants_mutations_its_own_pieces_ticks_and_due_schedules() {
    let wanted = |settings| plugin_with(settings, services()).describe().interests().to_vec();
    let with = |source: &str, every_ms| {
        vec![
            Interest::Messages(source.to_owned()),
            Interest::Messages("openkat_new_boefjes".to_owned()),
            Interest::Ticks(every_ms),
            Interest::DueSchedules,
        ]
    };
    assert_eq!(wanted(json!({})), with("scan_profile_mutations", 60_000));
    assert_eq!(wanted(json!({"source": "m", "tick_seconds": 5})), with("m", 5_000));
}

#[test]
fn services_are_asked_by_the_names_that_are_set() {
    let plugin = plugin_with(json!({"katalogus": "catalogue"}), Services::new());
    FakeHost::answer("catalogue", |_| Ok(Response::new(200, "[]")));
    let value = json!({"primary_key": KEY, "object_type": "Hostname", "scan_profile": null});
    let body =
        json!({"operation": "create", "primary_key": KEY, "value": value, "client_id": "org-1"});
    plugin.message("scan_profile_mutations", body.to_string()).unwrap();
    assert_eq!(asked(), ["catalogue/v1/organisations/org-1/plugins"]);
}

#[test]
fn settings_that_make_no_sense_are_told_by_name() {
    for (settings, expected) in [
        (json!({"grace": 1}), "setting `grace` is unknown, expected one of `grace_period_seconds`"),
        (json!({"grace_period_seconds": -1}), "setting `grace_period_seconds` is -1, expected"),
        (json!({"tick_seconds": 0}), "setting `tick_seconds` is 0, expected an integer from 1"),
        (json!({"bytes": ""}), "setting `bytes` is empty, expected a name"),
        (
            json!({"source": "openkat_new_boefjes"}),
            "setting `source` is \"openkat_new_boefjes\", expected another name",
        ),
    ] {
        let refused = SchedulerTest::<Boefjes>::new(settings).unwrap_err();
        assert!(refused.starts_with(expected), "{refused}");
    }
}
