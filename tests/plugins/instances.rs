//! How long instances live: for one call, or for some, and never beyond a failure.
//!
//! The guest `counter` tells in its explanations how often its instance has ranked.

use hinny_core::{plugin::World, ranker::FailureKind};
use hinny_plugins::{InstancePolicy, Limits};
use serde_json::json;

use super::{
    guests::{context, good, message, now, sin},
    harness::{Rig, Setup, patient, rank, warm},
};

/// How often the instance that answers has ranked.
async fn ranked_before(rig: &Rig) -> f64 {
    let ranker = rig.ranker();
    let explained = ranker.explain(&context(), good(&*ranker, 1)).await.unwrap();
    explained[0].terms[0].contribution
}

async fn counter(policy: InstancePolicy) -> Rig {
    let rig = Setup::default().instances(policy).start().await;
    rig.activate("guests/counter", json!({})).await.unwrap();
    rig
}

async fn rank_times(rig: &Rig, times: usize) {
    let ranker = rig.ranker();
    for _ in 0..times {
        rank(&*ranker, good(&*ranker, 1)).await.unwrap();
    }
}

#[tokio::test]
async fn each_batch_meets_a_fresh_instance() {
    let rig = counter(InstancePolicy::Fresh).await;
    rank_times(&rig, 3).await;
    assert_eq!(ranked_before(&rig).await, 0.0);
    assert_eq!(rig.status(World::Ranker).await.stats.instances, 4);
    assert_eq!(rig.registry.instances(), 0);
}

#[tokio::test]
async fn a_warm_instance_meets_the_next_batch_until_it_has_had_its_calls() {
    let rig = counter(warm(4)).await;
    assert_eq!(rig.registry.instances(), 1, "it was made ahead of the first call");
    rank_times(&rig, 3).await;
    assert_eq!(ranked_before(&rig).await, 3.0);
    assert_eq!(rig.registry.instances(), 0, "that was its fourth call");
    assert_eq!(ranked_before(&rig).await, 0.0);
    assert_eq!(rig.status(World::Ranker).await.stats.instances, 1, "one more was made");
}

#[tokio::test]
async fn an_instance_that_failed_is_never_met_again() {
    for name in ["trap-on-call", "growing-list"] {
        let settings = json!({"sin": name, "n": 3});
        let rig = Setup::default()
            .instances(warm(1_000))
            .start_with("guests/evil-ranker", settings)
            .await;
        let ranker = rig.ranker();
        for _ in 0..5 {
            // `trap-on-call` is good for two calls, `growing-list` never.
            let good_for = if name == "trap-on-call" { 2 } else { 0 };
            for _ in 0..good_for {
                rank(&*ranker, good(&*ranker, 1)).await.unwrap();
            }
            let failed = rank(&*ranker, good(&*ranker, 1)).await.unwrap_err();
            // Had it been met again, `growing-list` would have grown further each time.
            if name == "growing-list" {
                assert_eq!(failed.message, "gave 2 answers for a batch of 1 tasks");
            } else {
                assert_eq!(failed.kind, FailureKind::Trap);
            }
            assert_eq!(rig.registry.instances(), 0, "{name}");
        }
    }
}

#[tokio::test]
async fn an_instance_whose_caller_went_away_is_never_met_again() {
    let rig = Setup::default()
        .instances(warm(1_000))
        .start_with("guests/evil-scheduler", sin("spin-on-poison"))
        .await;
    let plugin = rig.plugin();
    plugin.handle(now(), &message("{}")).await.unwrap();
    assert_eq!(rig.registry.instances(), 1, "it waits for the next call");
    {
        let poison = message("poison");
        let mut call = plugin.handle(now(), &poison);
        assert!(futures::poll!(&mut call).is_pending(), "the guest spins");
        assert_eq!(rig.registry.instances(), 1);
    }
    rig.until_there_are_no_instances().await;
    plugin.handle(now(), &message("{}")).await.unwrap();
}

#[tokio::test]
async fn a_scheduler_plugin_is_fresh_for_each_call_too() {
    let settings = json!({"sin": "trap-on-call", "n": 2});
    let rig = Setup::default().start_with("guests/evil-scheduler", settings.clone()).await;
    for _ in 0..5 {
        rig.plugin().handle(now(), &message("{}")).await.unwrap();
    }
    let rig =
        Setup::default().instances(warm(100)).start_with("guests/evil-scheduler", settings).await;
    rig.plugin().handle(now(), &message("{}")).await.unwrap();
    rig.plugin().handle(now(), &message("{}")).await.unwrap_err();
    rig.plugin().handle(now(), &message("{}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_instances_wait_for_their_turn() {
    let limits = Limits { instances: 8, scheduler_calls: 4, ..patient() };
    let rig = Setup::default().limits(limits).start_with("guests/evil-scheduler", json!({})).await;
    let calls = (0..200).map(|_| {
        let plugin = rig.plugin();
        tokio::task::spawn(async move { plugin.handle(now(), &message("{}")).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!(rig.registry.instances(), 0);
}
