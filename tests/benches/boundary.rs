//! What it costs to ask a plugin: a batch of tasks through a ranker, the same rule without a
//! sandbox, the end of one that never answers, a verdict on a component, the activation of a version,
//! and decisions: what recording them costs, and a replay of a million.
#![expect(clippy::indexing_slicing, reason = "the columns are as long as the batch")]

use std::{fs, hint::black_box, path::PathBuf, sync::Arc};

use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
    measurement::WallTime,
};
use hinny_core::{
    ManualClock, Organisation, PluginDigest, SchedulerId, TaskId, TaskType, Timestamp,
    connector::NoConnectors,
    decision::{Decisions as _, ReplayOptions, ReplayRequest},
    input::{ColumnValues, Columns, InputRow, InputTable, TaskFacts},
    plugin::{ActivateRequest, Plugins as _, Slot, Upload, World},
    ranker::{RankContext, Ranker},
};
use hinny_plugins::{
    DecisionsConfig, Limits, PluginHostConfig, Registry, RegistryServices, SchedulerSlots, verify,
};
use hinny_store::{SqliteOptions, SqliteStore};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

fn now() -> Timestamp {
    Timestamp::from_micros(1_767_225_600_000_000)
}

/// Tasks in a batch.
const BATCHES: [usize; 4] = [1, 100, 1_000, 10_000];

/// Compiled rules over four inputs, and one that reads its rule from its settings.
const RANKERS: [(&str, &str); 2] =
    [("four-inputs", "guests/four-inputs"), ("rank-weighted", "plugins/rank-weighted")];

/// What a busy machine takes longer for is to be measured, not to be stopped.
const PATIENT_MS: u32 = 20_000;

/// A deadline that is met by every verification, and soon over.
const SOON_MS: u32 = 100;

/// A plugin host with one slot to switch.
struct Bench {
    runtime: Runtime,
    registry: Registry,
    _cache: TempDir,
}

impl Bench {
    fn new() -> Self {
        Self::with(false, PATIENT_MS)
    }

    /// With decisions recorded, or not, and a deadline for `rank`.
    fn with(recording: bool, rank_ms: u32) -> Self {
        let runtime = Runtime::new().expect("threads");
        let cache = folder();
        let decisions = DecisionsConfig {
            folder: cache.path().join("decisions"),
            ..DecisionsConfig::default()
        };
        let config = PluginHostConfig {
            cache_folder: Some(cache.path().to_owned()),
            decisions: recording.then_some(decisions),
            trusted_keys: Vec::new(),
            limits: Limits { rank_ms, ..Limits::default() },
            schedulers: vec![SchedulerSlots::new(scheduler())],
        };
        let registry = runtime.block_on(async {
            let store = SqliteStore::open(&SqliteOptions::temporary()).await.expect("a database");
            let store = Arc::new(store);
            let services = RegistryServices {
                plugins: Arc::clone(&store) as _,
                store,
                connectors: Arc::new(NoConnectors),
                clock: Arc::new(ManualClock::at(now())),
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
            };
            Registry::start(config, services).await.expect("a plugin host")
        });
        Self { runtime, registry, _cache: cache }
    }

    fn upload(&self, name: &str) -> PluginDigest {
        let upload = self.registry.upload(Upload::unsigned(component(name), "bench"));
        self.runtime.block_on(upload).expect("it is accepted").digest
    }

    fn activate(&self, digest: Option<PluginDigest>, settings: Value) {
        let slot = Slot { scheduler: scheduler(), world: World::Ranker };
        let settings = Some(settings);
        let request =
            ActivateRequest { digest, settings, ..ActivateRequest::rollback(slot, "bench") };
        self.runtime.block_on(self.registry.activate(request)).expect("it is activated");
    }

    fn ranker(&self) -> Arc<dyn Ranker> {
        self.registry.initial_ranker(&scheduler()).expect("a ranker is active")
    }
}

fn rank(c: &mut Criterion) {
    let bench = Bench::new();
    let mut group = c.benchmark_group("rank");
    for (name, guest) in RANKERS {
        let digest = bench.upload(guest);
        bench.activate(Some(digest), settings(name));
        let ranker = bench.ranker();
        for len in BATCHES {
            let batch = batch(&*ranker, len);
            asks(&mut group, &bench, name, &*ranker, &batch);
            if name == "four-inputs" {
                group.bench_function(BenchmarkId::new("without a sandbox", len), |bencher| {
                    bencher.iter(|| natively(black_box(&batch)));
                });
            }
        }
    }
    group.finish();
}

/// Asks a ranker about a batch, again and again.
fn asks(
    group: &mut BenchmarkGroup<'_, WallTime>,
    bench: &Bench,
    name: &str,
    ranker: &dyn Ranker,
    batch: &Columns,
) {
    group.throughput(Throughput::Elements(batch.len as u64));
    group.bench_function(BenchmarkId::new(name, batch.len), |bencher| {
        bencher.to_async(&bench.runtime).iter_batched(
            || batch.clone(),
            async |batch| ranker.rank(&context(), batch).await.expect("ranks"),
            criterion::BatchSize::SmallInput,
        );
    });
}

/// The rule of `four-inputs`, on the same columns.
fn natively(batch: &Columns) -> Vec<i64> {
    let values: Vec<_> = batch.columns.iter().map(|column| &column.values).collect();
    let [
        ColumnValues::Integers(created),
        ColumnValues::Integers(levels),
        ColumnValues::Flags(urgent),
        ColumnValues::Texts { dictionary, codes },
    ] = &values[..]
    else {
        unreachable!("these are the inputs of `four-inputs`")
    };
    (0..batch.len)
        .map(|at| {
            let team =
                if matches!(&*dictionary[codes[at] as usize], "red" | "rød") { 50 } else { 0 };
            let urgent = if urgent[at] { 500 } else { 0 };
            created[at] / 60_000 - 100 * levels[at].clamp(0, 4) - urgent - team
        })
        .collect()
}

fn verdicts(c: &mut Criterion) {
    let mut group = c.benchmark_group("verify");
    group.sample_size(10);
    let bytes = component("guests/four-inputs");
    let without = PluginHostConfig { cache_folder: None, ..PluginHostConfig::default() };
    let cache = folder();
    let with = PluginHostConfig {
        cache_folder: Some(cache.path().to_owned()),
        ..PluginHostConfig::default()
    };
    for (name, config) in [("compiled anew", without), ("compiled before", with)] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let verdict = verify(&config, &bytes, None).expect("a plugin host");
                assert!(verdict.accepted);
            });
        });
    }
    group.finish();
}

fn switches(c: &mut Criterion) {
    let bench = Bench::new();
    let mut group = c.benchmark_group("switch");
    let (four, weighted) =
        (bench.upload("guests/four-inputs"), bench.upload("plugins/rank-weighted"));
    bench.activate(Some(weighted), settings("rank-weighted"));
    let mut base = 0;
    group.bench_function("activate a verified version", |bencher| {
        bencher.iter(|| {
            base += 1;
            // Other settings each time: nothing that ran before can be used again.
            let settings = json!({"base": base});
            bench.activate(Some(weighted), settings);
        });
    });
    bench.activate(Some(four), json!({}));
    group.bench_function("roll back", |bencher| {
        bencher.iter(|| bench.activate(None, json!({})));
    });
    group.finish();
}

/// What a batch costs with its decision recorded, to be held against that without.
fn recording(c: &mut Criterion) {
    let mut group = c.benchmark_group("record");
    for (name, recording) in [("not recorded", false), ("recorded", true)] {
        let bench = Bench::with(recording, PATIENT_MS);
        let digest = bench.upload("guests/four-inputs");
        bench.activate(Some(digest), json!({}));
        let ranker = bench.ranker();
        for len in [100, 1_000] {
            let batch = batch(&*ranker, len);
            asks(&mut group, &bench, name, &*ranker, &batch);
        }
    }
    group.finish();
}

/// A ranker that never answers: a call takes its deadline, and what the host is late.
fn runaways(c: &mut Criterion) {
    let bench = Bench::with(false, SOON_MS);
    let digest = bench.upload("guests/evil-ranker");
    let until = now().as_millis();
    bench.activate(Some(digest), json!({"sin": "spin-after", "n": until}));
    let ranker = bench.ranker();
    let batch = batch(&*ranker, 1);
    let context = RankContext { now: Timestamp::from_millis(until + 1), ..context() };
    let mut group = c.benchmark_group("runaway");
    group.sample_size(20);
    let name = format!("stopped at a deadline of {SOON_MS} ms");
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            let ranked = bench.runtime.block_on(ranker.rank(&context, batch.clone()));
            assert!(ranked.is_err(), "it has no answer");
        });
    });
    group.finish();
}

/// Decisions in a replay.
const REPLAYED: usize = 1_000_000;

/// A million decisions, asked again of the ranker that made them, and of one that differs.
fn replays(c: &mut Criterion) {
    let bench = Bench::with(true, PATIENT_MS);
    let digest = bench.upload("plugins/rank-weighted");
    bench.activate(Some(digest), settings("rank-weighted"));
    let ranker = bench.ranker();
    let whole = batch(&*ranker, REPLAYED);
    for part in 0..REPLAYED / 1_000 {
        let places: Vec<u32> = (part as u32 * 1_000..(part as u32 + 1) * 1_000).collect();
        let context = context();
        let rank = ranker.rank(&context, whole.pick(&places));
        bench.runtime.block_on(rank).expect("ranks");
        // A bench is quicker than any host: nothing may be lost.
        bench.runtime.block_on(bench.registry.flush_decisions());
    }
    let mut group = c.benchmark_group("replay");
    group.sample_size(10).throughput(Throughput::Elements(REPLAYED as u64));
    let upside_down = json!({"age_per_hour": -60, "terms": [
        {"input": "/level", "type": "integer", "weight": 7},
        {"input": "/urgent", "type": "flag", "weight": 100},
        {"input": "/team", "values": {"red": -50}}]});
    for (name, settings) in [("the same", None), ("another", Some(upside_down))] {
        group.bench_function(BenchmarkId::new(name, REPLAYED), |bencher| {
            bencher.iter(|| {
                let options =
                    ReplayOptions { since: None, until: None, batches_max: None, listed: 10 };
                let settings = settings.clone();
                let request =
                    ReplayRequest { scheduler: scheduler(), source: None, settings, options };
                let replay = bench.runtime.block_on(bench.registry.replay(request));
                let replay = replay.expect("a replay");
                assert_eq!(replay.tasks, REPLAYED as u64);
                assert_eq!(replay.exact().is_some(), name == "the same");
            });
        });
    }
    group.finish();
}

fn settings(name: &str) -> Value {
    if name == "four-inputs" {
        return json!({});
    }
    json!({"age_per_hour": 60, "terms": [
        {"input": "/level", "type": "integer", "min": 0, "max": 4, "weight": -100},
        {"input": "/urgent", "type": "flag", "weight": -500},
        {"input": "/team", "values": {"red": -50}}]})
}

/// A batch as a queue makes it; columns are built before anything is measured.
fn batch(ranker: &dyn Ranker, len: usize) -> Columns {
    let organisation = Organisation::new("acme").expect("a name");
    let kind = TaskType::new("job").expect("a name");
    let row = |at: usize| -> (Timestamp, InputRow) {
        let team = ["red", "blue"][at % 2];
        let data = json!({"level": at % 5, "urgent": at.is_multiple_of(7), "team": team});
        let created_at = Timestamp::from_millis(1_767_000_000_000 + at as i64);
        let facts = TaskFacts {
            id: TaskId(Uuid::nil()),
            created_at,
            base_priority: None,
            attempts: 0,
            organisation: &organisation,
            kind: &kind,
            last_run: None,
        };
        let inputs = ranker.inputs().iter().map(|input| input.extract(&facts, &data)).collect();
        (created_at, inputs)
    };
    let rows: Vec<_> = (0..len).map(row).collect();
    InputTable::columns_of_rows(ranker.inputs(), &rows, now())
}

fn context() -> RankContext {
    RankContext { now: now(), scheduler: scheduler(), seed: 7 }
}

fn scheduler() -> SchedulerId {
    SchedulerId::new("jobs").expect("a name")
}

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the build has a folder")
}

fn component(name: &str) -> Vec<u8> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../dist/{name}.wasm"));
    fs::read(&file).expect("`cargo xtask plugins` has built it")
}

criterion_group!(benches, rank, runaways, verdicts, switches, recording, replays);
criterion_main!(benches);
