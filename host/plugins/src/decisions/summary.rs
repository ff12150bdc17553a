//! How much is recorded.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use hinny_core::{
    SchedulerId, Timestamp,
    decision::{Damage, Missed, RecordedOf},
};

use super::{
    contents::{Contents, Found},
    folder::{Folder, Segment},
    reader,
};

/// What is known of segments. They only grow, so one of the same length need not be read again.
#[derive(Debug, Default)]
pub(super) struct Summaries(Mutex<HashMap<PathBuf, (u64, Arc<Summary>)>>);

/// What is in a segment, or in all of them.
#[derive(Debug, Default, Clone)]
pub(super) struct Summary {
    pub(super) schedulers: BTreeMap<SchedulerId, RecordedOf>,
    pub(super) damages: Vec<Damage>,
    pub(super) bytes: u64,
}

impl Summaries {
    /// Of all segments. Reads those that are not known: not for the reactor.
    pub(super) fn all(&self, folder: &Folder) -> io::Result<Summary> {
        let segments = folder.segments()?;
        let mut all = Summary::default();
        for segment in &segments {
            all.add(&self.of(segment));
        }
        let is_there = |path: &PathBuf| segments.iter().any(|segment| segment.path == *path);
        self.known().retain(|path, _| is_there(path));
        Ok(all)
    }

    fn of(&self, segment: &Segment) -> Arc<Summary> {
        let known = self.known().get(&segment.path).cloned();
        if let Some((bytes, summary)) = known
            && bytes == segment.bytes
        {
            return summary;
        }
        let summary = Arc::new(Summary::read(segment));
        self.known().insert(segment.path.clone(), (segment.bytes, Arc::clone(&summary)));
        summary
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, (u64, Arc<Summary>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Summary {
    fn read(segment: &Segment) -> Self {
        let mut summary = Self { bytes: segment.bytes, ..Self::default() };
        let Some(bytes) = reader::read(&segment.path, &mut summary.damages) else { return summary };
        let Contents { batches, .. } =
            reader::contents(&segment.path, &bytes, &mut summary.damages);
        for found in batches {
            summary.scheduler(&found.origin.scheduler).add(&of_batch(&found));
        }
        summary
    }

    fn add(&mut self, other: &Self) {
        self.bytes += other.bytes;
        self.damages.extend_from_slice(&other.damages);
        for (scheduler, recorded) in &other.schedulers {
            self.scheduler(scheduler).add(recorded);
        }
    }

    /// What is in it of a scheduler.
    pub(super) fn scheduler(&mut self, scheduler: &SchedulerId) -> &mut RecordedOf {
        self.schedulers.entry(scheduler.clone()).or_insert_with(|| nothing_of(scheduler))
    }
}

fn nothing_of(scheduler: &SchedulerId) -> RecordedOf {
    RecordedOf {
        scheduler: scheduler.clone(),
        from: None,
        to: None,
        batches: 0,
        tasks: 0,
        bytes: 0,
        missed: Missed::default(),
    }
}

fn of_batch(found: &Found) -> RecordedOf {
    let now: Option<Timestamp> = Some(found.head.now());
    RecordedOf {
        from: now,
        to: now,
        batches: 1,
        tasks: u64::from(found.head.tasks),
        bytes: found.bytes(),
        ..nothing_of(&found.origin.scheduler)
    }
}
