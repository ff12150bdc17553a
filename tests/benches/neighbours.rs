//! What a ranker that never ends costs the others: how long their calls take beside it, and alone.
//!
//! Prints one line of JSON. Not by criterion, which knows means and medians: what matters to the
//! neighbours is the slowest call in a hundred.
#![expect(clippy::unwrap_used, reason = "what a bench does not expect ends it")]
#![expect(clippy::disallowed_methods, reason = "what is spawned is aborted at the end")]

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use hinny_core::{
    ManualClock, SchedulerId, Timestamp,
    connector::NoConnectors,
    input::{Columns, InputRow, InputTable, InputValue},
    plugin::{ActivateRequest, Plugins as _, Slot, Upload, World},
    ranker::{RankContext, Ranker},
};
use hinny_plugins::{PluginHostConfig, Registry, RegistryServices, SchedulerSlots};
use hinny_store::{SqliteOptions, SqliteStore};
use serde_json::{Value, json};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Calls of the neighbour in one round, each of a batch of some tasks.
const CALLS: usize = 3_000;
const TASKS: usize = 100;

/// Rounds alone and beside the other one, turn by turn, so that both meet the same machine.
const ROUNDS: usize = 5;

/// Calls that never end, at any time.
const SPINNING: usize = 8;

#[tokio::main]
async fn main() {
    let registry = registry().await;
    activate(&registry, "quiet", "plugins/rank-fifo", json!({})).await;
    activate(&registry, "loud", "guests/evil-ranker", json!({"sin": "spin-on-poison"})).await;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.extend(neighbour(&registry).await);
        let spinning: Vec<_> =
            (0..SPINNING).map(|_| tokio::spawn(spin(registry.clone()))).collect();
        beside.extend(neighbour(&registry).await);
        for call in spinning {
            call.abort();
        }
    }
    println!("{}", json!({"alone": figures(alone), "beside": figures(beside)}));
}

/// How long each call of the neighbour took.
async fn neighbour(registry: &Registry) -> Vec<Duration> {
    let ranker = ranker(registry, "quiet");
    let batch = batch(&*ranker, &InputValue::Integer(1_000), TASKS);
    let mut took = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let (batch, started) = (batch.clone(), Instant::now());
        assert_eq!(ranker.rank(&context("quiet"), batch).await.unwrap().len(), TASKS);
        took.push(started.elapsed());
    }
    took
}

/// One call after the other that is ended at its deadline.
async fn spin(registry: Registry) {
    let ranker = ranker(&registry, "loud");
    let poison = batch(&*ranker, &InputValue::Flag(true), 1);
    loop {
        assert!(ranker.rank(&context("loud"), poison.clone()).await.is_err());
    }
}

fn figures(mut took: Vec<Duration>) -> Value {
    took.sort_unstable();
    let at = |part: usize| took.get(took.len() * part / 100).map_or(0.0, Duration::as_secs_f64);
    json!({"calls": took.len(), "p50_us": at(50) * 1e6, "p99_us": at(99) * 1e6})
}

/// A batch in which each input has a value, as far as it is of its type.
fn batch(ranker: &dyn Ranker, value: &InputValue, len: usize) -> Columns {
    let row: InputRow = ranker
        .inputs()
        .iter()
        .map(|input| match (input.kind.as_str(), value) {
            ("integer", InputValue::Integer(_)) | ("flag", InputValue::Flag(_)) => value.clone(),
            ("integer", _) => InputValue::Integer(0),
            _ => InputValue::Absent,
        })
        .collect();
    let rows = vec![(now(), row); len];
    InputTable::columns_of_rows(ranker.inputs(), &rows, now())
}

async fn registry() -> Registry {
    let store = Arc::new(SqliteStore::open(&SqliteOptions::temporary()).await.unwrap());
    let slots = |name| SchedulerSlots::new(scheduler(name));
    let config = PluginHostConfig {
        schedulers: ["quiet", "loud"].map(slots).to_vec(),
        ..PluginHostConfig::default()
    };
    let services = RegistryServices {
        plugins: Arc::clone(&store) as _,
        store,
        connectors: Arc::new(NoConnectors),
        clock: Arc::new(ManualClock::at(now())),
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    };
    Registry::start(config, services).await.unwrap()
}

async fn activate(registry: &Registry, name: &str, guest: &str, settings: Value) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../dist/{guest}.wasm"));
    let version =
        registry.upload(Upload::unsigned(fs::read(file).unwrap(), "bench")).await.unwrap();
    let slot = Slot { scheduler: scheduler(name), world: World::Ranker };
    let request = ActivateRequest::version(slot, version.digest, "bench");
    registry.activate(ActivateRequest { settings: Some(settings), ..request }).await.unwrap();
}

fn ranker(registry: &Registry, name: &str) -> Arc<dyn Ranker> {
    registry.initial_ranker(&scheduler(name)).unwrap()
}

fn scheduler(name: &str) -> SchedulerId {
    SchedulerId::new(name).unwrap()
}

fn context(name: &str) -> RankContext {
    RankContext { now: now(), scheduler: scheduler(name), seed: 7 }
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000)
}
