//! From a ranker to the disk and back.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use async_trait::async_trait;
use hinny_core::{
    Priority, SchedulerId, Timestamp,
    decision::{Damage, Missed},
    input::{Columns, InputSpec},
    ranker::{Explanation, FailureKind, PluginFailure, RankContext, RankFailure, Ranker},
};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use super::{
    counts::Counts,
    folder::Folder,
    reader::{Decided, Part, Reader, Wanted, read_again},
    record::{
        Batch,
        tests::{batch, origin},
    },
    recorded::Recorded,
    recorder::Recorder,
    summary::Summaries,
    writer::{self, Message, Writer},
};
use crate::config::DecisionsConfig;

/// A folder with what records into it.
struct Rig {
    home: TempDir,
    folder: Arc<Folder>,
    counts: Arc<Counts>,
    waiting: Arc<AtomicUsize>,
}

fn id(scheduler: &str) -> SchedulerId {
    SchedulerId::new(scheduler).unwrap()
}

impl Rig {
    fn new(bytes_max: u64) -> Self {
        let home = tempfile::tempdir().unwrap();
        let folder = Arc::new(Folder::new(home.path().join("decisions"), bytes_max));
        let counts = Arc::new(Counts::new(&id("jobs")));
        Self { home, folder, counts, waiting: Arc::default() }
    }

    fn writer(&self, pause: Duration) -> Writer {
        Writer::new(Arc::clone(&self.folder), Arc::clone(&self.waiting), pause)
    }

    /// Writes batches, as one start of a host does.
    fn write(&self, batches: impl IntoIterator<Item = (&'static str, Batch)>) {
        let origins = ["jobs", "others"].map(|scheduler| Arc::new(origin(scheduler)));
        let (sender, receiver) = mpsc::channel(1000);
        for (scheduler, batch) in batches {
            let of = origins.iter().find(|origin| origin.scheduler.as_str() == scheduler);
            let (origin, counts) = (Arc::clone(of.unwrap()), Arc::clone(&self.counts));
            self.waiting.fetch_add(batch.priorities.len(), Ordering::Relaxed);
            let decided = writer::Decided { origin, counts, batch };
            assert!(sender.try_send(Message::Decided(Box::new(decided))).is_ok());
        }
        drop(sender);
        self.writer(Duration::from_mins(1)).run(receiver);
    }

    fn segments(&self) -> Vec<PathBuf> {
        self.folder.segments().unwrap().into_iter().map(|segment| segment.path).collect()
    }

    /// The seconds of what is read, and what cannot be.
    fn read(&self, wanted: Wanted) -> (Vec<i64>, Vec<Damage>) {
        let (decisions, damages) = self.read_all(wanted);
        (decisions.iter().map(|decided| decided.batch.now.as_seconds()).collect(), damages)
    }

    fn read_all(&self, wanted: Wanted) -> (Vec<Decided>, Vec<Damage>) {
        let (sender, mut parts) = mpsc::channel::<io::Result<Part>>(1000);
        // A runtime's own thread may not block, and the reader may.
        let folder = &self.folder;
        thread::scope(|scope| {
            scope.spawn(|| Reader::new(wanted, sender).run(folder)).join().unwrap();
        });
        let (mut decisions, mut damages) = (Vec::new(), Vec::new());
        while let Ok(part) = parts.try_recv() {
            let part = part.unwrap();
            decisions.extend(part.decisions);
            damages.extend(part.damages);
        }
        (decisions, damages)
    }

    fn all(&self) -> (Vec<i64>, Vec<Damage>) {
        self.read(wanted("jobs"))
    }
}

fn wanted(scheduler: &str) -> Wanted {
    Wanted { scheduler: id(scheduler), since: None, until: None, batches_max: u64::MAX }
}

fn jobs(seconds: impl IntoIterator<Item = i64>) -> Vec<(&'static str, Batch)> {
    seconds.into_iter().map(|second| ("jobs", batch(second, 5))).collect()
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_was_written_is_read_newest_first_over_starts_and_of_one_scheduler() {
    let rig = Rig::new(1 << 20);
    rig.write([("jobs", batch(1, 5)), ("others", batch(2, 5)), ("jobs", batch(3, 5))]);
    rig.write([("jobs", batch(4, 5))]);
    assert_eq!(rig.all(), (vec![4, 3, 1], vec![]));
    assert_eq!(rig.read(wanted("others")), (vec![2], vec![]));
    let at = |second: i64| Some(Timestamp::from_millis(second * 1000));
    let between = Wanted { since: at(1), until: at(4), ..wanted("jobs") };
    assert_eq!(rig.read(between), (vec![3, 1], vec![]));
    let newest = Wanted { batches_max: 2, ..wanted("jobs") };
    assert_eq!(rig.read(newest), (vec![4, 3], vec![]));
    let (decisions, _) = rig.read_all(wanted("jobs"));
    assert_eq!(decisions[1].batch, batch(3, 5));
    assert_eq!(*decisions[1].origin, origin("jobs"));
    for Decided { segment, start, batch, .. } in decisions {
        assert_eq!(read_again(&segment, start), Some(batch), "it is found by its place");
    }
}

#[test]
fn what_a_kill_tore_costs_the_last_record_only() {
    let rig = Rig::new(1 << 20);
    rig.write(jobs(1..=3));
    change(&rig.segments()[0], |bytes| bytes.truncate(bytes.len() - 7));
    rig.write(jobs([4]));
    assert_eq!(rig.all(), (vec![4, 2, 1], vec![]));
}

#[test]
fn a_damaged_segment_is_named_with_the_place_and_the_others_are_used() {
    let rig = Rig::new(1 << 20);
    rig.write(jobs(1..=3));
    rig.write(jobs([4]));
    let damaged = rig.segments().remove(0);
    let last = rig.read_all(wanted("jobs")).0[1].start;
    change(&damaged, |bytes| bytes[last as usize + 20] ^= 1);
    let why = "a record has a wrong checksum".to_owned();
    let damage = Damage { file: damaged.clone(), at: last, why };
    assert_eq!(rig.all(), (vec![4, 2, 1], vec![damage.clone()]));
    let summary = Summaries::default().all(&rig.folder).unwrap();
    assert_eq!((summary.schedulers[&id("jobs")].batches, summary.damages), (3, vec![damage]));
    change(&damaged, |bytes| bytes[0] = b'x');
    let (seconds, damages) = rig.all();
    assert_eq!((seconds, damages[0].at), (vec![4], 0));
}

#[test]
fn the_oldest_makes_room_and_the_bound_is_kept() {
    const BOUND: u64 = 64 << 10;
    let rig = Rig::new(BOUND);
    for start in 0..20 {
        rig.write((0..20).map(|second| ("jobs", batch(start * 20 + second, 100))));
        let bytes: u64 = rig.folder.segments().unwrap().iter().map(|segment| segment.bytes).sum();
        assert!(bytes <= BOUND, "{bytes}");
    }
    let (seconds, damages) = rig.all();
    let newest: Vec<_> = (0..400).rev().take(seconds.len()).collect();
    assert_eq!((seconds, damages), (newest, vec![]));
    let summary = Summaries::default().all(&rig.folder).unwrap();
    assert!(summary.bytes > BOUND / 2, "it keeps what it may: {}", summary.bytes);
    // A decision that is larger than all that may be kept is lost, and costs nothing else.
    rig.write([("jobs", batch(1000, 20_000))]);
    assert_eq!(rig.counts.missed().lost, 1);
    assert!(!rig.all().0.is_empty());
}

#[test]
fn what_is_recorded_is_summed_by_scheduler() {
    let rig = Rig::new(1 << 20);
    let summaries = Summaries::default();
    assert!(summaries.all(&rig.folder).unwrap().schedulers.is_empty(), "no folder is made yet");
    rig.write([("jobs", batch(1, 5)), ("others", batch(2, 5)), ("jobs", batch(3, 7))]);
    let known = summaries.all(&rig.folder).unwrap();
    rig.write([("jobs", batch(9, 5))]);
    let summary = summaries.all(&rig.folder).unwrap();
    let jobs = &summary.schedulers[&id("jobs")];
    assert_eq!((jobs.batches, jobs.tasks), (3, 17));
    assert_eq!(
        jobs.from.zip(jobs.to).map(|(from, to)| (from.as_seconds(), to.as_seconds())),
        Some((1, 9))
    );
    assert_eq!(summary.schedulers[&id("others")].batches, 1);
    assert!(summary.bytes > known.bytes && jobs.bytes < summary.bytes);
}

#[test]
fn a_folder_that_cannot_be_written_costs_decisions_until_it_can() {
    let rig = Rig::new(1 << 20);
    // A file where the folder should be: also the administrator cannot make a folder of it.
    fs::write(rig.folder.path(), "in the way").unwrap();
    let mut writer = rig.writer(Duration::ZERO);
    let mut send = |second| {
        let (origin, counts) = (Arc::new(origin("jobs")), Arc::clone(&rig.counts));
        let batch = batch(second, 5);
        rig.waiting.fetch_add(5, Ordering::Relaxed);
        writer.take(Message::Decided(Box::new(writer::Decided { origin, counts, batch })));
        writer.take(Message::Flush(oneshot::channel().0));
    };
    send(1);
    send(2);
    assert_eq!(rig.counts.missed(), Missed { lost: 2, ..Missed::default() });
    fs::remove_file(rig.folder.path()).unwrap();
    send(3);
    assert_eq!((rig.all(), rig.counts.missed().lost), ((vec![3], vec![]), 2));
    assert_eq!(rig.waiting.load(Ordering::Relaxed), 0);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_what_tasks_are_about() {
    use std::os::unix::fs::MetadataExt;
    let rig = Rig::new(1 << 20);
    rig.write(jobs([1]));
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!((mode(rig.folder.path()), mode(&rig.segments()[0])), (0o700, 0o600));
}

/// A ranker whose priorities are those of [`batch`], and which fails when it is told to.
#[derive(Debug, Default)]
struct Fake {
    fails: AtomicBool,
}

#[async_trait]
impl Ranker for Fake {
    fn generation(&self) -> u64 {
        3
    }

    fn title(&self) -> &'static str {
        "fake 1.0.0"
    }

    fn inputs(&self) -> &Arc<[InputSpec]> {
        unreachable!("nobody asks")
    }

    fn refresh(&self) -> Option<Duration> {
        None
    }

    async fn rank(
        &self,
        context: &RankContext,
        columns: Columns,
    ) -> Result<Vec<Priority>, RankFailure> {
        if self.fails.load(Ordering::Relaxed) {
            let (plugin, message) = (self.title().to_owned(), "as asked".to_owned());
            return Err(PluginFailure { plugin, call: "rank", kind: FailureKind::Trap, message });
        }
        Ok(batch(context.now.as_seconds(), columns.len).priorities)
    }

    async fn explain(&self, _: &RankContext, _: Columns) -> Result<Vec<Explanation>, RankFailure> {
        Ok(Vec::new())
    }
}

/// A ranker that is recorded, and how to ask it about so many tasks at a second.
fn recorded(rig: &Rig, config: &DecisionsConfig) -> (Arc<Recorder>, Recorded<Fake>) {
    let recorder = Arc::new(Recorder::start(config.clone(), Arc::clone(&rig.folder)).unwrap());
    let (counts, fake) = (Arc::clone(&rig.counts), Arc::new(Fake::default()));
    let recorded = Recorded::new(fake, origin("jobs"), counts, Arc::clone(&recorder));
    (recorder, recorded)
}

async fn ask(ranker: &Recorded<Fake>, second: i64, tasks: usize) -> Result<usize, RankFailure> {
    let Batch { now, seed, columns, .. } = batch(second, tasks);
    let context = RankContext { now, seed, scheduler: id("jobs") };
    ranker.rank(&context, columns).await.map(|priorities| priorities.len())
}

#[tokio::test]
async fn what_a_ranker_is_told_and_answers_is_recorded_and_a_failure_is_only_counted() {
    let rig = Rig::new(1 << 20);
    let (recorder, ranker) = recorded(&rig, &DecisionsConfig::default());
    assert_eq!(ask(&ranker, 1, 5).await, Ok(5));
    assert_eq!(ask(&ranker, 2, 0).await, Ok(0));
    ranker.inner().fails.store(true, Ordering::Relaxed);
    assert!(ask(&ranker, 3, 5).await.is_err());
    ranker.inner().fails.store(false, Ordering::Relaxed);
    assert_eq!(ask(&ranker, 4, 7).await, Ok(7));
    recorder.flush().await;
    let (decisions, damages) = rig.read_all(wanted("jobs"));
    let batches: Vec<_> = decisions
        .into_iter()
        .map(|decided| Batch { took: Duration::from_micros(17), ..decided.batch })
        .collect();
    assert_eq!((batches, damages), (vec![batch(4, 7), batch(1, 5)], vec![]));
    assert_eq!(rig.counts.missed(), Missed { failed: 1, ..Missed::default() });
}

#[tokio::test]
async fn only_the_share_that_is_asked_for_is_recorded() {
    let rig = Rig::new(1 << 20);
    let config = DecisionsConfig {
        sample_percent: 50,
        sample_large_percent: 0,
        ..DecisionsConfig::default()
    };
    let (recorder, ranker) = recorded(&rig, &config);
    for second in 0..100 {
        ask(&ranker, second, 5).await.unwrap();
    }
    ask(&ranker, 100, 2_000).await.unwrap();
    recorder.flush().await;
    let read = rig.all().0.len() as u64;
    assert!((48..=52).contains(&read), "{read}");
    assert_eq!(rig.counts.missed(), Missed { left_out: 101 - read, ..Missed::default() });
}

#[tokio::test]
async fn what_cannot_be_written_in_time_is_lost_and_nobody_waits() {
    let rig = Rig::new(1 << 30);
    let (recorder, ranker) = recorded(
        &rig,
        &DecisionsConfig { sample_large_percent: 100, ..DecisionsConfig::default() },
    );
    let most = super::recorder::WAITING_TASKS;
    assert!(recorder.has_room(most) && !recorder.has_room(most + 1));
    // More than may wait at all: it is answered, and lost.
    assert_eq!(ask(&ranker, 1, most + 1).await, Ok(most + 1));
    assert_eq!(rig.counts.missed(), Missed { lost: 1, ..Missed::default() });
    assert_eq!(ask(&ranker, 2, 5).await, Ok(5));
    recorder.flush().await;
    assert_eq!(rig.all().0, [2]);
    assert!(rig.home.path().exists());
}
