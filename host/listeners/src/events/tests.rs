//! Tests of the inbox and of the retries that go through it.

use std::{collections::BTreeSet, time::Duration};

use hinny_core::{event::EventState, scheduler::HandleFailure};
use uuid::Uuid;

use super::*;
use crate::{
    fakes::{Host, Reply, broken, jobs, second, trapped},
    pulse::{Look, Next, POLL},
    retries::Retries,
};

fn orders() -> Interest {
    Interest::Messages("orders".to_owned())
}

fn host() -> (Host, Arc<EventInbox>) {
    let host = Host::new(&[orders()]);
    let inbox = Arc::new(EventInbox::new(&host.deps()));
    (host, inbox)
}

fn id(number: u128) -> EventId {
    EventId(Uuid::from_u128(number))
}

fn new(id: Option<EventId>, body: &str) -> NewMessage {
    NewMessage {
        id,
        content_type: "text/plain".to_owned(),
        body: body.as_bytes().to_vec(),
        attributes: Vec::new(),
    }
}

fn rejects(_: &Trigger) -> Reply {
    Reply::Fail(HandleFailure::Reject { reason: "no such host".to_owned() })
}

fn traps(_: &Trigger) -> Reply {
    Reply::Fail(trapped())
}

fn body(trigger: &Trigger) -> &str {
    let Trigger::Message(message) = trigger else { panic!("{trigger:?}") };
    std::str::from_utf8(&message.body).unwrap()
}

const HANDLED: EventOutcome = EventOutcome::Handled { pushed: 1, duplicates: 0, cancelled: 0 };

impl EventInbox {
    /// Submits one message; the outcome for `jobs`.
    async fn submit_one(&self, message: NewMessage) -> EventOutcome {
        let mut submitted = self.submit("orders", vec![message]).await.unwrap();
        let (scheduler, outcome) = submitted.pop().unwrap().outcomes.pop().unwrap();
        assert_eq!(scheduler, jobs());
        outcome
    }
}

#[tokio::test]
async fn a_message_goes_to_each_scheduler_that_wants_its_source_and_to_no_other() {
    let (host, inbox) = host();
    let [deals, idle, gone] = ["deals", "idle", "gone"].map(|name| SchedulerId::new(name).unwrap());
    host.plugins.activate(&deals, 1, &[orders(), Interest::DueSchedules]);
    host.plugins.activate(&idle, 1, &[Interest::Messages("invoices".to_owned())]);
    host.plugins.activate(&gone, 1, &[orders()]);
    host.plugins.deactivate(&gone);

    let submitted = inbox.submit("orders", vec![new(None, "a")]).await.unwrap();
    assert_eq!(submitted[0].outcomes, [(jobs(), HANDLED), (deals, HANDLED)]);
    assert_eq!(host.told().len(), 2);
}

#[tokio::test]
async fn a_message_that_nobody_wants_has_no_outcomes() {
    let (host, inbox) = host();
    let submitted = inbox.submit("weather", vec![new(None, "a")]).await.unwrap();
    assert_eq!(submitted[0].outcomes, []);
    assert!(host.told().is_empty());
}

#[tokio::test]
async fn a_repeated_delivery_has_no_effect() {
    let (host, inbox) = host();
    assert_eq!(inbox.submit_one(new(Some(id(1)), "a")).await, HANDLED);
    assert_eq!(inbox.submit_one(new(Some(id(1)), "a")).await, EventOutcome::Repeated);
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn messages_with_the_hosts_own_ids_leave_no_mark() {
    let (host, inbox) = host();
    let submitted = inbox.submit("orders", vec![new(None, "a"), new(None, "a")]).await.unwrap();
    assert_ne!(submitted[0].event, submitted[1].event);
    assert_eq!(host.counted(), 2);
    assert!(host.store.rows.lock().unwrap().seen.is_empty());
}

#[tokio::test]
async fn answers_keep_the_order_of_the_messages_and_a_repeat_finds_the_first_one() {
    let (host, inbox) = host();
    let ids = [1, 2, 1, 3, 2];
    let messages = ids.map(|number| new(Some(id(number)), "a")).to_vec();
    let submitted = inbox.submit("orders", messages).await.unwrap();
    let answered: Vec<_> = submitted.iter().map(|submitted| submitted.event).collect();
    assert_eq!(answered, ids.map(id));
    let repeated = submitted.iter().map(|one| one.outcomes[0].1 == EventOutcome::Repeated);
    assert_eq!(repeated.collect::<Vec<_>>(), [false, false, true, false, true]);
    assert_eq!(host.counted(), 3);
}

#[tokio::test]
async fn a_failed_message_is_kept_before_the_answer_and_the_others_are_handled() {
    let (host, inbox) = host();
    host.script(|trigger| if body(trigger) == "bad" { traps(trigger) } else { Reply::Handle });
    let messages = vec![new(None, "a"), new(None, "bad"), new(None, "b")];
    let submitted = inbox.submit("orders", messages).await.unwrap();

    let reason = "plugin `jobs 1.0.0` failed in `handle`: unreachable".to_owned();
    let waiting = EventOutcome::Waiting { retry_at: second(10), reason: reason.clone() };
    let outcomes: Vec<_> = submitted.iter().map(|one| one.outcomes[0].1.clone()).collect();
    assert_eq!(outcomes, [HANDLED, waiting, HANDLED]);
    let [kept] = &host.store.all_kept()[..] else { panic!("one message is kept") };
    assert_eq!((kept.state, kept.retry_at), (EventState::Waiting, Some(second(10))));
    assert_eq!((kept.message.id, kept.message.delivery), (submitted[1].event, 1));
    assert_eq!((&kept.reason, &kept.message.body[..]), (&reason, &b"bad"[..]));
}

#[tokio::test]
async fn however_many_fail_they_are_kept_in_one_transaction() {
    let (host, inbox) = host();
    host.script(traps);
    let messages = (0..500).map(|number| new(None, &number.to_string())).collect();
    inbox.submit("orders", messages).await.unwrap();
    assert_eq!(host.store.all_kept().len(), 500);
    assert_eq!(host.store.rows.lock().unwrap().commits, 1);
}

#[tokio::test]
async fn a_rejected_message_goes_to_quarantine_at_once() {
    let (host, inbox) = host();
    host.script(rejects);
    let quarantined = EventOutcome::Quarantined { reason: "no such host".to_owned() };
    assert_eq!(inbox.submit_one(new(None, "a")).await, quarantined);
    let [kept] = &host.store.all_kept()[..] else { panic!("one message is kept") };
    assert_eq!((kept.state, kept.retry_at), (EventState::Quarantined, None));
}

#[tokio::test]
async fn a_repeated_delivery_of_a_kept_message_changes_nothing() {
    let (host, inbox) = host();
    host.script(rejects);
    let first = inbox.submit_one(new(Some(id(1)), "a")).await;
    host.script(traps);
    assert_eq!(inbox.submit_one(new(Some(id(1)), "a")).await, first);
    let [kept] = &host.store.all_kept()[..] else { panic!("one message is kept") };
    assert_eq!(kept.state, EventState::Quarantined);
}

#[tokio::test]
async fn a_kept_message_that_is_delivered_again_and_handled_is_not_kept_any_more() {
    let (host, inbox) = host();
    host.script(traps);
    inbox.submit_one(new(Some(id(1)), "a")).await;
    host.script(|_| Reply::Handle);
    assert_eq!(inbox.submit_one(new(Some(id(1)), "a")).await, HANDLED);
    assert!(host.store.all_kept().is_empty());
}

#[tokio::test]
async fn nothing_is_acknowledged_when_the_database_does_not_work() {
    let (host, inbox) = host();
    host.script(|_| Reply::Error(broken().into()));
    let answer = inbox.submit("orders", vec![new(None, "a")]).await;
    assert!(matches!(answer, Err(QueueError::Store(_))), "{answer:?}");

    // The plugin fails, and what it failed on cannot be kept.
    host.script(traps);
    host.store.set_down(true);
    let answer = inbox.submit("orders", vec![new(None, "a")]).await;
    assert!(matches!(answer, Err(QueueError::Store(_))), "{answer:?}");
    assert!(host.store.all_kept().is_empty());
}

#[tokio::test]
async fn a_broken_database_is_not_asked_for_each_message_of_a_call() {
    let (host, inbox) = host();
    host.script(|_| Reply::Error(broken().into()));
    let messages = (0..1_000).map(|number| new(None, &number.to_string())).collect();
    assert!(inbox.submit("orders", messages).await.is_err());
    assert_eq!(host.told().len(), AT_ONCE);
}

#[tokio::test]
async fn a_waiting_message_is_retried_when_it_is_due_and_counts_its_deliveries() {
    let (host, inbox) = host();
    let mut retries = Retries::new(&host.deps(), Arc::clone(&inbox));
    host.script(traps);
    inbox.submit_one(new(None, "a")).await;
    host.told();

    host.clock.set(second(9));
    assert_eq!(retries.look().await.unwrap(), Next::Within(POLL));
    assert!(host.told().is_empty());

    host.clock.set(second(10));
    host.script(|_| Reply::Handle);
    retries.look().await.unwrap();
    let [Trigger::Message(message)] = &host.told()[..] else { panic!("one message is retried") };
    assert_eq!((message.delivery, message.at), (2, second(0)));
    assert_eq!(host.counted(), 1);
    assert!(host.store.all_kept().is_empty());
}

#[tokio::test]
async fn the_next_look_is_when_the_next_message_is_due() {
    let (host, inbox) = host();
    let mut retries = Retries::new(&host.deps(), Arc::clone(&inbox));
    host.script(traps);
    inbox.submit_one(new(None, "a")).await;
    host.clock.set(second(9).after(Duration::from_millis(600)));
    assert_eq!(retries.look().await.unwrap(), Next::Within(Duration::from_millis(400)));
}

#[tokio::test]
async fn a_message_that_keeps_failing_goes_to_quarantine_after_its_last_try() {
    let (host, inbox) = host();
    let mut retries = Retries::new(&host.deps(), Arc::clone(&inbox));
    host.script(traps);
    inbox.submit_one(new(None, "a")).await;
    for now in [10, 30, 1_000] {
        host.clock.set(second(now));
        retries.look().await.unwrap();
    }
    assert_eq!(host.told().len(), 3);
    let [kept] = &host.store.all_kept()[..] else { panic!("one message is kept") };
    assert_eq!((kept.state, kept.message.delivery), (EventState::Quarantined, 3));
    assert!(kept.reason.starts_with("not handled in 3 tries"), "{}", kept.reason);
}

#[tokio::test]
async fn without_a_plugin_a_message_waits_for_one_however_long_it_takes() {
    let (host, inbox) = host();
    let mut retries = Retries::new(&host.deps(), Arc::clone(&inbox));
    host.script(traps);
    inbox.submit_one(new(None, "a")).await;
    host.plugins.deactivate(&jobs());
    for now in [10, 100, 1_000, 10_000] {
        host.clock.set(second(now));
        retries.look().await.unwrap();
        let [kept] = &host.store.all_kept()[..] else { panic!("one message is kept") };
        assert_eq!((kept.state, kept.message.delivery), (EventState::Waiting, 1));
        assert!(kept.retry_at.unwrap() > second(now));
    }
    host.plugins.activate(&jobs(), 2, &[orders()]);
    host.script(|_| Reply::Handle);
    host.clock.set(second(20_000));
    retries.look().await.unwrap();
    assert_eq!(host.counted(), 1);
    assert!(host.store.all_kept().is_empty());
}

#[tokio::test]
async fn many_due_messages_are_retried_page_by_page_without_a_wait() {
    let (host, inbox) = host();
    let mut retries = Retries::new(&host.deps(), Arc::clone(&inbox));
    host.script(traps);
    let messages = (0..150).map(|number| new(None, &number.to_string())).collect();
    inbox.submit("orders", messages).await.unwrap();
    host.told();

    host.script(|_| Reply::Handle);
    host.clock.set(second(10));
    let mut looks = Vec::new();
    for _ in 0..3 {
        looks.push(retries.look().await.unwrap());
    }
    assert_eq!(looks, [Next::Now, Next::Now, Next::Within(POLL)]);
    let told: BTreeSet<_> = host.told().iter().map(|trigger| body(trigger).to_owned()).collect();
    assert_eq!((told.len(), host.counted()), (150, 150));
}

#[tokio::test]
async fn a_page_of_messages_that_are_not_due_yet_is_no_busy_loop() {
    let (host, inbox) = host();
    let mut retries = Retries::new(&host.deps(), Arc::clone(&inbox));
    host.script(traps);
    let messages = (0..150).map(|number| new(None, &number.to_string())).collect();
    inbox.submit("orders", messages).await.unwrap();
    host.told();
    host.clock.set(second(9).after(Duration::from_millis(500)));
    assert_eq!(retries.look().await.unwrap(), Next::Within(Duration::from_millis(500)));
    assert!(host.told().is_empty());
}

#[tokio::test]
async fn retried_messages_that_could_not_be_tried_stay_as_they_are() {
    let (host, inbox) = host();
    let mut retries = Retries::new(&host.deps(), Arc::clone(&inbox));
    host.script(traps);
    inbox.submit_one(new(None, "a")).await;
    host.clock.set(second(10));
    host.script(|_| Reply::Error(broken().into()));
    assert!(matches!(retries.look().await, Err(QueueError::Store(_))));
    let [kept] = &host.store.all_kept()[..] else { panic!("one message is kept") };
    assert_eq!((kept.retry_at, kept.message.delivery), (Some(second(10)), 1));
}

#[tokio::test]
async fn a_replayed_message_is_handled_and_dropped_in_one_transaction_and_only_once() {
    let (host, inbox) = host();
    host.script(rejects);
    let submitted = inbox.submit("orders", vec![new(None, "a")]).await.unwrap();
    let event = submitted[0].event;
    let commits = host.store.rows.lock().unwrap().commits;

    host.script(|_| Reply::Handle);
    assert_eq!(inbox.replay(&jobs(), event).await.unwrap(), Some(HANDLED));
    assert_eq!(host.store.rows.lock().unwrap().commits, commits + 1);
    assert!(host.store.all_kept().is_empty());
    assert_eq!(inbox.replay(&jobs(), event).await.unwrap(), None);
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn two_replays_at_the_same_time_have_one_effect() {
    let (host, inbox) = host();
    host.script(rejects);
    let event = inbox.submit("orders", vec![new(None, "a")]).await.unwrap()[0].event;
    host.script(|_| Reply::Handle);
    let jobs = jobs();
    let (one, two) = tokio::join!(inbox.replay(&jobs, event), inbox.replay(&jobs, event));
    let outcomes = [one.unwrap().unwrap(), two.unwrap().unwrap()];
    assert!(outcomes.contains(&HANDLED) && outcomes.contains(&EventOutcome::Repeated));
    assert_eq!(host.counted(), 1);
    assert!(host.store.all_kept().is_empty());
}

#[tokio::test]
async fn a_replayed_message_that_fails_again_stays_in_quarantine_with_the_new_reason() {
    let (host, inbox) = host();
    host.script(traps);
    let event = inbox.submit("orders", vec![new(None, "a")]).await.unwrap()[0].event;
    host.script(rejects);
    let quarantined = EventOutcome::Quarantined { reason: "no such host".to_owned() };
    assert_eq!(inbox.replay(&jobs(), event).await.unwrap(), Some(quarantined));
    let [kept] = &host.store.all_kept()[..] else { panic!("one message is kept") };
    assert_eq!(kept.state, EventState::Quarantined);
    assert_eq!((&kept.reason[..], kept.message.delivery), ("no such host", 2));
}

#[tokio::test]
async fn a_kept_message_that_was_handled_after_all_is_forgotten() {
    let (host, inbox) = host();
    let mut retries = Retries::new(&host.deps(), Arc::clone(&inbox));
    host.script(traps);
    inbox.submit_one(new(Some(id(1)), "a")).await;
    host.store.rows.lock().unwrap().seen.insert((jobs(), id(1)), second(0));
    host.clock.set(second(10));
    host.script(|_| Reply::Handle);
    retries.look().await.unwrap();
    assert!(host.store.all_kept().is_empty());
    assert_eq!(host.counted(), 0);
}
