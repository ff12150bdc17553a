//! What scheduler plugins command.

use hinny_core::{
    EventId, Organisation, Priority, TaskHash, Timestamp,
    command::{Cancel, Command, Handled, Push, StateWrite},
    filter::{Condition, Filter, Operator},
    queue::{Queues, TriggerOutcome},
    ranker::{FailureKind, PluginFailure},
    scheduler::HandleFailure,
    store::{Guard, Unit},
    trigger::{Message, Trigger},
};
use serde_json::json;

use super::harness::{Rig, named};

fn message() -> Trigger {
    from_source("orders")
}

fn from_source(source: &str) -> Trigger {
    Trigger::Message(Message {
        id: EventId(uuid::Uuid::nil()),
        source: source.to_owned(),
        at: Timestamp::MIN,
        content_type: String::new(),
        body: Vec::new(),
        attributes: Vec::new(),
        delivery: 1,
    })
}

fn push(name: &str) -> Command {
    Command::Push(Push {
        id: None,
        organisation: Organisation::new("acme").unwrap(),
        hash: TaskHash::new(name).unwrap(),
        data: named(name).to_string(),
        priority: Some(Priority(5)),
        not_before: None,
        schedule: None,
    })
}

fn cancel(name: &str) -> Command {
    let condition = Condition {
        column: "data".to_owned(),
        path: vec!["name".to_owned()],
        operator: Operator::Eq,
        value: json!(name),
    };
    let filter = Filter { and: vec![condition], ..Filter::default() };
    Command::Cancel(Cancel { filter, reason: "replaced".to_owned() })
}

async fn handle(rig: &Rig, commands: Vec<Command>) -> TriggerOutcome {
    handle_with(rig, commands, Unit::default()).await
}

async fn handle_with(rig: &Rig, commands: Vec<Command>, with: Unit) -> TriggerOutcome {
    rig.plugin.answers.lock().unwrap().push(Ok(Handled { commands, ..Handled::default() }));
    rig.queues.trigger(&rig.jobs, message(), with).await.unwrap()
}

#[tokio::test]
async fn commands_of_one_trigger_happen_together() {
    let rig = Rig::start().await;
    rig.push(named("a")).await.unwrap();
    rig.push(named("b")).await.unwrap();
    let outcome = handle(&rig, vec![push("a"), push("b"), push("c"), cancel("a")]).await;
    assert!(
        matches!(
            outcome,
            TriggerOutcome::Done { pushed: 2, duplicates: 1, cancelled: 1, messages: 0 }
        ),
        "{outcome:?}"
    );
    assert_eq!(rig.queued().await, 3);
}

#[tokio::test]
async fn a_repeated_delivery_has_no_effect() {
    let rig = Rig::start().await;
    let first = || Unit {
        guards: vec![Guard::FirstDelivery {
            scheduler: rig.jobs.clone(),
            event: EventId(uuid::Uuid::from_u128(7)),
            at: Timestamp::from_micros(super::harness::START),
        }],
        ..Unit::default()
    };
    assert!(matches!(
        handle_with(&rig, vec![push("a")], first()).await,
        TriggerOutcome::Done { .. }
    ));
    rig.pop().await.unwrap();
    assert!(matches!(handle_with(&rig, vec![push("a")], first()).await, TriggerOutcome::Repeated));
    assert_eq!(rig.queued().await, 0);
}

#[tokio::test]
async fn a_trigger_whose_tasks_do_not_fit_waits_for_room() {
    let rig = Rig::builder().config(|config| config.tasks_max = 3).start().await;
    rig.push(named("a")).await.unwrap();
    let outcome = handle(&rig, vec![push("b"), push("c"), push("d")]).await;
    assert!(
        matches!(outcome, TriggerOutcome::Failed(HandleFailure::Retry { after_ms: 1000, .. })),
        "{outcome:?}"
    );
    assert_eq!(rig.queued().await, 1);
    let outcome = handle(&rig, vec![push("b"), push("c")]).await;
    assert!(matches!(outcome, TriggerOutcome::Done { pushed: 2, .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_failing_plugin_changes_nothing() {
    let rig = Rig::start().await;
    let failure = PluginFailure {
        plugin: "fake 1.0.0".to_owned(),
        call: "handle",
        kind: FailureKind::Trap,
        message: "wasm `unreachable`".to_owned(),
    };
    rig.plugin.answers.lock().unwrap().push(Err(failure.into()));
    let outcome = rig.queues.trigger(&rig.jobs, message(), Unit::default()).await.unwrap();
    let TriggerOutcome::Failed(failure) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.to_string(), "plugin `fake 1.0.0` failed in `handle`: wasm `unreachable`");
}

#[tokio::test]
async fn a_trigger_that_the_plugin_did_not_ask_for_is_not_handed_to_it() {
    let rig = Rig::start().await;
    let outcome =
        rig.queues.trigger(&rig.jobs, from_source("other"), Unit::default()).await.unwrap();
    assert!(matches!(outcome, TriggerOutcome::Unwanted));
}

#[tokio::test]
async fn a_trigger_whose_state_moved_is_handled_again() {
    let rig = Rig::start().await;
    let write = |value: &str, expected| StateWrite {
        key: "seen".to_owned(),
        value: Some(value.as_bytes().to_vec()),
        expected,
    };
    let answer = |name: &str, expected| {
        Ok(Handled {
            commands: vec![push(name)],
            state: vec![write(name, expected)],
            ..Handled::default()
        })
    };
    // The first answer is made of a state that is not there any more, the second of the one that is.
    *rig.plugin.answers.lock().unwrap() =
        vec![answer("a", Some(0)), answer("stale", Some(0)), answer("b", Some(1))];
    for _ in 0..2 {
        let outcome = rig.queues.trigger(&rig.jobs, message(), Unit::default()).await.unwrap();
        assert!(matches!(outcome, TriggerOutcome::Done { pushed: 1, .. }), "{outcome:?}");
    }
    assert_eq!(rig.line().await, ["a", "b"]);
}
