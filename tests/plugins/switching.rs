//! Switching a slot: as a whole or not at all, there and back, over restarts.

use hinny_core::plugin::{PluginError, Plugins, World};
use hinny_plugins::Limits;
use insta::assert_snapshot;
use serde_json::json;

use super::{
    guests::{base, component, context, good, sin},
    harness::{Rig, Setup, patient, rank, slot, warm},
    keeping::{losing_answers, losing_rows},
};

async fn ranked(rig: &Rig) -> i64 {
    let ranker = rig.ranker();
    rank(&*ranker, good(&*ranker, 1)).await.unwrap()[0]
}

#[tokio::test]
async fn a_version_counts_from_the_answer_on() {
    let rig = Rig::start().await;
    assert_eq!(rig.status(World::Ranker).await.active.map(|it| it.generation), None);
    let first = rig.activate("plugins/rank-weighted", base(100)).await.unwrap();
    assert_eq!(
        (first.generation, first.reason.as_str(), first.by.as_str()),
        (1, "activate", "ann")
    );
    assert_eq!(ranked(&rig).await, 101);
    let second = rig.activate("plugins/rank-weighted", base(200)).await.unwrap();
    assert_eq!((second.generation, ranked(&rig).await), (2, 201));
    let status = rig.status(World::Ranker).await;
    assert_eq!(status.title.as_deref(), Some("rank-weighted 0.1.0"));
    assert_eq!(status.inputs.len(), 1);
    let rows = rig.registry.activations(&slot("jobs", World::Ranker)).await.unwrap();
    let rows: Vec<_> = rows.iter().map(|row| (row.generation, row.settings.clone())).collect();
    assert_eq!(rows, [(2, base(200)), (1, base(100))]);
}

#[tokio::test]
async fn settings_that_are_not_sent_are_those_of_the_last_time() {
    let rig = Rig::start().await;
    rig.activate("plugins/rank-weighted", base(100)).await.unwrap();
    rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    let mut request = rig.request("jobs", "plugins/rank-weighted", json!({})).await;
    request.settings = None;
    let activation = rig.registry.activate(request).await.unwrap();
    assert_eq!((activation.settings, ranked(&rig).await), (base(100), 101));
}

#[tokio::test]
async fn what_was_active_is_active_after_a_restart() {
    let rig = Rig::start().await;
    rig.activate("plugins/rank-weighted", base(100)).await.unwrap();
    rig.activate("plugins/rank-weighted", base(200)).await.unwrap();
    rig.activate("plugins/jobs", json!({})).await.unwrap();
    let again = rig.restarted().await;
    assert_eq!((again.ranker().generation(), ranked(&again).await), (2, 201));
    assert_eq!(again.plugin().generation(), 1);
    again.roll_back(World::Ranker).await.unwrap();
    assert_eq!((again.ranker().generation(), ranked(&again).await), (3, 101));
}

#[tokio::test]
async fn a_version_that_cannot_start_again_leaves_its_slot_empty_until_it_is_rolled_back() {
    let rig = Rig::start().await;
    rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    let rig = rig.with_row("guests/evil-ranker", sin("trap-in-configure")).await;
    let status = rig.status(World::Ranker).await;
    assert_eq!((status.active.map(|it| it.generation), status.title), (Some(2), None));
    assert!(rig.registry.initial_ranker(&status.slot.scheduler).is_none());
    let back = rig.roll_back(World::Ranker).await.unwrap();
    assert_eq!((back.generation, back.reason.as_str()), (3, "rollback to generation 1"));
    assert_eq!(ranked(&rig).await, 0);
}

#[tokio::test]
async fn a_rollback_has_the_previous_generation_run_again_as_it_was_kept() {
    let rig = Setup::default().instances(warm(1_000)).start().await;
    rig.activate("guests/counter", json!({})).await.unwrap();
    for _ in 0..3 {
        ranked(&rig).await;
    }
    rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    let back = rig.roll_back(World::Ranker).await.unwrap();
    assert_eq!((back.generation, back.reason.as_str()), (3, "rollback to generation 1"));
    let ranker = rig.ranker();
    let explained = ranker.explain(&context(), good(&*ranker, 1)).await.unwrap();
    assert_eq!(explained[0].terms[0].contribution, 3.0, "it is the instance of before");
    let stats = rig.status(World::Ranker).await.stats;
    assert_eq!((stats.calls, stats.instances), (1, 0), "the numbers are of this generation");
}

#[tokio::test]
async fn a_rollback_brings_the_settings_back() {
    let rig = Rig::start().await;
    for weight in [100, 200, 200] {
        rig.activate("plugins/rank-weighted", base(weight)).await.unwrap();
    }
    rig.roll_back(World::Ranker).await.unwrap();
    assert_eq!(ranked(&rig).await, 101, "not to the generation that was the same");
}

#[tokio::test]
async fn without_an_earlier_generation_there_is_no_rollback() {
    let rig = Rig::start().await;
    let refused = rig.roll_back(World::Ranker).await.unwrap_err();
    assert_snapshot!(refused.to_string(), @"
    slot `jobs/ranker` has no earlier generation to go back to
    ");
    rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    assert!(matches!(rig.roll_back(World::Ranker).await, Err(PluginError::NoEarlier(_))));
    assert_eq!(rig.ranker().generation(), 1);
}

/// A host in which verification of one guest takes two seconds.
async fn slow_to_verify() -> Rig {
    Setup::default().limits(Limits { configure_ms: 2_000, ..patient() }).start().await
}

#[tokio::test]
async fn a_slot_is_switched_by_one_request_at_a_time() {
    let rig = slow_to_verify().await;
    let spin = rig.request("jobs", "guests/evil-ranker", sin("spin-in-configure")).await;
    let fifo = rig.request("jobs", "plugins/rank-fifo", json!({})).await;
    let mut first = rig.registry.activate(spin);
    assert!(futures::poll!(&mut first).is_pending());
    let refused = rig.registry.activate(fifo.clone()).await.unwrap_err();
    assert_snapshot!(refused.to_string(), @"
    slot `jobs/ranker` is being switched by another request; hint: try again when it is done
    ");
    // Other slots are other slots.
    rig.activate_for("others", "plugins/rank-fifo", json!({})).await.unwrap();
    assert!(futures::poll!(&mut first).is_pending(), "it has been spinning all the while");
    first.await.unwrap_err();
    rig.registry.activate(fifo).await.unwrap();
}

#[tokio::test]
async fn a_request_that_is_dropped_is_done_as_a_whole_all_the_same() {
    let rig = Setup::default().cache(None).start().await;
    let request = rig.request("jobs", "plugins/rank-fifo", json!({})).await;
    {
        let mut switching = rig.registry.activate(request);
        assert!(futures::poll!(&mut switching).is_pending());
    }
    rig.stop().await;
    let rows = rig.registry.activations(&slot("jobs", World::Ranker)).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rig.status(World::Ranker).await.active.map(|it| it.generation), Some(1));
    assert_eq!(rig.ranker().generation(), 1);
}

#[tokio::test]
async fn a_row_that_is_written_counts_though_the_answer_was_lost() {
    let rig = Setup::default().keeping(losing_answers).start().await;
    let activation = rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    assert_eq!((activation.generation, rig.ranker().generation()), (1, 1));
    rig.activate("plugins/rank-weighted", base(100)).await.unwrap();
    assert_eq!(ranked(&rig).await, 101);
}

#[tokio::test]
async fn a_row_that_is_not_written_changes_nothing() {
    let rig = Setup::default().keeping(losing_rows).start().await;
    let refused = rig.activate("plugins/rank-fifo", json!({})).await.unwrap_err();
    assert_snapshot!(refused.to_string(), @"
    the database cannot be used now: the line went dead; hint: mend it
    ");
    let status = rig.status(World::Ranker).await;
    assert!(status.active.is_none() && status.title.is_none());
}

#[tokio::test]
async fn a_version_is_activated_though_the_code_in_the_cache_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let rig = Setup::default().cache(Some(cache.clone())).start().await;
    let version = rig.upload("plugins/rank-fifo").await;
    for entry in std::fs::read_dir(&cache).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    assert_eq!(version.size, component("plugins/rank-fifo").len() as u64);
}
