//! A scan profile was made, changed or removed.

use super::*;
use openkat::testing::task;

#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn mutation(operation: &str, value: Value) -> String {
    json!({"operation": operation, "primary_key": KEY, "value": value, "client_id": "org-1"})
        .to_string()
}

#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn changed(operation: &str, level: Value) -> String {
    let profile = json!({"scan_profile_type": "declared", "reference": KEY, "level": level});
    mutation(
        operation,
        json!({"primary_key": KEY, "object_type": "Hostname", "scan_profile": profile}),
    )
}

fn handle(plugin: &SchedulerTest<Boefjes>, body: String) -> Vec<Command> {
    plugin.message("scan_profile_mutations", body).unwrap()
}

#[test]
fn a_boefje_runs_where_it_may() {
    for (name, fields, level, expected) in [
        ("level below", json!({}), json!(0), false),
        ("level equal", json!({}), json!(1), true),
        ("level above", json!({}), json!(4), true),
        ("no level", json!({}), json!(null), false),
        ("disabled", json!({"enabled": false}), json!(4), false),
        ("boefje without level", json!({"scan_level": null}), json!(4), false),
        ("another type", json!({"consumes": ["URL"]}), json!(4), false),
        ("one of several types", json!({"consumes": ["URL", "Hostname"]}), json!(4), true),
        ("a normalizer", json!({"type": "normalizer"}), json!(4), false),
    ] {
        let plugin = plugin_with(json!({}), Services::new().boefje("org-1", "b", fields));
        let commands = handle(&plugin, changed("create", level));
        assert_eq!(!queued(&commands).is_empty(), expected, "{name}");
    }
}

#[test]
fn run_on_says_after_which_changes_a_boefje_runs_and_that_it_does_not_come_back() {
    for (run_on, operation, runs, comes_back) in [
        (json!(null), "create", true, true),
        (json!([]), "update", true, true),
        (json!(["create"]), "create", true, false),
        (json!(["create"]), "update", false, false),
        (json!(["update"]), "create", false, false),
        (json!(["create", "update"]), "update", true, false),
    ] {
        let services = Services::new().boefje("org-1", "b", json!({"run_on": run_on}));
        let commands = handle(&plugin_with(json!({}), services), changed(operation, json!(4)));
        let name = format!("{run_on} after {operation}");
        assert_eq!(pushes(&commands).len(), usize::from(runs), "{name}");
        assert_eq!(schedules(&commands).len(), usize::from(comes_back), "{name}");
        assert!(pushes(&commands).iter().all(|push| push.schedule.is_some() == comes_back));
    }
}

#[test]
fn a_task_has_the_data_that_workers_read() {
    let commands = handle(&plugin(), changed("create", json!(1)));
    let [push] = pushes(&commands)[..] else { panic!("{commands:?}") };
    let id = push.id.clone().unwrap();
    assert_eq!(
        data(&push.data),
        json!({
            "id": id,
            "boefje": {"id": "dns-records", "name": "DNS", "version": null, "oci_image": "kat/dns",
                       "scan_level": 1},
            "input_ooi": KEY, "organization": "org-1", "deduplication_key": null, "dispatches": [],
        })
    );
    assert_eq!(push.hash, key_hash("dns-records"));
    assert_eq!(push.schedule, Some(push.hash.clone()));
    assert_eq!(push.priority, Some(NOW / 1000));
    assert_eq!(push.organisation, "org-1");
    let [schedule] = schedules(&commands)[..] else { panic!("{commands:?}") };
    assert_eq!((&schedule.hash, &schedule.data), (&push.hash, &push.data));
    assert_eq!((schedule.cron.as_deref(), schedule.deadline_at), (None, Some(NOW + 24 * HOUR)));
}

#[test]
fn one_change_costs_three_round_trips_however_many_boefjes_there_are() {
    let services = (0..10).fold(services(), |services, n| {
        services.boefje("org-1", &format!("boefje-{n}"), json!({}))
    });
    let commands = handle(&plugin_with(json!({}), services), changed("create", json!(4)));
    assert_eq!(pushes(&commands).len(), 12);
    let asked = asked();
    let of = |service: &str| asked.iter().filter(|one| one.starts_with(service)).count();
    assert_eq!((of("katalogus/v1/organisations"), of("katalogus/v1/configs")), (1, 12));
    assert_eq!((of("bytes"), of("octopoes")), (12, 0));
}

#[test]
fn the_checks_stop_each_boefje_on_its_own() {
    let services = services().run(
        "dns-records",
        KEY,
        "org-1",
        json!({"started_at": "2026-02-02T02:00:00Z", "ended_at": "2026-02-02T02:30:00Z"}),
    );
    // NOW is 2026-02-02T02:40:00Z.
    let plugin = plugin_with(json!({}), services.clone());
    assert_eq!(queued(&handle(&plugin, changed("update", json!(2)))), ["nmap"]);

    let plugin = plugin_with(json!({"grace_period_seconds": 600}), services);
    assert_eq!(queued(&handle(&plugin, changed("update", json!(2)))), ["dns-records", "nmap"]);
    FakeHost::add_task(task(&key_hash("nmap"), "completed", NOW - 599_999));
    assert_eq!(queued(&handle(&plugin, changed("update", json!(2)))), ["dns-records"]);
}

#[test]
fn bytes_is_not_asked_about_what_is_stopped_already() {
    let plugin = plugin();
    FakeHost::add_task(task(&key_hash("dns-records"), "queued", NOW - HOUR));
    FakeHost::add_task(task(&key_hash("nmap"), "running", NOW - HOUR));
    assert!(handle(&plugin, changed("update", json!(2))).is_empty());
    assert_eq!(asked(), ["katalogus/v1/organisations/org-1/plugins"]);
}

#[test]
fn a_schedule_that_a_person_has_stopped_stays_stopped() {
    let plugin = plugin();
    let mut stopped = openkat::testing::schedule(&key_hash("dns-records"), json!({}), None);
    stopped.enabled = false;
    FakeHost::add_schedule(stopped);
    let commands = handle(&plugin, changed("create", json!(1)));
    let [Command::Push(push)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(push.schedule, None);
}

#[test]
fn an_object_that_is_gone_is_taken_off_the_queue_of_its_organisation_alone() {
    let value = json!({"primary_key": KEY, "object_type": "Hostname", "scan_profile": null});
    for value in [Value::Null, value] {
        let commands = handle(&plugin(), mutation("delete", value));
        let [Command::Cancel(cancel)] = &commands[..] else { panic!("{commands:?}") };
        assert_eq!(
            data(&cancel.filter),
            json!({"filters": [
                {"column": "data", "field": "input_ooi", "operator": "==", "value": KEY},
                {"column": "organisation", "operator": "==", "value": "org-1"},
            ]})
        );
    }
    assert!(asked().is_empty());
}

#[test]
fn a_change_without_an_object_is_nothing_to_do() {
    for operation in ["create", "update"] {
        assert!(handle(&plugin(), mutation(operation, Value::Null)).is_empty());
    }
}

#[test]
fn what_is_not_a_mutation_is_set_aside_with_the_reason() {
    for (body, reason) in [
        ("{", "EOF while parsing an object at line 1 column 1"),
        (r#"{"operation": "move"}"#, "unknown variant `move`, expected one of `create`, `update`"),
        (r#"{"operation": "create"}"#, "missing field `primary_key`"),
    ] {
        let Err(Failure::Reject(said)) = plugin().message("scan_profile_mutations", body) else {
            panic!("{body} was taken")
        };
        assert!(said.contains(reason), "{said}");
    }
}
