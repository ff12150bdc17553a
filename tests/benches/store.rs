//! Commits to a file: what one push, 500 pushes and 500 claims take, on an empty queue and beside a
//! million queued tasks.
//!
//! No commit is faster than the disk makes a write durable, so that is printed first.

use std::{
    collections::VecDeque,
    fs::File,
    io::Write as _,
    time::{Duration, Instant},
};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use hinny_core::{
    Priority, TaskHash, TaskId, TaskStatus, Timestamp,
    id::IdGenerator,
    status::StatusRule,
    store::{Claim, ClaimOutcome, PushOutcome, Store as _, TaskUpdate, Unit, UpdateOutcome},
    task::{NewTask, RankedBy, TaskChange},
};
use hinny_store::{SqliteOptions, SqliteStore};
use serde_json::value::RawValue;
use tempfile::TempDir;
use tokio::runtime::Runtime;

const START: i64 = 1_767_225_600_000_000;

/// Beyond so many tasks a queue is not empty any more, and another one is begun.
const EMPTY_MAX: usize = 20_000;

/// What a commit does.
#[derive(Clone, Copy)]
enum Commit {
    Push,
    Claim(Which),
}

/// Which tasks are claimed.
#[derive(Clone, Copy)]
enum Which {
    Oldest,
    Anywhere,
}

/// A store with tasks in its queue.
struct Bench {
    store: SqliteStore,
    _folder: TempDir,
    ids: IdGenerator,
    queued: VecDeque<TaskId>,
    number: u64,
}

fn folder() -> TempDir {
    // Where the build is: on a disk, which the folder for temporary files may not be.
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("the build has a folder")
}

impl Bench {
    async fn new(rows: usize) -> Self {
        let folder = folder();
        let options = SqliteOptions::file(folder.path().join("hinny.db"));
        let store = SqliteStore::open(&options).await.expect("a new file opens");
        let ids = IdGenerator::default();
        let mut bench = Self { store, _folder: folder, ids, queued: VecDeque::new(), number: 0 };
        for _ in (0..rows).step_by(5000) {
            let unit = bench.pushes(5000.min(rows));
            bench.push(unit).await;
        }
        // What filling left to do is not what is measured.
        bench.store.checkpoint().await.expect("a checkpoint");
        bench
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(START + i64::try_from(self.number * 100).unwrap_or(0))
    }

    fn pushes(&mut self, count: usize) -> Unit {
        let pushes = (0..count).map(|_| self.task()).collect();
        Unit { pushes, ..Unit::default() }
    }

    /// A task with a document as a security scan has it.
    fn task(&mut self) -> NewTask {
        self.number += 1;
        let (now, number) = (self.now(), self.number);
        let text = format!(
            r#"{{"id":"{number:032x}","organization":"acme","boefje":{{"id":"dns-records","name":"DnsRecords","version":null,"scan_level":1,"image":"ghcr.io/example/dns-records:latest"}},"input_ooi":"Hostname|internet|host-{number}.example.com","arguments":{{"timeout":30,"retries":3}},"environment":null,"dispatches":[],"deduplication_key":null}}"#
        );
        NewTask {
            id: self.ids.task(now),
            scheduler: "jobs".parse().expect("a name"),
            schedule: None,
            organisation: format!("org-{}", number % 50).parse().expect("a name"),
            kind: "boefje".parse().expect("a name"),
            hash: hash(number),
            data: RawValue::from_string(text).expect("a document"),
            base_priority: None,
            priority: Priority(i64::try_from(number).unwrap_or(0)),
            ranked_by: RankedBy::Generation(1),
            not_before: None,
            created_at: now,
        }
    }

    /// Commits pushes; the answer is how long that took.
    async fn push(&mut self, unit: Unit) -> Duration {
        let ids: Vec<_> = unit.pushes.iter().map(|task| task.id).collect();
        let units = one_each(unit.pushes, |task| Unit { pushes: vec![task], ..Unit::default() });
        let start = Instant::now();
        let outcomes = self.store.commit(units).await.expect("a commit");
        let took = start.elapsed();
        let pushed = outcomes.iter().flat_map(|outcome| &outcome.pushes);
        assert!(pushed.into_iter().all(|push| matches!(push, PushOutcome::Pushed { .. })));
        self.queued.extend(ids);
        took
    }

    /// Makes a commit; the answer is how long that took.
    async fn commit(&mut self, count: usize, commit: Commit) -> Duration {
        match commit {
            Commit::Push => {
                let unit = self.pushes(count);
                self.push(unit).await
            }
            Commit::Claim(which) => {
                if self.queued.len() < count {
                    let unit = self.pushes(count);
                    self.push(unit).await;
                }
                self.claim(count, which).await
            }
        }
    }

    /// Commits claims and then gives the tasks back; the answer is how long the claims took.
    async fn claim(&mut self, count: usize, which: Which) -> Duration {
        let ids: Vec<_> = (0..count).filter_map(|_| self.take(which)).collect();
        let (at, lease_until) = (self.now(), Some(self.now().after(Duration::from_mins(1))));
        let units = one_each(ids.clone(), |task| {
            let (priority, ranked_by) = (Priority(1), RankedBy::Generation(1));
            let worker = Some("worker-1".to_owned());
            let claim = Claim { task, priority, ranked_by, worker, lease_until, at };
            Unit { claims: vec![claim], ..Unit::default() }
        });
        let start = Instant::now();
        let outcomes = self.store.commit(units).await.expect("a commit");
        let took = start.elapsed();
        let claimed = outcomes.iter().flat_map(|outcome| &outcome.claims);
        assert!(claimed.into_iter().all(|claim| matches!(claim, ClaimOutcome::Claimed(_))));
        self.give_back(ids).await;
        took
    }

    fn take(&mut self, which: Which) -> Option<TaskId> {
        match which {
            Which::Oldest => self.queued.pop_front(),
            Which::Anywhere => {
                // Each number of this walk is far from the one before.
                self.number += 1;
                let place = self.number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11;
                self.queued.swap_remove_back(place as usize % self.queued.len().max(1))
            }
        }
    }

    async fn give_back(&mut self, ids: Vec<TaskId>) {
        let update = |task| TaskUpdate {
            task,
            change: TaskChange { status: Some(TaskStatus::Queued), ..TaskChange::default() },
            rule: StatusRule::Strict,
            only_from: Vec::new(),
            lease_ended_by: None,
            at: self.now(),
        };
        let updates = ids.iter().copied().map(update).collect();
        let unit = Unit { updates, ..Unit::default() };
        let outcomes = self.store.commit(vec![unit]).await.expect("a commit");
        let updated = outcomes.iter().flat_map(|outcome| &outcome.updates);
        assert!(updated.into_iter().all(|update| matches!(update, UpdateOutcome::Updated { .. })));
        self.queued.extend(ids);
    }
}

/// As requests come: each is a unit of its own.
fn one_each<T>(items: Vec<T>, unit: impl Fn(T) -> Unit) -> Vec<Unit> {
    items.into_iter().map(unit).collect()
}

/// Hashes as of digests: neighbours in time are strangers in order.
fn hash(number: u64) -> TaskHash {
    let mixed = u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31));
    let text = format!("{:032x}", mixed.wrapping_mul(0xff51_afd7_ed55_8ccd_c4ce_b9fe_1a85_ec53));
    text.parse().expect("a hash")
}

/// What is measured, and how many tasks a commit of it has.
const MEASURED: [(&str, usize, Commit); 4] = [
    ("push 1", 1, Commit::Push),
    ("push 500", 500, Commit::Push),
    // As when time decides what goes first, and as when anything else does: the pages of tasks that
    // were pushed together lie together.
    ("claim 500 oldest", 500, Commit::Claim(Which::Oldest)),
    ("claim 500 anywhere", 500, Commit::Claim(Which::Anywhere)),
];

fn commits(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("a runtime");
    let mut group = criterion.benchmark_group("store");
    group.sample_size(20);
    for rows in [0, rows_max()] {
        // Made when it is needed, and before anything is timed: filling takes longer than measuring.
        let mut bench = None;
        for (name, count, commit) in MEASURED {
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(BenchmarkId::new(name, rows), |bencher| {
                let bench = bench.get_or_insert_with(|| runtime.block_on(Bench::new(rows)));
                bencher.iter_custom(|times| {
                    runtime.block_on(repeat(times, rows, bench, count, commit))
                });
            });
        }
    }
    group.finish();
}

async fn repeat(
    times: u64,
    rows: usize,
    bench: &mut Bench,
    count: usize,
    commit: Commit,
) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..times {
        if rows == 0 && bench.queued.len() > EMPTY_MAX {
            *bench = Bench::new(0).await;
        }
        took += bench.commit(count, commit).await;
    }
    took
}

/// Tests only look whether the benches run.
fn rows_max() -> usize {
    if std::env::args().any(|argument| argument == "--test") { 10_000 } else { 1_000_000 }
}

/// Prints what it takes to make a write of a page durable.
fn print_disk() {
    let folder = folder();
    let mut file = File::create(folder.path().join("disk")).expect("a file");
    let mut took: Vec<_> = (0..200)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&[0x5a; 8192]).expect("a write");
            file.sync_data().expect("a durable write");
            start.elapsed()
        })
        .collect();
    took.sort();
    let at = |part: usize| took.get(took.len() * part / 100).copied().unwrap_or_default();
    println!("fdatasync of 8 KiB: median {:?}, 99 % within {:?}", at(50), at(99));
}

criterion_group!(benches, commits);

fn main() {
    print_disk();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
