//! A schedule is due.

use super::*;
use hinny_plugin::testing::due;
use openkat::testing::{schedule, task};

#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn task_on(object: Value) -> Value {
    json!({"boefje": {"id": "dns-records"}, "input_ooi": object, "organization": "org-1"})
}

fn reschedule(plugin: &SchedulerTest<Boefjes>, schedule: DueSchedule) -> Vec<Command> {
    plugin.handle(Trigger::Due(schedule)).unwrap()
}

fn due_on(object: Value) -> DueSchedule {
    due("org-1", &key_hash("dns-records"), task_on(object))
}

fn boefje(fields: Value) -> Services {
    services().boefje("org-1", "dns-records", fields)
}

/// What some commands come to, in a word.
fn verdict(commands: &[Command]) -> String {
    match commands {
        [] => "nothing".to_owned(),
        [Command::DisableSchedule(disable)] => format!("disable: {}", disable.reason),
        [Command::UpsertSchedule(later)] => {
            format!("in {} h", (later.deadline_at.unwrap() - NOW) / HOUR)
        }
        [Command::Push(_), Command::UpsertSchedule(_)] => "run".to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_first_matching_row_decides() {
    let elsewhere = Services::new().boefje("org-2", "dns-records", json!({}));
    let other_type =
        json!({"primary_key": KEY, "object_type": "URL", "scan_profile": {"level": 4}});
    for (name, services, object, expected) in [
        ("unknown boefje", elsewhere, json!(KEY), "disable: there is no boefje `dns-records`"),
        (
            "disabled boefje",
            boefje(json!({"enabled": false})),
            json!(KEY),
            "disable: the boefje is disabled",
        ),
        ("no boefje", boefje(json!({"type": "normalizer"})), json!(KEY), "in 24 h"),
        (
            "unknown object",
            services(),
            json!("Hostname|internet|gone"),
            "disable: there is no object `Hostname|internet|gone`",
        ),
        (
            "another type",
            services().object("org-1", other_type),
            json!(KEY),
            "disable: the boefje takes no objects of type `URL`",
        ),
        (
            "no scan level",
            boefje(json!({"scan_level": null})),
            json!(KEY),
            "disable: the boefje has no scan level",
        ),
        (
            "level too high",
            boefje(json!({"scan_level": 3})),
            json!(KEY),
            "disable: the boefje needs scan level 3, the object allows 2",
        ),
        ("allowed", services(), json!(KEY), "run"),
        ("without an object", services(), json!(null), "run"),
        ("with an empty object", services(), json!(""), "run"),
    ] {
        let plugin = plugin_with(json!({"jitter_seconds": 0}), services);
        assert_eq!(verdict(&reschedule(&plugin, due_on(object))), expected, "{name}");
    }
}

#[test]
fn the_task_is_made_of_the_boefje_as_it_is_now_and_belongs_to_the_schedule() {
    let commands = reschedule(&plugin(), due_on(json!(KEY)));
    let [push] = pushes(&commands)[..] else { panic!("{commands:?}") };
    assert_eq!(data(&push.data)["boefje"]["oci_image"], json!("kat/dns"));
    assert_eq!(push.schedule, Some(key_hash("dns-records")));
    let [schedule] = schedules(&commands)[..] else { panic!("{commands:?}") };
    assert_eq!(schedule.deadline_at, Some(NOW + 24 * HOUR));
}

#[test]
fn a_schedule_that_is_stopped_moves_to_when_it_can_pass() {
    for (name, status, hours_ago, expected) in [
        ("run a moment ago", "completed", 10, "in 14 h"),
        ("queued", "queued", 30, "in 24 h"),
        ("cancelled long ago", "cancelled", 30, "run"),
        ("lost", "dispatched", 30, "run"),
    ] {
        let plugin = plugin();
        let hash = key_hash("dns-records");
        FakeHost::add_task(task(&hash, status, NOW - hours_ago * HOUR));
        assert_eq!(verdict(&reschedule(&plugin, due_on(json!(KEY)))), expected, "{name}");
    }
}

#[test]
fn a_schedule_that_moves_keeps_its_cron_expression_and_zone() {
    let plugin = plugin();
    let hash = key_hash("dns-records");
    FakeHost::add_task(task(&hash, "completed", NOW - 10 * HOUR));
    let mut known = schedule(&hash, json!({}), Some("0 3 * * *"));
    known.time_zone = "Europe/Amsterdam".to_owned();
    FakeHost::add_schedule(known);
    let mut due = due_on(json!(KEY));
    due.cron = Some("0 3 * * *".to_owned());
    let commands = reschedule(&plugin, due);
    let [Command::UpsertSchedule(later)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(later.cron.as_deref(), Some("0 3 * * *"));
    assert_eq!(later.time_zone.as_deref(), Some("Europe/Amsterdam"));
    assert_eq!(later.deadline_at, Some(NOW + 14 * HOUR));
    assert_eq!(data(&later.data), task_on(json!(KEY)), "its data stays as it is");
}

#[test]
fn without_an_object_bytes_is_not_asked() {
    let plugin = plugin_with(json!({}), boefje(json!({"interval": 60})));
    let mut schedule = due_on(json!(null));
    schedule.hash = hash::boefje(None, "dns-records", "org-1");
    FakeHost::add_task(task(&schedule.hash, "completed", NOW - 2 * HOUR));
    let commands = reschedule(&plugin, schedule);
    assert_eq!(queued(&commands), ["dns-records"]);
    assert_eq!(asked(), ["katalogus/v1/organisations/org-1/plugins/dns-records"]);
}

#[test]
fn a_schedule_whose_data_is_no_task_is_told() {
    let due = due("org-1", "hash", json!({"boefje": 1}));
    let Err(Failure::Reject(reason)) = plugin().handle(Trigger::Due(due)) else { panic!() };
    assert!(reason.starts_with("data of schedule `hash` is not as expected"), "{reason}");
}

#[test]
fn two_fires_of_a_schedule_make_two_tasks() {
    let plugin = plugin();
    let first = reschedule(&plugin, due_on(json!(KEY)));
    let mut again = due_on(json!(KEY));
    again.deadline_at = 1;
    let second = reschedule(&plugin, again);
    assert_ne!(pushes(&first)[0].id, pushes(&second)[0].id);
}

#[test]
fn a_schedule_keeps_the_data_that_somebody_gave_it() {
    let plugin = plugin();
    let hash = key_hash("dns-records");
    FakeHost::add_schedule(schedule(&hash, json!({"note": "ours"}), None));
    let commands = reschedule(&plugin, due_on(json!(KEY)));
    assert_eq!(schedules(&commands)[0].data, r#"{"note":"ours"}"#);
}
