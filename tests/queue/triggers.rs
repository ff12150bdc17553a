//! What scheduler plugins command.

use std::time::Duration;

use hinny_core::{
    Clock, EventId, Organisation, Priority, TaskHash, Timestamp,
    command::{Cancel, Command, Handled, OwnMessage, Push, StateWrite},
    dry_run::DryRun,
    event::EventState,
    filter::{Condition, Filter, Operator},
    queue::{Queues, TriggerOutcome},
    ranker::{FailureKind, PluginFailure},
    scheduler::HandleFailure,
    store::{Guard, ScheduleWrite, Unit},
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
async fn a_dry_run_tells_what_would_happen_and_nothing_does() {
    let rig = Rig::start().await;
    let (a, b) = (rig.push(named("a")).await.unwrap(), rig.push(named("b")).await.unwrap());
    let commands = vec![push("a"), push("b"), push("c"), push("c"), cancel("a")];
    let handled = Handled {
        commands: commands.clone(),
        state: vec![StateWrite { key: "k".to_owned(), value: Some(vec![1]), expected: None }],
        messages: Vec::new(),
    };
    rig.plugin.answers.lock().unwrap().push(Ok(handled));
    let would = match rig.queues.dry_run(&rig.jobs, message()).await.unwrap() {
        DryRun::Would(would) => *would,
        other => panic!("{other:?}"),
    };
    let duplicates: Vec<_> = would.pushes.iter().map(|push| push.queued).collect();
    assert_eq!(duplicates, [None, Some(b.id), None, Some(would.pushes[2].task.id)]);
    assert_eq!(would.pushes[0].task.priority, Priority(5));
    assert_eq!((would.cancels, would.state.len()), (vec![a.id], 1));
    assert_eq!(rig.queued().await, 2);
    // What it told is what happens.
    let outcome = handle(&rig, commands).await;
    let done =
        matches!(outcome, TriggerOutcome::Done { pushed: 2, duplicates: 2, cancelled: 1, .. });
    assert!(done, "{outcome:?}");
}

#[tokio::test]
async fn a_dry_run_tells_why_nothing_would_happen() {
    let rig = Rig::start().await;
    let unwanted = rig.queues.dry_run(&rig.jobs, from_source("nobody's")).await.unwrap();
    assert!(matches!(unwanted, DryRun::Unwanted), "{unwanted:?}");
    let reason = "not today".to_owned();
    rig.plugin.answers.lock().unwrap().push(Err(HandleFailure::Reject { reason }));
    let failed = rig.queues.dry_run(&rig.jobs, message()).await.unwrap();
    assert!(matches!(failed, DryRun::Failed(HandleFailure::Reject { .. })), "{failed:?}");
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
    assert!(matches!(outcome, TriggerOutcome::Full { after_ms: 1000, .. }), "{outcome:?}");
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

fn to_itself(body: &str, not_before: Option<Timestamp>) -> OwnMessage {
    OwnMessage { source: "orders".to_owned(), body: body.into(), not_before }
}

#[tokio::test]
async fn a_message_to_itself_is_kept_with_the_commands_and_due_no_earlier_than_asked() {
    let rig = Rig::start().await;
    let now = rig.clock.now();
    let later = now.after(Duration::from_mins(1));
    let messages = vec![to_itself("at once", None), to_itself("later", Some(later))];
    let handled = Handled { commands: vec![push("a")], messages, ..Handled::default() };
    rig.plugin.answers.lock().unwrap().push(Ok(handled));
    let outcome = rig.queues.trigger(&rig.jobs, message(), Unit::default()).await.unwrap();
    assert!(matches!(outcome, TriggerOutcome::Done { pushed: 1, messages: 2, .. }), "{outcome:?}");
    let due = rig.store.due_events(now, 10).await.unwrap();
    let [kept] = &due[..] else { panic!("{due:?}") };
    assert_eq!((&*kept.message.body, kept.message.delivery), (&b"at once"[..], 0));
    assert_eq!((kept.state, &*kept.message.source), (EventState::Waiting, "orders"));
    assert_eq!(rig.store.due_events(later, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_message_to_itself_is_not_kept_when_the_commands_do_not_happen() {
    let rig = Rig::start().await;
    let guard = Guard::FirstDelivery {
        scheduler: rig.jobs.clone(),
        event: EventId(uuid::Uuid::nil()),
        at: Timestamp::MIN,
    };
    for expected in [1, 1] {
        let messages = vec![to_itself("once", None)];
        let handled = Handled { messages, ..Handled::default() };
        rig.plugin.answers.lock().unwrap().push(Ok(handled));
        let with = Unit { guards: vec![guard.clone()], ..Unit::default() };
        rig.queues.trigger(&rig.jobs, message(), with).await.unwrap();
        let due = rig.store.due_events(rig.clock.now(), 10).await.unwrap();
        assert_eq!(due.len(), expected, "the second one was handled before");
    }
}

#[tokio::test]
async fn a_planned_push_makes_its_schedule_and_a_duplicate_leaves_it_as_it_is() {
    let rig = Rig::start().await;
    let task = rig.push(json!({"name": "a", "cron": "0 1 * * *"})).await.unwrap();
    let hash = [TaskHash::new("a").unwrap()];
    let schedule = async || {
        let mut found = rig.store.schedules_by_hash(&rig.jobs, &hash).await.unwrap();
        found.remove(0).expect("a schedule of that hash")
    };
    let made = schedule().await;
    assert_eq!(task.schedule, Some(made.id));
    assert_eq!(rig.task(task.id).await.schedule, Some(made.id));
    assert_eq!(made.cron.as_deref(), Some("0 1 * * *"));

    rig.push(json!({"name": "a", "cron": "0 2 * * *"})).await.unwrap_err();
    assert_eq!(schedule().await.cron.as_deref(), Some("0 1 * * *"));

    rig.pop().await.unwrap();
    let again = rig.push(json!({"name": "a", "cron": "0 3 * * *"})).await.unwrap();
    assert_eq!(again.schedule, Some(made.id));
    assert_eq!(schedule().await.cron.as_deref(), Some("0 3 * * *"));
}

#[tokio::test]
async fn a_planned_push_leaves_a_disabled_schedule_alone_and_belongs_to_none() {
    let rig = Rig::start().await;
    rig.push(json!({"name": "a", "cron": "0 1 * * *"})).await.unwrap();
    rig.pop().await.unwrap();
    let hash = TaskHash::new("a").unwrap();
    let disable = ScheduleWrite::Disable { scheduler: rig.jobs.clone(), hash: hash.clone() };
    let unit = Unit { schedules: vec![disable], ..Unit::default() };
    rig.store.commit(vec![unit]).await.unwrap();
    let task = rig.push(json!({"name": "a", "cron": "0 2 * * *"})).await.unwrap();
    assert_eq!(task.schedule, None);
    let found = rig.store.schedules_by_hash(&rig.jobs, &[hash]).await.unwrap();
    let schedule = found[0].as_ref().unwrap();
    assert_eq!((schedule.enabled, schedule.cron.as_deref()), (false, Some("0 1 * * *")));
}
