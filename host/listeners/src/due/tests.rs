//! Tests of due schedules.

use std::collections::BTreeMap;

use hinny_core::{schedule::MissedFire, scheduler::HandleFailure};

use super::*;
use crate::fakes::{Host, Reply, broken, jobs, schedule, second, trapped};

fn host() -> (Host, Due) {
    let host = Host::new(&[Interest::DueSchedules]);
    let due = Due::new(&host.deps(), jobs(), CancellationToken::new());
    (host, due)
}

fn every_minute(number: u128, missed: MissedFire) -> Schedule {
    Schedule { cron: Some("* * * * *".to_owned()), missed, ..schedule(number) }
}

fn number(trigger: &Trigger) -> u128 {
    let Trigger::Due(schedule) = trigger else { panic!("{trigger:?}") };
    schedule.id.0.as_u128()
}

/// Traps on one schedule.
fn traps_on(poison: u128) -> impl Fn(&Trigger) -> Reply + Send {
    move |trigger| {
        if number(trigger) == poison { Reply::Fail(trapped()) } else { Reply::Handle }
    }
}

/// Looks until there is nothing more to do at once; how many looks it took.
async fn look_all(due: &mut Due) -> usize {
    let mut looks = 1;
    while due.look().await.unwrap() == Next::Now {
        looks += 1;
        assert!(looks < 1_000, "a busy loop");
    }
    looks
}

#[tokio::test]
async fn a_due_schedule_fires_once_and_its_deadline_moves_with_the_commands() {
    let (host, mut due) = host();
    host.store.add_schedule(every_minute(1, MissedFire::Once));
    host.store.add_schedule(schedule(2));
    look_all(&mut due).await;
    look_all(&mut due).await;
    assert_eq!(host.counted(), 2);
    assert_eq!(host.store.get_schedule(1).deadline_at, Some(second(60)));
    assert_eq!(host.store.get_schedule(2).deadline_at, None);
    assert_eq!(host.store.rows.lock().unwrap().commits, 2);
}

#[tokio::test]
async fn the_plugin_sees_the_deadline_that_has_come() {
    let (host, mut due) = host();
    host.store.add_schedule(schedule(1));
    host.clock.set(second(3));
    look_all(&mut due).await;
    let [Trigger::Due(fired)] = &host.told()[..] else { panic!("one schedule fires") };
    assert_eq!(fired.deadline_at, Some(second(0)));
}

#[tokio::test]
async fn two_hosts_do_not_fire_a_schedule_twice() {
    let (host, mut one) = host();
    let mut two = Due::new(&host.deps(), jobs(), CancellationToken::new());
    for number in 1..=50 {
        host.store.add_schedule(every_minute(number, MissedFire::Once));
    }
    let (one, two) = tokio::join!(look_all(&mut one), look_all(&mut two));
    assert!(one < 5 && two < 5);
    assert_eq!(host.counted(), 50);
}

#[tokio::test]
async fn the_next_look_is_at_the_next_deadline_when_that_is_near() {
    let (host, mut due) = host();
    host.store.add_schedule(schedule(1));
    host.clock.set(second(-1).after(Duration::from_millis(700)));
    assert_eq!(due.look().await.unwrap(), Next::Within(Duration::from_millis(300)));
    host.clock.set(second(-10));
    assert_eq!(due.look().await.unwrap(), Next::Within(POLL));
    assert!(host.told().is_empty());
}

#[tokio::test]
async fn missed_fires_go_by_the_policy_of_the_schedule_when_the_clock_jumps_ahead() {
    let (host, mut due) = host();
    let policies = [MissedFire::Once, MissedFire::Skip, MissedFire::All];
    for (number, missed) in (1..).zip(policies) {
        host.store.add_schedule(every_minute(number, missed));
    }
    // Ten minutes: the fires of 0:00 to 10:00 are due, the last of them on time.
    host.clock.set(second(600));
    look_all(&mut due).await;
    let mut fires = BTreeMap::<u128, usize>::new();
    for trigger in host.told() {
        *fires.entry(number(&trigger)).or_default() += 1;
    }
    assert_eq!(fires, BTreeMap::from([(1, 1), (3, 11)]));
    for number in 1..=3 {
        assert_eq!(host.store.get_schedule(number).deadline_at, Some(second(660)));
    }
}

#[tokio::test]
async fn a_clock_that_is_put_back_fires_nothing_again() {
    let (host, mut due) = host();
    host.store.add_schedule(every_minute(1, MissedFire::All));
    look_all(&mut due).await;
    host.clock.set(second(-3_600));
    assert_eq!(due.look().await.unwrap(), Next::Within(POLL));
    host.clock.set(second(60));
    look_all(&mut due).await;
    assert_eq!(host.counted(), 2);
}

#[tokio::test]
async fn a_failing_schedule_keeps_its_deadline_and_is_tried_less_and_less_often() {
    let (host, mut due) = host();
    host.store.add_schedule(every_minute(1, MissedFire::Once));
    host.script(traps_on(1));
    let mut tried = Vec::new();
    for now in 0..200 {
        host.clock.set(second(now));
        look_all(&mut due).await;
        if !host.told().is_empty() {
            tried.push(now);
        }
    }
    assert_eq!(tried, [0, 10, 30, 90, 150]);
    assert_eq!(host.store.get_schedule(1).deadline_at, Some(second(0)));
}

#[tokio::test]
async fn a_plugin_that_asks_for_time_gets_it() {
    let (host, mut due) = host();
    host.store.add_schedule(schedule(1));
    host.script(|_| {
        Reply::Fail(HandleFailure::Retry { after_ms: 45_000, reason: "busy".to_owned() })
    });
    look_all(&mut due).await;
    host.told();
    for (now, tries) in [(44, 0), (45, 1)] {
        host.clock.set(second(now));
        look_all(&mut due).await;
        assert_eq!(host.told().len(), tries);
    }
}

#[tokio::test]
async fn one_poison_among_ten_thousand_due_schedules_holds_up_none() {
    let (host, mut due) = host();
    for number in 1..=10_000 {
        host.store.add_schedule(schedule(number));
    }
    host.script(traps_on(1));
    let looks = look_all(&mut due).await;
    assert_eq!((host.counted(), host.told().len()), (9_999, 10_000));
    assert!(looks <= 10_000 / PAGE + 2, "{looks} looks");
}

#[tokio::test]
async fn more_poison_than_a_window_holds_up_none_that_is_due_later() {
    let (host, mut due) = host();
    let poison = 3 * PAGE as u128;
    for number in 1..=poison {
        host.store.add_schedule(schedule(number));
    }
    let later = Schedule { deadline_at: Some(second(5)), ..schedule(poison + 1) };
    host.store.add_schedule(later);
    host.clock.set(second(5));
    host.script(
        move |trigger| {
            if number(trigger) <= poison { Reply::Fail(trapped()) } else { Reply::Handle }
        },
    );
    look_all(&mut due).await;
    assert_eq!(host.counted(), 1);

    // When the poison is tried again, what is new goes first.
    host.told();
    let newer = Schedule { deadline_at: Some(second(15)), ..schedule(poison + 2) };
    host.store.add_schedule(newer);
    host.clock.set(second(15));
    due.look().await.unwrap();
    let told = host.told();
    assert_eq!((number(&told[0]), told.len()), (poison + 2, PAGE));
}

#[tokio::test]
async fn a_schedule_that_is_gone_is_not_remembered() {
    let (host, mut due) = host();
    host.store.add_schedule(schedule(1));
    host.script(traps_on(1));
    look_all(&mut due).await;
    assert_eq!(due.backoff.len(), 1);
    host.store.rows.lock().unwrap().schedules.clear();
    look_all(&mut due).await;
    assert_eq!(due.backoff.len(), 0);
}

#[tokio::test]
async fn schedules_that_others_seem_to_fire_are_no_busy_loop() {
    let (host, mut due) = host();
    for number in 1..=PAGE as u128 {
        host.store.add_schedule(schedule(number));
    }
    host.script(|_| Reply::Repeated);
    let looks = look_all(&mut due).await;
    assert_eq!((looks, host.told().len()), (2, PAGE));
}

#[tokio::test]
async fn when_every_schedule_fails_the_looks_wait_between_the_tries() {
    let (host, mut due) = host();
    for number in 1..=2 * BackOff::<Key>::MAX as u128 {
        host.store.add_schedule(schedule(number));
    }
    host.script(|_| Reply::Fail(trapped()));
    look_all(&mut due).await;
    let tried = host.told().len();
    assert!((BackOff::<Key>::MAX..BackOff::<Key>::MAX + PAGE).contains(&tried), "{tried} tries");
    let reads = host.store.rows.lock().unwrap().reads;
    assert_eq!(due.look().await.unwrap(), Next::Within(POLL));
    assert_eq!(host.store.rows.lock().unwrap().reads, reads + 1);
    assert!(host.told().is_empty());
}

#[tokio::test]
async fn another_generation_of_the_plugin_tries_what_failed_at_once() {
    let (host, mut due) = host();
    host.store.add_schedule(schedule(1));
    host.script(traps_on(1));
    look_all(&mut due).await;
    host.plugins.activate(&jobs(), 2, &[Interest::DueSchedules]);
    host.script(|_| Reply::Handle);
    look_all(&mut due).await;
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn a_schedule_that_a_person_changed_is_tried_at_once() {
    let (host, mut due) = host();
    host.store.add_schedule(schedule(1));
    host.script(traps_on(1));
    look_all(&mut due).await;
    host.store.add_schedule(Schedule { modified_at: second(1), ..schedule(1) });
    host.script(|_| Reply::Handle);
    look_all(&mut due).await;
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn a_rejected_fire_is_over_and_the_next_one_comes() {
    let (host, mut due) = host();
    host.store.add_schedule(every_minute(1, MissedFire::Once));
    host.script(|_| Reply::Fail(HandleFailure::Reject { reason: "not today".to_owned() }));
    look_all(&mut due).await;
    assert_eq!(host.store.get_schedule(1).deadline_at, Some(second(60)));
    assert_eq!(host.told().len(), 1);
}

#[tokio::test]
async fn an_expression_that_no_longer_parses_disables_its_schedule_and_no_other() {
    let (host, mut due) = host();
    host.store.add_schedule(Schedule { cron: Some("every day".to_owned()), ..schedule(1) });
    host.store.add_schedule(schedule(2));
    look_all(&mut due).await;
    assert!(!host.store.get_schedule(1).enabled);
    assert_eq!(host.told().iter().map(number).collect::<Vec<_>>(), [2]);
}

#[tokio::test]
async fn schedules_of_a_plugin_that_does_not_want_them_are_left_until_one_does() {
    let (host, mut due) = host();
    host.store.add_schedule(schedule(1));
    host.plugins.activate(&jobs(), 2, &[]);
    assert_eq!(due.look().await.unwrap(), Next::Within(POLL));
    host.plugins.deactivate(&jobs());
    assert_eq!(due.look().await.unwrap(), Next::Within(POLL));
    assert_eq!(host.store.rows.lock().unwrap().reads, 0);

    host.plugins.activate(&jobs(), 3, &[Interest::DueSchedules]);
    look_all(&mut due).await;
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn a_database_that_does_not_work_leaves_everything_to_the_next_look() {
    let (host, mut due) = host();
    host.store.add_schedule(schedule(1));
    host.store.set_down(true);
    assert!(matches!(due.look().await, Err(QueueError::Store(_))));
    host.store.set_down(false);
    host.script(|_| Reply::Error(broken().into()));
    assert!(matches!(due.look().await, Err(QueueError::Store(_))));
    host.script(|_| Reply::Handle);
    look_all(&mut due).await;
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn after_a_stop_nothing_more_is_fired() {
    let host = Host::new(&[Interest::DueSchedules]);
    let stop = CancellationToken::new();
    let mut due = Due::new(&host.deps(), jobs(), stop.clone());
    for number in 1..=100 {
        host.store.add_schedule(schedule(number));
    }
    host.script(move |_| {
        stop.cancel();
        Reply::Handle
    });
    assert!(matches!(due.look().await, Err(QueueError::Stopping)));
    assert_eq!(host.counted(), 1);
}
