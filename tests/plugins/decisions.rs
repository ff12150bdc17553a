//! What rankers decided, on disk, and asked about again.

use std::{path::Path, sync::Arc, time::Duration};

use hinny_core::{
    Timestamp,
    decision::{Decisions, Replay, ReplayOptions, ReplayRequest, Unanswered},
    input::InputValue,
    plugin::{ActivateRequest, CandidateSource, PluginError, Plugins, Stage},
    ranker::{RankContext, Ranker},
};
use hinny_plugins::DecisionsConfig;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

use super::{
    guests::{base, batch, component, context, good, now, poisoned, scheduler, sin},
    harness::{Rig, Setup, rank, strict, warm},
};

/// Each batch that a test has ranked holds so many tasks.
const BATCHES: [usize; 4] = [1, 7, 300, 2_500];

fn setup(folder: &Path) -> Setup {
    let decisions = DecisionsConfig {
        folder: folder.join("decisions"),
        sample_large_percent: 100,
        ..DecisionsConfig::default()
    };
    Setup::default().recording(decisions)
}

async fn start() -> (TempDir, Rig) {
    let folder = tempfile::tempdir().unwrap();
    let rig = setup(folder.path()).start().await;
    (folder, rig)
}

fn request(source: Option<CandidateSource>, settings: Option<Value>) -> ReplayRequest {
    let options = ReplayOptions { since: None, until: None, batches_max: None, listed: 3 };
    ReplayRequest { scheduler: scheduler("jobs"), source, settings, options }
}

async fn replay(rig: &Rig, request: ReplayRequest) -> Replay {
    rig.registry.replay(request).await.unwrap()
}

async fn active(rig: &Rig) -> Replay {
    replay(rig, request(None, None)).await
}

fn sent(guest: &str, settings: Value) -> ReplayRequest {
    request(Some(CandidateSource::Component(component(guest))), Some(settings))
}

/// Data of all kinds, also such as does not fit.
fn data(count: usize) -> Vec<Value> {
    let team = |at: usize| ["red", "rød", "blue"][at % 3];
    let data = |at: usize| match at % 5 {
        0 => json!({"level": at % 7, "urgent": at.is_multiple_of(2), "team": team(at)}),
        1 => json!({"level": "none", "x": at, "asked": at % 9}),
        2 => json!({"x": at as f64 / 3.0, "team": 5}),
        3 => json!({"level": i64::MIN, "x": -(at as i64)}),
        _ => json!({}),
    };
    (0..count).map(data).collect()
}

/// Has the active ranker decide about batches at different moments.
async fn decide(ranker: &dyn Ranker) {
    for (hour, len) in (0..).zip(BATCHES) {
        let moment = Timestamp::from_micros(now().as_micros() + hour * 3_600_000_000);
        let context = RankContext { now: moment, seed: len as u64, ..context() };
        let ranked = ranker.rank(&context, batch(ranker, &data(len))).await.unwrap();
        assert_eq!(ranked.len(), len);
    }
}

const DECIDED: u64 = 1 + 7 + 300 + 2_500;

/// Guests of every language, with settings that make them decide by their inputs.
fn guests() -> Vec<(&'static str, Value, Value)> {
    let weighted = |weight: i64| {
        json!({"age_per_hour": 5, "terms": [
            {"input": "/level", "type": "integer", "weight": weight},
            {"input": "/x", "weight": 0.5}, {"input": "wait", "weight": 1, "per": 60_000},
            {"input": "/team", "values": {"red": -50}, "others": 3}]})
    };
    vec![
        ("plugins/rank-weighted", weighted(-100), weighted(7)),
        ("plugins/rank-decay", json!({}), json!({"asked_max": 3})),
        ("guests/four-inputs", json!({}), json!({})),
        ("guests/four-inputs-python", json!({}), json!({})),
        ("guests/four-inputs-javascript", json!({}), json!({})),
        ("guests/four-inputs-c", json!({}), json!({})),
    ]
}

#[tokio::test]
async fn every_language_reproduces_what_it_decided_over_a_switch_and_a_restart() {
    for (guest, settings, others) in guests() {
        let (_folder, rig) = start().await;
        rig.activate(guest, settings.clone()).await.unwrap();
        decide(&*rig.ranker()).await;
        let first = active(&rig).await;
        assert_eq!((first.exact(), first.own.tasks), (Some(true), DECIDED), "{guest}: {first:?}");
        assert_eq!((first.same, first.differ, first.batches), (DECIDED, 0, 4), "{guest}");
        assert_eq!(first.order.kendall_tau, Some(1.0), "{guest}");

        rig.activate(guest, others.clone()).await.unwrap();
        decide(&*rig.ranker()).await;
        let rig = rig.restarted().await;
        decide(&*rig.ranker()).await;
        let own = if others == settings { 3 } else { 2 };
        let after = active(&rig).await;
        assert_eq!((after.exact(), after.own.tasks), (Some(true), own * DECIDED), "{guest}");
        assert_eq!(after.tasks, 3 * DECIDED, "{guest}");
        let version = CandidateSource::Version(after.digest);
        let own = if others == settings { 3 } else { 1 };
        let before = replay(&rig, request(Some(version), Some(settings))).await;
        assert_eq!((before.exact(), before.own.tasks), (Some(true), own * DECIDED), "{guest}");
    }
}

#[tokio::test]
async fn other_settings_show_what_would_have_differed() {
    let (_folder, rig) = start().await;
    let terms = |weight: i64| json!({"terms": [{"input": "/x", "weight": weight}]});
    rig.activate("plugins/rank-weighted", terms(1)).await.unwrap();
    let ranker = rig.ranker();
    let numbers: Vec<_> = (1..=50).map(|x| json!({"x": x})).collect();
    for part in numbers.chunks(10) {
        rank(&*ranker, batch(&*ranker, part)).await.unwrap();
    }
    let reverse = replay(&rig, sent("plugins/rank-weighted", terms(-1))).await;
    assert_eq!((reverse.exact(), reverse.differ, reverse.own.batches), (None, 50, 0));
    assert_eq!(reverse.order.kendall_tau, Some(-1.0));
    let [first, ..] = &reverse.order.forward[..] else { panic!("{reverse:?}") };
    assert_eq!((first.from, first.to), (50, 1));
    assert_eq!((first.decision.recorded.0, first.decision.replayed.0), (50, -50));
    assert_eq!((first.decision.batch, first.decision.place), (0, 9));
    let told = |(_, value): &(String, InputValue)| *value == InputValue::Float(50.0);
    assert!(first.decision.inputs.iter().any(told), "{first:?}");
    assert_eq!(rig.registry.versions().await.unwrap().len(), 1, "what is sent along is not kept");

    let mut newest = request(None, None);
    newest.options.batches_max = Some(2);
    let newest = replay(&rig, newest).await;
    assert_eq!((newest.batches, newest.tasks, newest.exact()), (2, 20, Some(true)));
    let mut before = request(None, None);
    before.options.until = Some(now());
    let before = replay(&rig, before).await;
    assert_eq!((before.batches, before.exact(), before.from), (0, None, None));
}

/// Has a version with other settings decide beside the active one about 400 tasks; the answer is what
/// is reproduced by the active one, and by that beside it, and all.
async fn beside(stage: Stage) -> [u64; 3] {
    let (_folder, rig) = start().await;
    rig.activate("plugins/rank-weighted", base(100)).await.unwrap();
    let beside = rig.request("jobs", "plugins/rank-weighted", base(300)).await;
    rig.registry.activate(ActivateRequest { stage, ..beside }).await.unwrap();
    let ranker = rig.ranker();
    rank(&*ranker, good(&*ranker, 400)).await.unwrap();
    let by_active = active(&rig).await;
    let version = CandidateSource::Version(by_active.digest);
    let by_other = replay(&rig, request(Some(version), Some(base(300)))).await;
    for replay in [&by_active, &by_other] {
        assert_ne!(replay.exact(), Some(false), "{replay:?}");
    }
    [by_active.own.tasks, by_other.own.tasks, by_active.tasks]
}

#[tokio::test]
async fn what_a_canary_ranks_is_its_decision_and_what_a_shadow_says_is_none() {
    let [active, canary, all] = beside(Stage::Canary("50%".parse().unwrap())).await;
    assert!(active > 100 && canary > 100 && active + canary == 400, "{active} {canary}");
    assert_eq!(all, 400);
    assert_eq!(beside(Stage::Shadow).await, [400, 0, 400]);
}

#[tokio::test]
async fn a_ranker_that_does_not_repeat_itself_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    // Kept over calls, its instance answers otherwise each time.
    let rig = setup(folder.path())
        .instances(warm(1000))
        .start_with("guests/evil-ranker", sin("differ"))
        .await;
    let ranker = rig.ranker();
    for _ in 0..3 {
        rank(&*ranker, good(&*ranker, 2)).await.unwrap();
    }
    let found = active(&rig).await;
    assert_eq!((found.exact(), found.own.tasks, found.own.differ), (Some(false), 6, 6));
    assert_eq!(found.own.differences.len(), 3, "no more are listed than asked for");
    let first = &found.own.differences[0];
    assert_eq!((first.at, first.generation, first.place), (now(), 1, 0));
    assert_ne!(first.recorded, first.replayed);
}

#[tokio::test]
async fn what_a_candidate_would_have_to_know_is_named() {
    let (_folder, rig) = start().await;
    rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    decide(&*rig.ranker()).await;
    let more = replay(&rig, sent("guests/four-inputs", json!({}))).await;
    let why = "`/level` as integer, `/urgent` as flag, `/team` as text was not recorded";
    let all = Unanswered { batches: 4, tasks: DECIDED };
    assert_eq!((more.skipped, more.batches), (vec![(why.to_owned(), all)], 0));
    // How long a task waits is known from its creation.
    let wait = json!({"terms": [{"input": "wait", "weight": -1}]});
    let wait = replay(&rig, sent("plugins/rank-weighted", wait)).await;
    assert_eq!((wait.skipped, wait.tasks), (vec![], DECIDED));
}

#[tokio::test]
async fn failures_are_counted_where_they_happen() {
    let folder = tempfile::tempdir().unwrap();
    let rig = setup(folder.path()).start_with("guests/evil-ranker", sin("none")).await;
    let bears = rig.ranker();
    rank(&*bears, poisoned(&*bears)).await.unwrap();

    // What one bore, another does not.
    let rig = rig.with_row("guests/evil-ranker", sin("trap-on-poison")).await;
    let ranker = rig.ranker();
    rank(&*ranker, good(&*ranker, 3)).await.unwrap();
    rank(&*ranker, poisoned(&*ranker)).await.unwrap_err();
    let recorded = rig.registry.recorded().await.unwrap();
    let jobs = recorded.schedulers.iter().find(|of| of.scheduler == scheduler("jobs")).unwrap();
    assert_eq!((jobs.batches, jobs.tasks, jobs.missed.failed), (2, 4, 1));
    assert_eq!((jobs.from, jobs.to), (Some(now()), Some(now())));

    let failing = active(&rig).await;
    assert_eq!(failing.failed, Unanswered { batches: 1, tasks: 1 });
    assert!(failing.failure.as_deref().is_some_and(|why| why.contains("gave up")), "{failing:?}");
    assert_eq!((failing.exact(), failing.own.tasks), (Some(true), 3), "the other was not its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_that_nobody_waits_for_ends_and_the_next_has_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    let rig = setup(folder.path()).limits(strict()).start().await;
    let digest = rig.activate("guests/evil-ranker", sin("none")).await.unwrap().digest;
    let ranker = rig.ranker();
    for _ in 0..200 {
        rank(&*ranker, poisoned(&*ranker)).await.unwrap();
    }
    let rig = rig.with_row("guests/evil-ranker", sin("spin-on-poison")).await;
    // It would take 200 deadlines of 250 ms.
    let endless = rig.registry.replay(request(None, None));
    assert!(timeout(Duration::from_secs(1), endless).await.is_err());
    let bears = request(Some(CandidateSource::Version(digest)), Some(sin("none")));
    let next = timeout(Duration::from_secs(20), rig.registry.replay(bears)).await;
    let next = next.expect("it has its turn").unwrap();
    assert_eq!((next.exact(), next.own.batches), (Some(true), 200));
    rank(&*rig.ranker(), good(&*rig.ranker(), 5)).await.unwrap();
    let gone = async {
        while rig.registry.instances() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(20), gone).await.expect("nothing of it is left");
}

#[tokio::test]
async fn what_cannot_be_replayed_is_said() {
    let (_folder, rig) = start().await;
    let nothing = rig.registry.replay(request(None, None)).await.unwrap_err();
    assert!(matches!(nothing, PluginError::NothingActive(_)), "{nothing}");
    assert_eq!(
        nothing.to_string(),
        "slot `jobs/ranker` runs no plugin; hint: name a version, or activate one"
    );
    let refused = rig.registry.replay(sent("plugins/jobs", json!({}))).await.unwrap_err();
    assert!(matches!(refused, PluginError::Refused(_)), "{refused}");
    let none = replay(&rig, sent("plugins/rank-weighted", base(1))).await;
    assert_eq!((none.tasks, none.exact()), (0, None));

    let without = Rig::start().await;
    for refused in [
        without.registry.replay(request(None, None)).await.map(|_| ()).unwrap_err(),
        without.registry.recorded().await.map(|_| ()).unwrap_err(),
    ] {
        assert!(matches!(refused, PluginError::NotRecorded), "{refused}");
        assert!(refused.to_string().contains("hint: set `plugins.decisions.size_max_mb`"));
    }
}

#[tokio::test]
async fn a_folder_that_is_no_folder_is_said_and_ranking_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("decisions"), "in the way").unwrap();
    let rig = setup(folder.path()).start().await;
    rig.activate("plugins/rank-weighted", base(1)).await.unwrap();
    let ranker: Arc<dyn Ranker> = rig.ranker();
    assert_eq!(rank(&*ranker, good(&*ranker, 1)).await.unwrap(), [2]);
    let refused = rig.registry.replay(request(None, None)).await.unwrap_err();
    assert!(matches!(refused, PluginError::Unreadable { .. }), "{refused}");
    assert!(refused.to_string().contains("hint: look at the folder"), "{refused}");
}
