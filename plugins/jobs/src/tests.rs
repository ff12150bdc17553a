//! Tests of the whole plugin.

use hinny_plugin::testing::{SchedulerTest, due};
use serde_json::json;

use super::*;

fn jobs(settings: Value) -> SchedulerTest<Jobs> {
    SchedulerTest::new(settings).unwrap()
}

fn refusal(settings: Value) -> String {
    SchedulerTest::<Jobs>::new(settings).unwrap_err()
}

fn hash(settings: Value, data: Value) -> String {
    jobs(settings).admit(data).unwrap().hash
}

fn pushes(commands: Vec<Command>) -> Vec<Push> {
    let push = |command| match command {
        Command::Push(push) => push,
        other => panic!("{other:?}"),
    };
    commands.into_iter().map(push).collect()
}

fn rejection(jobs: &SchedulerTest<Jobs>, body: &str) -> String {
    match jobs.message("jobs", body) {
        Err(Failure::Reject(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_data_is_the_same_work_however_it_is_written() {
    let one = hash(json!({}), json!({"url": "https://a", "depth": 2}));
    assert_eq!(one, hash(json!({}), json!({"depth": 2.0, "url": "https://a"})));
    assert_ne!(one, hash(json!({}), json!({"depth": 3, "url": "https://a"})));
    assert_eq!(one.len(), 32);
}

#[test]
fn only_the_named_places_make_the_identity() {
    let settings = json!({"identity": ["/url"]});
    let one = hash(settings.clone(), json!({"url": "https://a", "depth": 2}));
    assert_eq!(one, hash(settings.clone(), json!({"url": "https://a", "depth": 3})));
    assert_ne!(one, hash(settings.clone(), json!({"url": "https://b", "depth": 2})));
    let without = hash(settings.clone(), json!({"depth": 2}));
    assert_ne!(without, hash(settings, json!({"url": null})));
}

#[test]
fn the_same_data_of_another_organisation_is_other_work() {
    let body = |organisation: &str| {
        json!({"organisation": organisation, "data": {"url": "https://a"}}).to_string()
    };
    let jobs = jobs(json!({"sources": ["jobs"]}));
    let hash_of =
        |organisation| pushes(jobs.message("jobs", body(organisation)).unwrap()).remove(0).hash;
    assert_ne!(hash_of("acme"), hash_of("umbrella"));
    // What comes as a message and what is pushed over the API is the same work.
    assert_eq!(hash_of("acme"), jobs.admit(json!({"url": "https://a"})).unwrap().hash);
}

#[test]
fn a_message_is_one_task_or_a_list() {
    let jobs = jobs(json!({"sources": "jobs", "default_organisation": "acme"}));
    let one = pushes(jobs.message("jobs", r#" {"data": {"n": 1.50}, "priority": 1}"#).unwrap());
    assert_eq!(one.len(), 1);
    assert_eq!((one[0].organisation.as_str(), one[0].priority), ("acme", Some(1)));
    assert_eq!(one[0].data, r#"{"n": 1.50}"#, "data stays as it was sent");
    let list = r#"[{"data": 1}, {"organisation": "b", "data": 2, "not_before_ms": 5}]"#;
    let two = pushes(jobs.message("jobs", list).unwrap());
    assert_eq!(two[1].organisation, "b");
    assert_eq!(two[1].not_before, Some(5));
    assert_eq!(jobs.message("jobs", "[]"), Ok(Vec::new()));
}

#[test]
fn bad_json_is_rejected_with_its_place() {
    let jobs = jobs(json!({"sources": ["jobs"]}));
    let reason = rejection(&jobs, "{\"data\": {},\n \"organisation\": acme}");
    assert!(reason.contains("line 2 column 18"), "{reason}");
    let reason = rejection(&jobs, r#"[{"organisation": "a", "data": 1, "prio": 3}]"#);
    assert!(reason.contains("unknown field `prio`") && reason.contains("line 1"), "{reason}");
    let reason = rejection(&jobs, r#"[{"organisation": "a", "data": 1}, {"data": 2}]"#);
    assert!(reason.starts_with("item 1: there is no `organisation`"), "{reason}");
}

#[test]
fn an_item_with_a_schedule_makes_a_schedule() {
    let jobs = jobs(json!({"sources": ["jobs"], "default_organisation": "acme"}));
    let body =
        r#"{"data": {"n": 1}, "schedule": {"cron": "0 3 * * *", "time_zone": "Europe/Paris"}}"#;
    let commands = jobs.message("jobs", body).unwrap();
    let [Command::UpsertSchedule(schedule)] = commands.as_slice() else { panic!("{commands:?}") };
    assert_eq!(schedule.cron.as_deref(), Some("0 3 * * *"));
    assert_eq!(schedule.hash, jobs.admit(json!({"n": 1})).unwrap().hash);
    let stop = r#"{"data": {"n": 1}, "schedule": {"enabled": false}}"#;
    let commands = jobs.message("jobs", stop).unwrap();
    assert!(
        matches!(commands.as_slice(), [Command::DisableSchedule(it)] if it.hash == schedule.hash)
    );
    let reason = rejection(&jobs, r#"{"data": 1, "schedule": {}}"#);
    assert_eq!(reason, "item 0: `schedule` needs `cron` or `deadline_ms`");
}

#[test]
fn a_due_schedule_becomes_a_task() {
    let jobs = jobs(json!({}));
    let trigger = Trigger::Due(due("acme", "abc", json!({"n": 1})));
    let push = pushes(jobs.handle(trigger).unwrap()).remove(0);
    assert_eq!((push.hash.as_str(), push.schedule.as_deref()), ("abc", Some("abc")));
    assert_eq!(push.data, r#"{"n":1}"#);
}

#[test]
fn the_schema_may_be_text_or_a_table() {
    let table = json!({"schema": {"type": "object", "required": ["url"]}});
    let text = json!({"schema": r#"{"type": "object", "required": ["url"]}"#});
    let expected =
        Description::new("job").schema(r#"{"required":["url"],"type":"object"}"#).due_schedules();
    assert_eq!(jobs(table).describe(), expected);
    assert_eq!(jobs(text).describe(), expected);
}

#[test]
fn settings_that_make_no_sense_are_told_by_name() {
    for (settings, expected) in [
        (json!({"source": "a"}), "setting `source` is unknown, expected one of `task_type`"),
        (json!({"identity": ["url"]}), "setting `identity` is a list with \"url\", expected JSON"),
        (json!({"task_type": ""}), "setting `task_type` is \"\", expected 1 to 64 bytes"),
        (json!({"schema": "{"}), "setting `schema` is text, expected a JSON Schema as JSON"),
        (json!({"schema": 5}), "setting `schema` is 5, expected a JSON Schema"),
        (json!({"sources": [1]}), "setting `sources` is [1], expected a list of texts"),
    ] {
        let refused = refusal(settings);
        assert!(refused.starts_with(expected), "{refused}");
    }
}
