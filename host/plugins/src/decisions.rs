//! The decisions of rankers on disk, and what another ranker makes of them.
//!
//! A [`Recorded`] ranker hands what it decided to a thread that writes it, and never waits: what does
//! not fit is lost and counted. The thread writes segments, one frame per batch, each with a checksum;
//! the oldest segment makes room. A replay reads them newest first, on a thread of its own, and asks
//! the ranker on the threads for ranker calls, in parts that are short enough for others to come in between.

mod contents;
mod counts;
mod folder;
mod reader;
mod record;
mod recorded;
mod recorder;
mod replay;
mod sample;
mod segment;
mod summary;
mod writer;

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, io, sync::Arc};

use hinny_core::{
    SchedulerId, decision,
    decision::{Replay, ReplayOptions, Tally},
    plugin::PluginError,
    ranker::Ranker,
};
use tokio::{
    sync::{Mutex, mpsc},
    task::spawn_blocking,
};

use self::{
    counts::Counts,
    folder::Folder,
    reader::{Reader, Wanted},
    record::Origin,
    recorded::Recorded,
    recorder::Recorder,
    replay::Run,
    summary::Summaries,
};
use crate::{config::DecisionsConfig, ranker::WasmRanker};

/// Parts of a replay that are read ahead.
const PARTS_AHEAD: usize = 2;

/// The decisions of rankers.
#[derive(Debug)]
pub(crate) struct DecisionLog {
    folder: Arc<Folder>,
    recorder: Arc<Recorder>,
    counts: BTreeMap<SchedulerId, Arc<Counts>>,
    summaries: Arc<Summaries>,
    /// Who holds it replays.
    turn: Mutex<()>,
}

impl DecisionLog {
    /// Begins to record. The folder is made with the first decision.
    pub(crate) fn start(
        config: DecisionsConfig,
        schedulers: impl Iterator<Item = SchedulerId>,
    ) -> io::Result<Self> {
        let bytes_max = u64::from(config.size_max_mb) << 20;
        let folder = Arc::new(Folder::new(config.folder.clone(), bytes_max));
        let counts = schedulers.map(|id| (id.clone(), Arc::new(Counts::new(&id))));
        Ok(Self {
            recorder: Arc::new(Recorder::start(config, Arc::clone(&folder))?),
            folder,
            counts: counts.collect(),
            summaries: Arc::default(),
            turn: Mutex::new(()),
        })
    }

    /// A ranker of a scheduler, with its decisions recorded from now on.
    pub(crate) fn recorded(
        &self,
        scheduler: &SchedulerId,
        ranker: Arc<WasmRanker>,
    ) -> Arc<dyn Ranker> {
        let Some(counts) = self.counts.get(scheduler) else { return ranker };
        let program = ranker.program();
        let origin = Origin {
            scheduler: scheduler.clone(),
            generation: ranker.generation(),
            digest: *program.digest(),
            settings: program.settings_text().to_owned(),
            inputs: Arc::clone(&program.description().inputs),
        };
        Arc::new(Recorded::new(ranker, origin, Arc::clone(counts), Arc::clone(&self.recorder)))
    }

    /// Returns when everything that was decided before is in the files.
    pub(crate) async fn flush(&self) {
        self.recorder.flush().await;
    }

    /// What is recorded.
    pub(crate) async fn summary(&self) -> Result<decision::Recorded, PluginError> {
        self.flush().await;
        let (summaries, folder) = (Arc::clone(&self.summaries), Arc::clone(&self.folder));
        let summing = spawn_blocking(move || summaries.all(&folder));
        let mut all = self.readable(summing.await.unwrap_or_else(|_| Err(stopped())))?;
        for (scheduler, counts) in &self.counts {
            all.scheduler(scheduler).missed = counts.missed();
        }
        Ok(decision::Recorded {
            folder: self.folder.path().to_owned(),
            bytes: all.bytes,
            bytes_max: self.folder.bytes_max(),
            schedulers: all.schedulers.into_values().collect(),
            damages: all.damages,
        })
    }

    /// Asks a ranker again about what was decided.
    pub(crate) async fn replay(
        &self,
        scheduler: SchedulerId,
        ranker: Arc<WasmRanker>,
        options: &ReplayOptions,
    ) -> Result<Replay, PluginError> {
        let _turn = self.turn.lock().await;
        self.flush().await;
        let (sender, mut parts) = mpsc::channel(PARTS_AHEAD);
        let wanted = Wanted {
            scheduler: scheduler.clone(),
            since: options.since,
            until: options.until,
            batches_max: options.batches_max.unwrap_or(u64::MAX),
        };
        let folder = Arc::clone(&self.folder);
        // It ends when nobody receives any more, as when whoever asked has gone.
        spawn_blocking(move || Reader::new(wanted, sender).run(&folder));
        let program = ranker.program();
        let (title, digest) = (ranker.title().to_owned(), *program.digest());
        let tally = Tally::new(scheduler, title, digest, options);
        let run = self.readable(Run::new(ranker, tally).run(&mut parts).await)?;
        let replay = spawn_blocking(move || run.finish()).await;
        self.readable(replay.map_err(|_| stopped()))
    }

    fn readable<T>(&self, read: io::Result<T>) -> Result<T, PluginError> {
        read.map_err(|error| PluginError::Unreadable {
            folder: self.folder.path().display().to_string(),
            why: error.to_string(),
        })
    }
}

fn stopped() -> io::Error {
    io::Error::other("the host is stopping")
}
