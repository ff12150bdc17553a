//! What scheduler plugins ask of services, send to themselves and plan.

use std::sync::Arc;

use hinny_core::{
    command::{Command, Handled, OwnMessage},
    plugin::World,
    ranker::FailureKind,
    scheduler::HandleFailure,
    trigger::{Message, Trigger},
};
use hinny_plugins::Limits;
use serde_json::json;

use super::{
    guests::{draft, message, now, sin},
    harness::{Rig, Setup, patient, slot, strict},
    services::Store,
};

fn paths(paths: &[&str]) -> Trigger {
    let Trigger::Message(evil) = message(&json!(paths).to_string()) else { panic!("a message") };
    Trigger::Message(Message { source: "paths".to_owned(), ..evil })
}

async fn asker(setup: Setup) -> (Rig, Arc<Store>) {
    let store = Arc::new(Store::default());
    let rig = setup.services(Arc::clone(&store) as _).start().await;
    rig.activate("guests/asker", json!({})).await.unwrap();
    (rig, store)
}

fn answers(handled: &Handled) -> Vec<&str> {
    let data = handled.commands.iter().map(|command| match command {
        Command::Push(push) => push.data.as_str(),
        other => panic!("{other:?}"),
    });
    data.collect()
}

#[tokio::test]
async fn a_plugin_is_told_what_the_service_answers_and_the_service_who_asks() {
    let (rig, store) = asker(Setup::default()).await;
    let handled = rig.plugin().handle(now(), &paths(&["/a"])).await.unwrap();
    assert_eq!(answers(&handled), [r#"{"answer":"/a","delivery":1,"scheduled":false}"#]);
    let asked = store.asked();
    let [(by, request)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((by, &*request.path), (&slot("jobs", World::Scheduler), "/a"));
}

#[tokio::test]
async fn answers_to_many_questions_come_in_the_order_of_the_questions() {
    let (rig, store) = asker(Setup::default()).await;
    let many: Vec<String> = (0..200).map(|number| format!("/{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let handled = rig.plugin().handle(now(), &paths(&many)).await.unwrap();
    let expected =
        many.iter().map(|path| format!(r#"{{"answer":"{path}","delivery":1,"scheduled":false}}"#));
    assert_eq!(answers(&handled), expected.collect::<Vec<_>>());
    assert_eq!(store.asked().len(), 200);
}

#[tokio::test]
async fn waiting_for_a_service_is_not_billed_to_the_guest_but_ends() {
    // Ten times longer than the guest itself may run.
    let limits = Limits { handle_ms: 50, call_timeout_ms: 500, ..patient() };
    let (rig, _) = asker(Setup::default().limits(limits)).await;
    let handled = rig.plugin().handle(now(), &paths(&["/silent"])).await;
    let Err(HandleFailure::Failed(failed)) = handled else { panic!("{handled:?}") };
    assert_eq!(failed.kind, FailureKind::Deadline);
    assert!(failed.message.starts_with("took longer than 500 ms, waiting for"), "{failed}");
    assert_eq!(rig.registry.instances(), 0);
}

#[tokio::test]
async fn what_a_plugin_sends_to_itself_comes_with_its_commands() {
    let (rig, _) = asker(Setup::default()).await;
    let handled = rig.plugin().handle(now(), &paths(&["/a", "/later/b"])).await.unwrap();
    let sent = OwnMessage {
        source: "later".to_owned(),
        body: b"/later/b".to_vec(),
        not_before: Some(now().after(std::time::Duration::from_secs(1))),
    };
    assert_eq!((handled.commands.len(), handled.messages), (1, vec![sent]));
}

#[tokio::test]
async fn a_plan_belongs_to_the_task_for_which_it_was_made() {
    let (rig, _) = asker(Setup::default()).await;
    let drafts = [r#"{"name": "once"}"#, r#"{"name": "daily", "cron": "0 12 * * *"}"#];
    let drafts = drafts.map(draft).into_iter().enumerate().map(|(place, mut draft)| {
        draft.fresh_id = hinny_core::TaskId(uuid::Uuid::from_u128(place as u128 + 1));
        draft
    });
    let admitted = rig.plugin().admit(now(), drafts.collect()).await.unwrap();
    let [Ok(once), Ok(daily)] = &admitted[..] else { panic!("{admitted:?}") };
    assert_eq!(once.plan, None);
    let plan = daily.plan.as_ref().unwrap();
    assert_eq!((plan.cron.as_deref(), &*plan.time_zone), (Some("0 12 * * *"), "UTC"));
    assert!(plan.deadline_at.is_some_and(|deadline| deadline > now()));
}

#[tokio::test]
async fn a_list_of_cron_expressions_is_the_hosts_time_and_bounded() {
    let rig = Setup::default()
        .limits(strict())
        .start_with("guests/evil-scheduler", sin("many-matches"))
        .await;
    let handled = rig.plugin().handle(now(), &message("{}")).await;
    let Err(HandleFailure::Reject { reason }) = handled else { panic!("{handled:?}") };
    assert!(reason.contains("more than 1000 cron expressions"), "{reason}");
}
