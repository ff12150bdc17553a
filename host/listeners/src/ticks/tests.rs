//! Tests of ticks.

use std::collections::BTreeSet;

use hinny_core::scheduler::HandleFailure;

use super::*;
use crate::{
    fakes::{Host, Reply, broken, jobs, second, trapped},
    pulse::POLL,
};

fn host(every_ms: &[u64]) -> (Host, Ticks) {
    let interests: Vec<_> = every_ms.iter().copied().map(Interest::Ticks).collect();
    let host = Host::new(&interests);
    let ticks = Ticks::new(&host.deps(), jobs(), CancellationToken::new());
    (host, ticks)
}

/// Looks at a moment; the ticks that reached the plugin, as seconds and interval.
async fn look_at(host: &Host, ticks: &mut Ticks, at: i64) -> Vec<(i64, u64)> {
    host.clock.set(second(at));
    ticks.look().await.unwrap();
    let told = host.told();
    told.iter().map(planned).collect()
}

fn planned(trigger: &Trigger) -> (i64, u64) {
    let Trigger::Tick(tick) = trigger else { panic!("{trigger:?}") };
    (tick.planned_at.as_seconds() - second(0).as_seconds(), tick.every_ms)
}

#[tokio::test]
async fn ticks_are_multiples_of_the_interval_and_told_once() {
    let (host, mut ticks) = host(&[60_000]);
    let mut told = Vec::new();
    for at in 15..=200 {
        told.extend(look_at(&host, &mut ticks, at).await);
    }
    assert_eq!(told, [(0, 60_000), (60, 60_000), (120, 60_000), (180, 60_000)]);
    assert_eq!(host.counted(), 4);
}

#[tokio::test]
async fn a_pause_gives_one_late_tick_and_not_one_for_each_that_was_missed() {
    let (host, mut ticks) = host(&[60_000]);
    look_at(&host, &mut ticks, 0).await;
    assert_eq!(look_at(&host, &mut ticks, 86_430).await, [(86_400, 60_000)]);
    assert_eq!(look_at(&host, &mut ticks, 86_431).await, []);
}

#[tokio::test]
async fn a_clock_that_is_put_back_does_not_repeat_ticks_nor_end_them() {
    let (host, mut ticks) = host(&[60_000]);
    for at in [0, 60, 120] {
        look_at(&host, &mut ticks, at).await;
    }
    assert_eq!(host.counted(), 3);
    for at in [60, 61, 90, 119, 120] {
        look_at(&host, &mut ticks, at).await;
    }
    assert_eq!(host.counted(), 0);
    assert_eq!(look_at(&host, &mut ticks, 180).await, [(180, 60_000)]);
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn a_clock_that_was_far_ahead_for_a_moment_costs_no_tick() {
    let (host, mut ticks) = host(&[60_000]);
    for at in [0, 1_000_000_000, 60, 120] {
        assert_eq!(look_at(&host, &mut ticks, at).await.len(), 1);
    }
    assert_eq!(host.counted(), 4);
}

#[tokio::test]
async fn a_tick_counts_once_over_restarts_and_hosts() {
    let (host, mut ticks) = host(&[60_000]);
    look_at(&host, &mut ticks, 0).await;
    let mut restarted = Ticks::new(&host.deps(), jobs(), CancellationToken::new());
    look_at(&host, &mut restarted, 30).await;
    assert_eq!(host.counted(), 1);
    look_at(&host, &mut restarted, 60).await;
    look_at(&host, &mut ticks, 60).await;
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn a_tick_that_came_while_the_host_was_down_is_told_at_the_start() {
    let (host, mut ticks) = host(&[86_400_000]);
    look_at(&host, &mut ticks, 0).await;
    let mut restarted = Ticks::new(&host.deps(), jobs(), CancellationToken::new());
    assert_eq!(look_at(&host, &mut restarted, 86_400).await.len(), 1);
    assert_eq!(host.counted(), 2);
}

#[tokio::test]
async fn each_interval_has_its_own_ticks() {
    let (host, mut ticks) = host(&[60_000, 90_000, 60_000]);
    let at_start = look_at(&host, &mut ticks, 0).await;
    assert_eq!(at_start, [(0, 60_000), (0, 90_000)]);
    assert_eq!(look_at(&host, &mut ticks, 60).await, [(60, 60_000)]);
    assert_eq!(look_at(&host, &mut ticks, 95).await, [(90, 90_000)]);
    assert_eq!(host.counted(), 4);
}

#[tokio::test]
async fn the_next_look_is_at_the_next_tick() {
    let (host, mut ticks) = host(&[1_000]);
    host.clock.set(second(3).after(Duration::from_millis(250)));
    assert_eq!(ticks.look().await.unwrap(), Next::Within(Duration::from_millis(750)));
}

#[tokio::test]
async fn ticks_follow_what_the_active_plugin_asks_for() {
    let (host, mut ticks) = host(&[]);
    assert_eq!(look_at(&host, &mut ticks, 0).await, []);
    host.plugins.activate(&jobs(), 2, &[Interest::Ticks(60_000)]);
    assert_eq!(look_at(&host, &mut ticks, 10).await, [(0, 60_000)]);
    host.plugins.activate(&jobs(), 3, &[Interest::Ticks(5_000)]);
    assert_eq!(look_at(&host, &mut ticks, 61).await, [(60, 5_000)]);
    assert_eq!(ticks.told.len(), 1);
    host.plugins.deactivate(&jobs());
    assert_eq!(look_at(&host, &mut ticks, 70).await, []);
    assert_eq!(ticks.look().await.unwrap(), Next::Within(POLL));
}

#[tokio::test]
async fn a_failed_tick_is_tried_again_until_the_next_one_has_come() {
    let (host, mut ticks) = host(&[60_000]);
    host.script(|_| Reply::Fail(trapped()));
    let mut tried = Vec::new();
    for at in 0..75 {
        tried
            .extend(look_at(&host, &mut ticks, at).await.iter().map(|(planned, _)| (at, *planned)));
    }
    assert_eq!(tried, [(0, 0), (10, 0), (30, 0), (60, 60), (70, 60)]);
    assert_eq!(ticks.backoff.len(), 1);
    host.script(|_| Reply::Handle);
    assert_eq!(look_at(&host, &mut ticks, 110).await, [(60, 60_000)]);
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn a_rejected_tick_is_over() {
    let (host, mut ticks) = host(&[60_000]);
    host.script(|_| Reply::Fail(HandleFailure::Reject { reason: "not now".to_owned() }));
    assert_eq!(look_at(&host, &mut ticks, 0).await.len(), 1);
    assert_eq!(look_at(&host, &mut ticks, 59).await, []);
    assert_eq!(look_at(&host, &mut ticks, 60).await.len(), 1);
}

#[tokio::test]
async fn a_tick_that_the_database_prevents_is_told_when_it_works_again() {
    let (host, mut ticks) = host(&[60_000]);
    host.script(|_| Reply::Error(broken().into()));
    assert!(matches!(ticks.look().await, Err(QueueError::Store(_))));
    host.told();
    host.script(|_| Reply::Handle);
    assert_eq!(look_at(&host, &mut ticks, 30).await, [(0, 60_000)]);
    assert_eq!(host.counted(), 1);
}

#[tokio::test]
async fn no_interval_is_shorter_than_a_second_whatever_a_plugin_asks_for() {
    for every_ms in [0, 1, 999] {
        let (host, mut ticks) = host(&[every_ms]);
        host.clock.set(second(0).after(Duration::from_millis(250)));
        assert_eq!(ticks.look().await.unwrap(), Next::Within(Duration::from_millis(750)));
        assert_eq!(look_at(&host, &mut ticks, 1).await, [(0, every_ms), (1, every_ms)]);
    }
}

#[tokio::test]
async fn the_longest_interval_that_can_be_asked_for_is_no_trouble() {
    let (host, mut ticks) = host(&[u64::MAX]);
    assert_eq!(look_at(&host, &mut ticks, 0).await.len(), 1);
    assert_eq!(ticks.look().await.unwrap(), Next::Within(POLL));
    assert_eq!(look_at(&host, &mut ticks, 1_000_000).await, []);
}

#[test]
fn ticks_of_other_moments_and_intervals_are_other_events() {
    let ticks = (0..100).flat_map(|at| {
        [1_000, 1_001, 60_000, 86_400_000].map(|every_ms| Tick { planned_at: second(at), every_ms })
    });
    let events: BTreeSet<_> = ticks.map(|tick| event_of(&tick)).collect();
    assert_eq!(events.len(), 400);
    let tick = Tick { planned_at: second(0), every_ms: 60_000 };
    assert_eq!(event_of(&tick).to_string(), "01a3185c-5000-8000-8000-00000000ea60");
}
