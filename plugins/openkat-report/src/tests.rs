//! Tests of the whole plugin.

use hinny_plugin::testing::{FakeHost, SchedulerTest, due};
use openkat::testing::schedule;
use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_770_000_000_000;
const RECIPE: &str = "33333333-3333-4333-8333-333333333301";
const HASH: &str = "d8ecb192b62c217c27bd0bfc76965ac2";

fn plugin() -> SchedulerTest<Reports> {
    SchedulerTest::new(json!({})).unwrap().now(NOW)
}

fn data() -> Value {
    json!({"type": "report", "organisation_id": "org-1", "report_recipe_id": RECIPE})
}

fn draft(sent_id: Option<&str>, priority: Option<i64>) -> Draft {
    Draft {
        sent_id: sent_id.map(str::to_owned),
        fresh_id: "fresh".to_owned(),
        organisation: "org-1".to_owned(),
        priority,
        data: data().to_string(),
    }
}

#[test]
fn a_due_schedule_becomes_a_task_with_its_data() {
    let trigger = Trigger::Due(due("org-1", HASH, data()));
    let commands = plugin().handle(trigger).unwrap();
    let [Command::Push(push)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!((push.hash.as_str(), push.schedule.as_deref()), (HASH, Some(HASH)));
    assert_eq!(push.data, data().to_string());
    assert_eq!((push.organisation.as_str(), push.priority), ("org-1", Some(NOW / 1000)));
}

#[test]
fn whose_report_it_is_stands_in_the_data() {
    let trigger = Trigger::Due(due("another", HASH, data()));
    let commands = plugin().handle(trigger).unwrap();
    let [Command::Push(push)] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(push.organisation, "org-1");
}

#[test]
fn a_schedule_whose_data_is_no_report_is_told() {
    let trigger = Trigger::Due(due("org-1", HASH, json!({"organisation_id": "org-1"})));
    let Err(Failure::Reject(reason)) = plugin().handle(trigger) else { panic!() };
    assert!(reason.contains("missing field `report_recipe_id`"), "{reason}");
}

#[test]
fn a_pushed_task_keeps_its_data_and_its_id() {
    let admitted = plugin().admit_draft(draft(Some("sent"), Some(3))).unwrap();
    assert_eq!((admitted.id.as_str(), admitted.hash.as_str()), ("sent", HASH));
    assert_eq!((admitted.data, admitted.priority), (data().to_string(), Some(3)));
    assert_eq!(plugin().admit_draft(draft(None, Some(3))).unwrap().id, "fresh");
    assert!(FakeHost::plans().is_empty(), "there is no schedule to belong to");
}

#[test]
fn a_priority_must_be_given_and_not_be_zero() {
    for priority in [None, Some(0)] {
        let refused = plugin().admit_draft(draft(None, priority)).unwrap_err();
        assert!(refused.reason.starts_with("`priority` is "), "{}", refused.reason);
    }
}

#[test]
fn a_pushed_task_belongs_to_its_schedule_whose_deadline_follows_the_rule() {
    for (name, cron, deadline_at, expected) in [
        ("cron: the next match", Some("0 3 * * *"), Some(NOW - 1), None),
        ("cron: the next match, whatever was planned", Some("0 3 * * *"), Some(NOW + 1), None),
        ("a one-off that is spent", None, Some(NOW), None),
        ("a one-off that is to come", None, Some(NOW + 1), Some(NOW + 1)),
        ("no deadline", None, None, None),
    ] {
        let plugin = plugin();
        let mut schedule = schedule(HASH, data(), cron);
        schedule.deadline_at = deadline_at;
        FakeHost::add_schedule(schedule);
        plugin.admit_draft(draft(Some("sent"), Some(1))).unwrap();
        let plans = FakeHost::plans();
        let [(task, plan)] = &plans[..] else { panic!("{name}: {plans:?}") };
        assert_eq!((task.as_str(), plan.deadline_at), ("sent", expected), "{name}");
        assert_eq!(plan.cron.as_deref(), cron, "{name}");
        assert_eq!(plan.time_zone.is_some(), cron.is_some(), "{name}");
    }
}

#[test]
fn many_pushed_tasks_ask_for_their_schedules_once() {
    let plugin = plugin();
    FakeHost::add_schedule(schedule(HASH, data(), Some("0 3 * * *")));
    let another = |number: usize| Draft {
        data: json!({"organisation_id": "org-1", "report_recipe_id": format!("{number:032}")})
            .to_string(),
        ..draft(Some(&format!("sent-{number}")), Some(1))
    };
    let mut drafts: Vec<_> = (0..500).map(another).collect();
    drafts.push(draft(Some("its own"), Some(1)));
    drafts.push(draft(Some("refused"), None));
    let answers = plugin.admit_drafts(drafts);
    let taken: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!((taken[..501].contains(&false), taken[501]), (false, false));
    assert_eq!(FakeHost::schedules_asked().len(), 1);
    let planned: Vec<_> = FakeHost::plans().into_iter().map(|(task, _)| task).collect();
    assert_eq!(planned, ["its own"]);
}

#[test]
fn it_wants_due_schedules_and_no_settings() {
    assert_eq!(plugin().describe().interests(), [Interest::DueSchedules]);
    let refused = SchedulerTest::<Reports>::new(json!({"source": "x"})).unwrap_err();
    assert_eq!(refused, "setting `source` is unknown, there are none");
}
