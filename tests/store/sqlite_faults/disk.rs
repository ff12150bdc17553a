//! Disks that are full, and the room that the log takes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use hinny_core::store::{Guard, StoreError, Unit};
use hinny_store::{SqliteOptions, SqliteStore};

use super::{
    super::{
        make::{at, event_id, jobs, json, new_task, pushes},
        subject::Subject,
    },
    Place,
};

impl Subject {
    /// Pushes batches until one fails; the answer is how many tasks were acknowledged, and why no
    /// more were.
    async fn fill(&self, from: u32) -> (u32, StoreError) {
        for batch in 0..2000 {
            let first = from + batch * 20;
            let tasks = (first..first + 20).map(|number| hinny_core::task::NewTask {
                data: json(&format!("{:?}", "x".repeat(1000))),
                ..new_task(number)
            });
            if let Err(error) = self.store.commit(vec![pushes(tasks.collect())]).await {
                return (batch * 20, error);
            }
        }
        panic!("it never filled");
    }

    async fn queued_now(&self) -> u32 {
        let queued = self.store.queued_tasks(&jobs(), None, 100_000).await.unwrap();
        u32::try_from(queued.len()).unwrap()
    }

    async fn counted_now(&self) -> i64 {
        self.store.counts().await.unwrap().iter().map(|row| row.count).sum()
    }
}

fn assert_full(failure: &StoreError) {
    assert!(matches!(failure, StoreError::ReadOnly { .. }), "{failure:?}");
    assert_eq!(
        failure.to_string(),
        "the database cannot be written: error returned from database: (code: 13) database or \
         disk is full; hint: make room on the disk, or raise `store.size_max`; nothing needs a \
         restart"
    );
}

#[tokio::test]
async fn a_file_that_may_not_grow_keeps_what_it_has_and_goes_on_when_there_is_room() {
    let place = Place::new();
    let options = SqliteOptions { size_max: Some(1 << 20), ..place.options() };
    let store = Arc::new(SqliteStore::open(&options).await.unwrap());
    let subject = Subject::over(Arc::clone(&store));
    let mark =
        |event| Guard::FirstDelivery { scheduler: jobs(), event: event_id(event), at: at(1) };
    let marks = (0..3000).map(|event| Unit { guards: vec![mark(event)], ..Unit::default() });
    subject.units(marks.collect()).await;
    let (pushed, failure) = subject.fill(0).await;
    assert_full(&failure);
    assert!(pushed > 100, "{pushed}");
    assert_eq!(subject.queued_now().await, pushed, "what was acknowledged and nothing else");
    assert_eq!(subject.counted_now().await, i64::from(pushed));
    // Again and again: a full disk stays full.
    assert_full(&subject.fill(100_000).await.1);
    assert_eq!(subject.queued_now().await, pushed);
    // Old marks make room; the same store goes on.
    subject.store.tidy(at(2)).await.unwrap();
    let (more, failure) = subject.fill(200_000).await;
    assert!(more > 0);
    assert_full(&failure);
    assert_eq!(subject.queued_now().await, pushed + more);
    store.close().await.unwrap();
    let subject = place.subject().await;
    subject.queue([900_000]).await;
    assert_eq!(subject.queued_now().await, pushed + more + 1);
}

/// A small disk of its own.
struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// `None`: this user may not mount.
    fn new(bytes: u64) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={bytes}"), "hinny-test"])
            .arg(folder.path())
            .output()
            .ok()?;
        mount.status.success().then_some(Self { folder })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Takes all the room that is left.
    fn fill(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        let full = fs::write(&ballast, vec![0; 64 << 20]);
        assert!(full.is_err(), "a small disk");
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.path()).output().ok();
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_needs_no_restart() {
    let Some(disk) = SmallDisk::new(8 << 20) else {
        eprintln!("not tested: this user may not mount a small disk");
        return;
    };
    let place = Place { path: disk.path().join("hinny.db"), _folder: None };
    let store = place.store().await;
    let subject = Subject::over(Arc::clone(&store));
    subject.queue(0..50).await;
    let ballast = disk.fill();
    let (pushed, failure) = subject.fill(1000).await;
    assert_full(&failure);
    assert_eq!(subject.queued_now().await, 50 + pushed);
    assert_full(&subject.fill(10_000).await.1);
    assert_eq!(subject.counted_now().await, i64::from(50 + pushed));
    fs::remove_file(&ballast).unwrap();
    subject.queue(100_000..100_010).await;
    assert_eq!(subject.queued_now().await, 60 + pushed);
    // A start on a full disk is refused, and works when there is room.
    store.close().await.unwrap();
    let ballast = disk.fill();
    let refusal = place.refusal().await;
    assert!(
        matches!(refusal, StoreError::ReadOnly { .. } | StoreError::Unavailable { .. }),
        "{refusal:?}"
    );
    fs::remove_file(&ballast).unwrap();
    assert_eq!(place.subject().await.queued_now().await, 60 + pushed);
}

#[tokio::test]
async fn the_log_is_moved_into_the_file_beside_the_commits() {
    let place = Place::new();
    let store = place.store().await;
    let subject = Subject::over(Arc::clone(&store));
    let length = |suffix: &str| {
        let path = format!("{}{suffix}", place.path.display());
        fs::metadata(path).map_or(0, |file| file.len())
    };
    // What is beyond the first 32 MB is moved without being asked.
    let mut pushed = 0;
    while length("") < 4 << 20 {
        assert!(length("-wal") < 256 << 20, "it was not moved");
        subject.queue(pushed..pushed + 1000).await;
        pushed += 1000;
    }
    // Asked, all of it is.
    store.checkpoint().await.unwrap();
    assert_eq!(length("-wal"), 0);
    assert_eq!(subject.counted_now().await, i64::from(pushed));
}
