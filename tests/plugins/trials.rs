//! Versions beside the active one, and going back by itself.

use std::{sync::Arc, time::Duration};

use hinny_core::{
    input::Columns,
    plugin::{
        ActivateRequest, Activation, PluginError, Plugins as _, RankerBudget, SlotStatus, Stage,
        World,
    },
    ranker::Ranker,
    store::PluginStore as _,
};
use serde_json::{Value, json};

use super::{
    guests::{base, batch, context, good, poisoned, sin},
    harness::{Rig, Setup, rank, slot, strict},
};

const WEIGHTED: &str = "plugins/rank-weighted";

fn canary(share: &str) -> Stage {
    Stage::Canary(share.parse().unwrap())
}

/// Tasks with another `x` each.
fn tasks(ranker: &dyn Ranker, len: u64) -> Columns {
    batch(ranker, &(0..len).map(|x| json!({"x": x})).collect::<Vec<_>>())
}

impl Rig {
    async fn try_out(
        &self,
        guest: &str,
        settings: Value,
        stage: Stage,
    ) -> Result<Activation, PluginError> {
        let request = self.request("jobs", guest, settings).await;
        self.registry.activate(ActivateRequest { stage, ..request }).await
    }

    /// A host after a restart, in which the evil ranker was activated with a sin that verification would
    /// have found out.
    async fn with_evil(&self, name: &str, stage: Stage, forced: bool) -> Self {
        let row = self.row(&self.upload("guests/evil-ranker").await, sin(name)).await;
        self.store.activate(&Activation { stage, forced, ..row }).await.unwrap();
        self.restarted().await
    }

    async fn slot_when(&self, what: &str, holds: impl Fn(&SlotStatus) -> bool) -> SlotStatus {
        for _ in 0..2_000 {
            let status = self.status(World::Ranker).await;
            if holds(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it did not happen: {what}");
    }

    async fn history(&self) -> Vec<Activation> {
        self.registry.activations(&slot("jobs", World::Ranker)).await.unwrap()
    }
}

/// Has a ranker fail until the host goes back from it.
async fn fails_until_it_is_ended(rig: &Rig, ranker: &dyn Ranker, generation: u64) -> Activation {
    for _ in 0..3 {
        let _ = rank(ranker, poisoned(ranker)).await;
    }
    let is_over = |status: &SlotStatus| {
        status.active.as_ref().is_some_and(|active| active.ended == Some(generation))
    };
    rig.slot_when("the host goes back", is_over).await.active.unwrap()
}

#[tokio::test]
async fn a_shadow_is_asked_and_not_listened_to() {
    let rig = Rig::start().await;
    rig.activate(WEIGHTED, base(100)).await.unwrap();
    let reverse = json!({"base": 7, "terms": [{"input": "/x", "weight": -1}]});
    rig.try_out(WEIGHTED, reverse, Stage::Shadow).await.unwrap();
    let ranker = rig.ranker();
    let said = rank(&*ranker, tasks(&*ranker, 50)).await.unwrap();
    assert_eq!(said, (100..150).collect::<Vec<i64>>());
    let compared = |status: &SlotStatus| {
        status.trial.as_ref().is_some_and(|trial| trial.comparison.tasks == 50)
    };
    let status = rig.slot_when("the batch is compared", compared).await;
    let trial = status.trial.unwrap();
    assert_eq!(trial.comparison.kendall_tau, Some(-1.0));
    assert_eq!((trial.stats.failures, trial.skipped), (0, 0));
    assert_eq!(trial.activation.stage, Stage::Shadow);
    // The active one is the same as before, and explains.
    assert_eq!(status.active.unwrap().generation, 1);
    let explained = ranker.explain(&context(), good(&*ranker, 1)).await.unwrap();
    assert_eq!(explained[0].priority.0, 101);
}

#[tokio::test]
async fn a_canary_ranks_its_share_and_a_task_stays_on_its_side() {
    let rig = Rig::start().await;
    rig.activate(WEIGHTED, base(0)).await.unwrap();
    rig.try_out(WEIGHTED, base(1_000_000), canary("20%")).await.unwrap();
    let ranker = rig.ranker();
    assert_eq!(ranker.generation(), 2);
    let said = rank(&*ranker, tasks(&*ranker, 2_000)).await.unwrap();
    let theirs = |priority: &i64| *priority >= 1_000_000;
    let share = said.iter().filter(|priority| theirs(priority)).count();
    assert!((300..500).contains(&share), "{share} of 2000");
    // Each has its own rank, whatever the side.
    for (x, priority) in (0..).zip(&said) {
        assert_eq!(priority % 1_000_000, x);
    }
    assert_eq!(rank(&*ranker, tasks(&*ranker, 2_000)).await.unwrap(), said);
    let alone = rank(&*ranker, tasks(&*ranker, 30)).await.unwrap();
    assert_eq!(alone, said[..30]);
    let explained = ranker.explain(&context(), tasks(&*ranker, 30)).await.unwrap();
    let explained: Vec<_> = explained.iter().map(|said| said.priority.0).collect();
    assert_eq!(explained, alone);
    let larger = rig.try_out(WEIGHTED, base(1_000_000), canary("60%")).await.unwrap();
    assert_eq!(larger.generation, 3);
    let ranker = rig.ranker();
    let more = rank(&*ranker, tasks(&*ranker, 2_000)).await.unwrap();
    // A larger share has all of the smaller one.
    let stayed =
        said.iter().zip(&more).filter(|(few, _)| theirs(few)).all(|(_, many)| theirs(many));
    assert!(stayed && more.iter().filter(|priority| theirs(priority)).count() > 1_000);
}

#[tokio::test]
async fn what_a_canary_fails_on_is_ranked_by_the_active_one_until_the_host_ends_it() {
    let rig = Rig::start().await;
    rig.activate(WEIGHTED, base(100)).await.unwrap();
    let rig = rig.with_evil("trap-on-poison", canary("99.99%"), false).await;
    let ranker = rig.ranker();
    assert_eq!(rank(&*ranker, poisoned(&*ranker)).await.unwrap(), [100]);
    let back = fails_until_it_is_ended(&rig, &*ranker, 2).await;
    assert_eq!((back.by.as_str(), back.stage), ("hinny", Stage::Active));
    let reason = &back.reason;
    assert!(reason.starts_with("automatic rollback from generation 2: "), "{reason}");
    assert!(reason.contains("calls failed, the budget is 5 %"), "{reason}");
    let status = rig.status(World::Ranker).await;
    assert!(status.trial.is_none());
    assert_eq!(status.title.as_deref(), Some("rank-weighted 0.1.0"));
    assert_eq!(rank(&*rig.ranker(), good(&*rig.ranker(), 1)).await.unwrap(), [101]);
}

#[tokio::test]
async fn a_failing_shadow_is_ended_too() {
    let rig = Rig::start().await;
    rig.activate(WEIGHTED, base(100)).await.unwrap();
    let rig = rig.with_evil("trap-on-poison", Stage::Shadow, false).await;
    fails_until_it_is_ended(&rig, &*rig.ranker(), 2).await;
}

#[tokio::test]
async fn the_host_goes_back_once_and_never_from_what_a_person_insists_on() {
    let rig = Rig::start().await;
    rig.activate(WEIGHTED, base(100)).await.unwrap();
    let rig = rig.with_evil("trap-on-poison", Stage::Active, false).await;
    let back = fails_until_it_is_ended(&rig, &*rig.ranker(), 2).await;
    assert_eq!(back.generation, 3);
    let evil = rig.activate("guests/evil-ranker", sin("trap-on-poison")).await;
    let refused = evil.unwrap_err();
    assert!(matches!(refused, PluginError::Quarantined { .. }), "{refused}");
    assert!(refused.to_string().contains("calls failed"), "{refused}");
    // Nobody goes back to it by mistake.
    assert!(matches!(rig.roll_back(World::Ranker).await, Err(PluginError::NoEarlier(_))));
    let rig = rig.with_evil("trap-on-poison", Stage::Active, true).await;
    assert_eq!(rig.history().await[0].generation, 4);
    let ranker = rig.ranker();
    for _ in 0..20 {
        rank(&*ranker, poisoned(&*ranker)).await.unwrap_err();
    }
    // Longer than the host takes to look several times.
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(rig.history().await[0].generation, 4);
    // The person may still change their mind.
    assert_eq!(rig.roll_back(World::Ranker).await.unwrap().generation, 5);
}

#[tokio::test]
async fn without_a_way_back_a_failing_ranker_stays() {
    let rig = Rig::start().await.with_evil("trap-on-poison", Stage::Active, false).await;
    let ranker = rig.ranker();
    for _ in 0..5 {
        rank(&*ranker, poisoned(&*ranker)).await.unwrap_err();
    }
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(rig.status(World::Ranker).await.active.unwrap().generation, 1);
}

#[tokio::test]
async fn an_order_that_is_too_unlike_ends_a_trial_where_the_budget_says_so() {
    let budget = RankerBudget { kendall_tau_min: 0.5, ..RankerBudget::default() };
    let rig = Setup::default().budget(budget).start().await;
    rig.activate(WEIGHTED, base(0)).await.unwrap();
    let reverse = json!({"terms": [{"input": "/x", "weight": -1}]});
    rig.try_out(WEIGHTED, reverse, Stage::Shadow).await.unwrap();
    let ranker = rig.ranker();
    rank(&*ranker, tasks(&*ranker, 1_500)).await.unwrap();
    let ended = |status: &SlotStatus| status.trial.is_none();
    let active = rig.slot_when("the trial is ended", ended).await.active.unwrap();
    assert!(active.reason.contains("Kendall's tau is -1.000, the budget 0.5"), "{}", active.reason);
}

#[tokio::test]
async fn a_trial_goes_on_after_a_restart_and_ends_with_an_activation_or_a_rollback() {
    let rig = Rig::start().await;
    rig.activate(WEIGHTED, base(100)).await.unwrap();
    rig.try_out(WEIGHTED, base(500), canary("50%")).await.unwrap();
    let before = rank(&*rig.ranker(), tasks(&*rig.ranker(), 40)).await.unwrap();
    let rig = rig.restarted().await;
    let ranker = rig.ranker();
    assert_eq!(rank(&*ranker, tasks(&*ranker, 40)).await.unwrap(), before);
    assert_eq!(rig.status(World::Ranker).await.trial.unwrap().activation.generation, 2);
    let back = rig.roll_back(World::Ranker).await.unwrap();
    assert_eq!((back.reason.as_str(), back.generation), ("rollback to generation 1", 3));
    assert_eq!(rank(&*rig.ranker(), good(&*rig.ranker(), 1)).await.unwrap(), [101]);
    rig.try_out(WEIGHTED, base(500), Stage::Shadow).await.unwrap();
    rig.activate(WEIGHTED, base(500)).await.unwrap();
    assert!(rig.status(World::Ranker).await.trial.is_none());
    assert_eq!(rank(&*rig.ranker(), good(&*rig.ranker(), 1)).await.unwrap(), [501]);
    let stages: Vec<_> = rig.history().await.iter().map(|one| one.stage.to_string()).collect();
    assert_eq!(stages, ["active", "shadow", "active", "canary 50%", "active"]);
}

#[tokio::test]
async fn a_trial_needs_a_ranker_beside_it() {
    let rig = Rig::start().await;
    let refused = rig.try_out(WEIGHTED, base(1), Stage::Shadow).await.unwrap_err();
    assert!(matches!(refused, PluginError::NothingBeside(_)), "{refused}");
    let refused = rig.try_out("plugins/jobs", json!({}), canary("5%")).await.unwrap_err();
    assert!(matches!(refused, PluginError::NoTrial(_)), "{refused}");
}

#[tokio::test]
async fn ranking_does_not_wait_for_a_shadow() {
    let rig = Setup::default().limits(strict()).start().await;
    rig.activate(WEIGHTED, base(100)).await.unwrap();
    let rig = rig.with_evil("spin-on-poison", Stage::Shadow, false).await;
    let ranker: Arc<dyn Ranker> = rig.ranker();
    // Its first call spins; all these are answered meanwhile, and those beyond the waiting ones
    // are not compared.
    rank(&*ranker, poisoned(&*ranker)).await.unwrap();
    for _ in 0..200 {
        rank(&*ranker, good(&*ranker, 1)).await.unwrap();
    }
    let trial = rig.status(World::Ranker).await.trial.unwrap();
    assert_eq!(trial.stats.failures, 0, "it still spins");
    assert!(trial.skipped > 100, "{}", trial.skipped);
}

#[tokio::test]
async fn a_trial_does_not_hold_up_a_stop() {
    let rig = Rig::start().await;
    rig.activate(WEIGHTED, base(100)).await.unwrap();
    rig.try_out(WEIGHTED, base(300), Stage::Shadow).await.unwrap();
    let stop = tokio::time::timeout(Duration::from_secs(20), rig.stop());
    stop.await.expect("it ends");
}
