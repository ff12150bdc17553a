//! Tasks that are pushed over the API.

use super::*;
use openkat::testing::schedule;

const SENT: &str = "11111111-1111-4111-8111-111111111109";
const FRESH: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
fn draft(sent_id: Option<&str>, priority: Option<i64>, data: Value) -> Draft {
    Draft {
        sent_id: sent_id.map(str::to_owned),
        fresh_id: FRESH.to_owned(),
        organisation: "org-1".to_owned(),
        priority,
        data: data.to_string(),
    }
}

fn task(boefje: &str) -> Value {
    json!({"type": "boefje", "boefje": {"id": boefje}, "input_ooi": KEY, "organization": "org-1"})
}

fn admitted(plugin: &SchedulerTest<Boefjes>, boefje: &str) -> Admitted {
    plugin.admit_draft(draft(None, Some(1), task(boefje))).unwrap()
}

#[test]
fn a_task_gets_the_hash_of_its_work_and_a_fresh_id() {
    let admitted = admitted(&plugin(), "dns-records");
    assert_eq!((&*admitted.id, admitted.hash), (FRESH, key_hash("dns-records")));
    assert_eq!(admitted.priority, Some(1));
    assert_eq!(data(&admitted.data)["id"], json!(FRESH));
    assert_eq!(data(&admitted.data)["boefje"]["oci_image"], json!(null), "as it was sent");
}

#[test]
fn a_task_that_is_sent_with_its_id_is_stored_as_it_was_sent() {
    let mut sent = task("dns-records");
    sent["id"] = json!(SENT);
    let draft = draft(Some(SENT), Some(1), sent);
    let admitted = plugin().admit_draft(draft.clone()).unwrap();
    assert_eq!((&*admitted.id, admitted.data), (SENT, draft.data));
}

#[test]
fn a_priority_must_be_given_and_not_be_zero() {
    for (priority, reason) in [
        (None, "`priority` is missing, expected another integer"),
        (Some(0), "`priority` is 0, expected another integer"),
    ] {
        let refused = plugin().admit_draft(draft(None, priority, task("dns-records"))).unwrap_err();
        assert!(refused.reason.starts_with(reason), "{}", refused.reason);
    }
    assert!(plugin().admit_draft(draft(None, Some(-1), task("dns-records"))).is_ok());
}

#[test]
fn the_checks_are_not_for_what_a_person_asks_for() {
    let plugin = plugin();
    FakeHost::add_task(openkat::testing::task(&key_hash("dns-records"), "running", NOW));
    assert_eq!(admitted(&plugin, "dns-records").hash, key_hash("dns-records"));
    assert_eq!(asked(), ["katalogus/v1/organisations/org-1/plugins/dns-records"]);
}

#[test]
fn the_schedule_of_a_task_is_planned() {
    let services = services().boefje("org-1", "cron", json!({"cron": "50 2 * * *"}));
    let plugin = plugin_with(json!({"jitter_seconds": 0}), services);
    admitted(&plugin, "dns-records");
    admitted(&plugin, "cron");
    let plans: Vec<_> = FakeHost::plans()
        .into_iter()
        .map(|(task, plan)| (task, plan.cron, plan.deadline_at.unwrap() - NOW))
        .collect();
    assert_eq!(
        plans,
        [
            (FRESH.to_owned(), None, 24 * HOUR),
            (FRESH.to_owned(), Some("50 2 * * *".to_owned()), HOUR / 6),
        ]
    );
}

#[test]
fn a_schedule_keeps_its_own_cron_expression() {
    let plugin = plugin();
    FakeHost::add_schedule(schedule(&key_hash("dns-records"), json!({}), Some("@weekly")));
    admitted(&plugin, "dns-records");
    assert_eq!(FakeHost::plans()[0].1.cron.as_deref(), Some("@weekly"));
}

#[test]
fn a_boefje_that_nobody_knows_is_queued_without_a_schedule() {
    let plugin = plugin();
    assert_eq!(admitted(&plugin, "unknown").hash, key_hash("unknown"));
    assert!(FakeHost::plans().is_empty());
    let lines = FakeHost::lines();
    assert!(lines[0].1.contains("`org-1` has no boefje `unknown`"), "{lines:?}");
}

#[test]
fn without_katalogus_a_task_comes_back_after_the_grace_period() {
    let plugin = plugin_with(json!({"jitter_seconds": 0}), services().away("katalogus"));
    admitted(&plugin, "dns-records");
    assert_eq!(FakeHost::plans()[0].1.deadline_at, Some(NOW + 24 * HOUR));
}

/// A task on one of many objects, with an id of its own.
fn nth(number: usize, boefje: &str) -> Draft {
    let data = json!({"boefje": {"id": boefje}, "input_ooi": format!("Network|{number}"),
                      "organization": "org-1"});
    let fresh_id = format!("01890a5d-ac96-774b-bcce-{number:012x}");
    Draft { fresh_id, ..draft(None, Some(1), data) }
}

#[test]
fn a_batch_asks_for_all_schedules_at_once_and_for_each_boefje_once() {
    let plugin = plugin();
    let boefjes = ["dns-records", "nmap", "unknown"];
    let drafts = (0..500).zip(boefjes.iter().cycle()).map(|(number, boefje)| nth(number, boefje));
    let answers = plugin.admit_drafts(drafts.collect());
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(asked().len(), boefjes.len());
    assert_eq!(FakeHost::schedules_asked().len(), 1);
    assert_eq!(FakeHost::plans().len(), 334, "the unknown one gets no schedules");
    plugin.admit_drafts(vec![nth(0, "nmap")]);
    assert_eq!(asked().len(), boefjes.len() + 1, "nothing is remembered from call to call");
    assert_eq!(FakeHost::schedules_asked().len(), 2);
}

#[test]
fn each_task_of_a_batch_gets_its_own_answer_and_its_own_plan() {
    let services = services().boefje("org-1", "cron", json!({"cron": "50 2 * * *"}));
    let plugin = plugin_with(json!({"jitter_seconds": 0}), services);
    let refused = Draft { priority: Some(0), ..nth(2, "cron") };
    let drafts = vec![nth(1, "dns-records"), refused, nth(3, "cron")];
    let kept = hash::boefje(Some("Network|1"), "dns-records", "org-1");
    FakeHost::add_schedule(schedule(&kept, json!({}), Some("@weekly")));
    let answers = plugin.admit_drafts(drafts.clone());
    let ids: Vec<_> = answers.iter().map(|it| it.as_ref().ok().map(|it| &*it.id)).collect();
    assert_eq!(ids, [Some(&*drafts[0].fresh_id), None, Some(&*drafts[2].fresh_id)]);
    let plans = FakeHost::plans();
    let plans: Vec<_> = plans.iter().map(|(task, plan)| (&**task, plan.cron.as_deref())).collect();
    let expected =
        [(&*drafts[0].fresh_id, Some("@weekly")), (&*drafts[2].fresh_id, Some("50 2 * * *"))];
    assert_eq!(plans, expected);
}

#[test]
fn nothing_is_asked_for_a_batch_of_which_nothing_is_taken() {
    let plugin = plugin();
    let refused = Draft { priority: None, ..nth(1, "nmap") };
    assert!(plugin.admit_drafts(vec![refused])[0].is_err());
    assert!(asked().is_empty() && FakeHost::schedules_asked().is_empty());
}

#[test]
fn data_that_does_not_fit_is_refused_with_the_reason() {
    let refused = plugin().admit_draft(draft(None, Some(1), json!({"boefje": {}}))).unwrap_err();
    assert!(refused.reason.starts_with("data: missing field `id`"), "{}", refused.reason);
    let mut bad = task("b");
    bad["id"] = json!("seven");
    let refused = plugin().admit_draft(draft(None, Some(1), bad)).unwrap_err();
    assert!(refused.reason.contains("UUID"), "{}", refused.reason);
}
