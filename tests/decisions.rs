//! A whole host that records what its rankers decide: pushes, a new order, a swap, a restart.

use std::{path::Path, sync::Arc, time::Duration};

use hinny_core::{
    Clock as _, Organisation, Priority, SchedulerId,
    decision::{Replay, ReplayOptions, ReplayRequest},
    plugin::{ActivateRequest, CandidateSource, Slot, World},
    queue::PushRequest,
};
use hinny_server::{
    clock::SystemClock,
    config::{Config, SchedulerConfig},
    host::Host,
};
use serde_json::{Value, json};

const PUSHED: u64 = 600;

fn jobs() -> SchedulerId {
    SchedulerId::new("jobs").unwrap()
}

fn guest(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../dist/{name}.wasm")).display().to_string()
}

fn config(folder: &Path, ranker: &str, settings: &Value) -> Config {
    let mut scheduler = SchedulerConfig::named(jobs());
    scheduler.plugin = Some(guest("plugins/jobs").into());
    scheduler.ranker = Some(guest(ranker).into());
    scheduler.ranker_settings.clone_from(settings.as_object().unwrap());
    let mut config = Config { schedulers: vec![scheduler], ..Config::default() };
    // The machine may be busy with other tests.
    let limits = &mut config.plugins.limits;
    (limits.configure_ms, limits.describe_ms) = (20_000, 20_000);
    (limits.admit_ms, limits.rank_ms, limits.verify_seconds) = (20_000, 20_000, 600);
    config.api.listen.set_port(0);
    config.database.url = format!("sqlite:{}", folder.join("hinny.db").display());
    // Shared and kept, so that each guest is compiled once.
    config.plugins.cache_directory =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("decisions-plugins");
    config
}

async fn start(config: Config) -> Host {
    Host::start(config, Arc::new(SystemClock)).await.unwrap()
}

fn data(number: u64) -> Value {
    let (level, team) = (number * 7919 % 5, if number.is_multiple_of(2) { "red" } else { "blue" });
    json!({"name": format!("task-{number}"), "level": level, "scan_level": number % 3, "team": team})
}

async fn push(host: &Host, from: u64, count: u64) {
    let request = |number: u64| PushRequest {
        id: None,
        organisation: Organisation::new("acme").unwrap(),
        priority: number.is_multiple_of(4).then_some(Priority(number as i64 % 50)),
        data: data(number).to_string(),
        not_before: None,
    };
    let requests = (from..from + count).map(request);
    for pushed in host.queues().push(&jobs(), requests.collect()).await.unwrap() {
        pushed.unwrap();
    }
}

const ALL: ReplayOptions = ReplayOptions { since: None, until: None, batches_max: None, listed: 5 };

async fn replay(host: &Host, source: Option<CandidateSource>, settings: Option<Value>) -> Replay {
    replay_of(host, source, settings, ALL).await
}

async fn replay_of(
    host: &Host,
    source: Option<CandidateSource>,
    settings: Option<Value>,
    options: ReplayOptions,
) -> Replay {
    let request = ReplayRequest { scheduler: jobs(), source, settings, options };
    host.decisions().replay(request).await.unwrap()
}

/// Activates other settings of the same version, and waits until everything is in the new order.
async fn swap(host: &Host, settings: Value) {
    let slot = Slot { scheduler: jobs(), world: World::Ranker };
    let active = host.plugins().activations(&slot).await.unwrap().remove(0);
    let digest = Some(active.digest);
    let settings = Some(settings);
    let request = ActivateRequest { digest, settings, ..ActivateRequest::rollback(slot, "ann") };
    let generation = host.plugins().activate(request).await.unwrap().generation;
    let switched = async {
        while host.queues().stats(&jobs()).await.unwrap().generation != generation {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), switched).await.unwrap();
}

/// What was decided is decided again in just the same way: what was pushed under the first settings,
/// the new order under the second, what was pushed then, and what was pushed after a restart.
async fn reproduces(ranker: &str, first: Value, second: Value) {
    // With the same settings it is the same ranker, whatever its generation.
    let also = |before: u64| if first == second { before } else { 0 };
    let folder = tempfile::tempdir().unwrap();
    let host = start(config(folder.path(), ranker, &first)).await;
    for part in 0..6 {
        push(&host, part * 100, 100).await;
    }
    let pushed = replay(&host, None, None).await;
    assert_eq!((pushed.exact(), pushed.own.tasks), (Some(true), PUSHED), "{ranker}: {pushed:?}");

    swap(&host, second.clone()).await;
    push(&host, PUSHED, 50).await;
    let swapped = replay(&host, None, None).await;
    // The order anew, and what came then.
    let own = also(PUSHED) + PUSHED + 50;
    assert_eq!((swapped.exact(), swapped.own.tasks), (Some(true), own), "{ranker}");
    assert_eq!(swapped.tasks, 2 * PUSHED + 50, "{ranker}");
    host.stop().await;
    assert!(folder.path().join("hinny.db-decisions").is_dir(), "it is beside the database");

    let stopped = SystemClock.now();
    let host = start(config(folder.path(), ranker, &first)).await;
    push(&host, PUSHED + 50, 10).await;
    let before = ReplayOptions { until: Some(stopped), ..ALL };
    let kept = replay_of(&host, None, None, before).await;
    assert_eq!((kept.exact(), kept.own.tasks), (Some(true), own), "{ranker}: a stop loses none");
    // A start ranks what is queued anew, in the background.
    let restarted = replay(&host, None, None).await;
    assert_eq!((restarted.exact(), restarted.own.differ), (Some(true), 0), "{ranker}");
    assert!(restarted.own.tasks >= own + 10, "{ranker}: {restarted:?}");
    // The first generation is reproduced by its settings, too.
    let version = CandidateSource::Version(restarted.digest);
    let first_again = replay_of(&host, Some(version), Some(first.clone()), before).await;
    let own = PUSHED + also(PUSHED + 50);
    assert_eq!((first_again.exact(), first_again.own.tasks), (Some(true), own), "{ranker}");
    let recorded = host.decisions().recorded().await.unwrap();
    assert!(recorded.schedulers[0].tasks >= restarted.tasks);
    assert_eq!(recorded.schedulers[0].missed.lost, 0);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_weighted_sum_reproduces_all_that_it_decided() {
    let settings = |weight: i64| {
        json!({"asked_first": true, "age_per_hour": 5, "terms": [
            {"input": "/level", "type": "integer", "weight": weight},
            {"input": "wait", "weight": -1, "per": 7}, {"input": "/team", "values": {"red": -50}}]})
    };
    reproduces("plugins/rank-weighted", settings(-100), settings(100)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_curve_over_time_reproduces_all_that_it_decided() {
    let settings = |period: u64| json!({"period_seconds": period, "refresh_seconds": 0});
    reproduces("plugins/rank-decay", settings(1_000), settings(9)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ranker_in_python_reproduces_all_that_it_decided() {
    reproduces("examples/python-ranker", json!({}), json!({})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_settings_show_what_would_have_differed() {
    let folder = tempfile::tempdir().unwrap();
    let settings = |weight: i64| json!({"terms": [{"input": "/level", "weight": weight}]});
    let host = start(config(folder.path(), "plugins/rank-weighted", &settings(1))).await;
    push(&host, 0, 100).await;
    let active = replay(&host, None, None).await;
    let other = replay(&host, None, Some(settings(-1))).await;
    assert_eq!((active.differ, other.exact()), (0, None));
    // All but those of level 0.
    assert_eq!((other.tasks, other.differ), (100, 80));
    let forward = &other.order.forward[0].decision;
    assert_eq!((forward.recorded, forward.replayed), (Priority(4), Priority(-4)));
    assert!(!forward.inputs.is_empty(), "{forward:?}");
    host.stop().await;
}
