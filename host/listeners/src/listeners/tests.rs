//! Tests of the loops together.

use std::time::Duration;

use hinny_core::{
    event::{EventState, KeptEvent},
    queue::{Events, NewMessage},
    trigger::{Interest, Message, Trigger},
};
use tokio::{sync::mpsc, time::Instant};

use super::*;
use crate::fakes::{Host, Reply, finished_task, jobs, message, schedule, second};

/// A host with something to do for each loop, and what its plugin is told.
fn busy_host() -> (Host, mpsc::UnboundedReceiver<&'static str>) {
    let host = Host::new(&[
        Interest::Ticks(86_400_000),
        Interest::DueSchedules,
        Interest::FinishedTasks,
        Interest::Messages("orders".to_owned()),
    ]);
    host.store.add_schedule(schedule(1));
    host.store.rows.lock().unwrap().untold.push(finished_task(1));
    let (tell, told) = mpsc::unbounded_channel();
    host.script(move |trigger| {
        tell.send(trigger.kind()).unwrap();
        Reply::Handle
    });
    (host, told)
}

#[tokio::test]
async fn started_listeners_do_what_there_is_to_do_and_end_when_they_are_stopped() {
    let (host, mut told) = busy_host();
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let listeners = Listeners::start(&host.deps(), &tracker, &stop);
    let mut kinds = [told.recv().await, told.recv().await, told.recv().await].map(Option::unwrap);
    kinds.sort_unstable();
    assert_eq!(kinds, ["due", "finished", "tick"]);

    let message = NewMessage {
        id: None,
        content_type: String::new(),
        body: Vec::new(),
        attributes: Vec::new(),
    };
    listeners.inbox().submit("orders", vec![message]).await.unwrap();
    assert_eq!(told.recv().await, Some("message"));

    stop.cancel();
    tracker.close();
    tracker.wait().await;
    assert!(matches!(host.told()[..], [_, _, _, Trigger::Message(_)]));
}

#[tokio::test]
async fn a_stop_before_the_start_lets_nothing_begin() {
    let (host, _told) = busy_host();
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    stop.cancel();
    let _listeners = Listeners::start(&host.deps(), &tracker, &stop);
    tracker.close();
    tracker.wait().await;
    assert!(host.told().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_reaches_every_loop_at_once() {
    let (host, mut told) = busy_host();
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let listeners = Listeners::start(&host.deps(), &tracker, &stop);
    for _ in 0..3 {
        told.recv().await.unwrap();
    }
    host.store.add_schedule(schedule(2));
    host.store.rows.lock().unwrap().untold.push(finished_task(2));
    let woken = Instant::now();
    listeners.wake();
    let mut kinds = [told.recv().await, told.recv().await].map(Option::unwrap);
    kinds.sort_unstable();
    assert_eq!(kinds, ["due", "finished"]);
    assert_eq!(woken.elapsed(), Duration::ZERO);
    stop.cancel();
}

#[tokio::test(start_paused = true)]
async fn a_message_of_a_plugin_to_itself_does_not_wait_for_the_next_look() {
    let host = Host::new(&[Interest::Messages("orders".to_owned())]);
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let listeners = Listeners::start(&host.deps(), &tracker, &stop);
    // Let the first look pass, which finds nothing.
    tokio::time::sleep(Duration::from_millis(10)).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let store = Arc::clone(&host.store);
    host.script(move |trigger| {
        let Trigger::Message(arrived) = trigger else { panic!("{trigger:?}") };
        tell.send(arrived.delivery).unwrap();
        if arrived.body == b"own" {
            return Reply::Handle;
        }
        let own = Message { body: b"own".to_vec(), delivery: 0, ..message("orders") };
        let kept = KeptEvent {
            scheduler: jobs(),
            state: EventState::Waiting,
            retry_at: Some(second(0)),
            reason: String::new(),
            message: own,
        };
        store.rows.lock().unwrap().kept.insert((jobs(), kept.message.id), kept);
        Reply::HandleAndSend
    });
    let first = NewMessage {
        id: None,
        content_type: String::new(),
        body: b"first".to_vec(),
        attributes: Vec::new(),
    };
    let began = Instant::now();
    listeners.inbox().submit("orders", vec![first]).await.unwrap();
    assert_eq!((told.recv().await, told.recv().await), (Some(1), Some(1)), "a first delivery each");
    assert_eq!(began.elapsed(), Duration::ZERO);
    stop.cancel();
}
