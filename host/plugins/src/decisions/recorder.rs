//! The way from a ranker to the disk: nobody ever waits on it.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    counts::Counts,
    folder::Folder,
    record::{Batch, Origin},
    writer::{Decided, Message, Writer},
};
use crate::config::DecisionsConfig;

/// Batches that may wait to be written.
const WAITING_BATCHES: usize = 1_024;

/// Tasks that may wait in them: with four inputs, some 10 MiB.
pub(super) const WAITING_TASKS: usize = 1 << 18;

/// How long the writer waits after a failure.
const PAUSE: Duration = Duration::from_secs(10);

/// The way from a ranker to the disk.
#[derive(Debug)]
pub(super) struct Recorder {
    config: DecisionsConfig,
    messages: mpsc::Sender<Message>,
    /// Tasks that wait.
    waiting: Arc<AtomicUsize>,
}

impl Recorder {
    /// Starts the thread that writes. It ends with the recorder.
    pub(super) fn start(config: DecisionsConfig, folder: Arc<Folder>) -> io::Result<Self> {
        let (messages, receiver) = mpsc::channel(WAITING_BATCHES);
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer = Writer::new(folder, Arc::clone(&waiting), PAUSE);
        thread::Builder::new().name("decisions".to_owned()).spawn(|| writer.run(receiver))?;
        Ok(Self { config, messages, waiting })
    }

    pub(super) fn config(&self) -> &DecisionsConfig {
        &self.config
    }

    /// Whether a batch could be sent now: what cannot be need not be copied.
    pub(super) fn has_room(&self, tasks: usize) -> bool {
        self.messages.capacity() > 0
            && self.waiting.load(Ordering::Relaxed) + tasks <= WAITING_TASKS
    }

    /// Sends a decision. Without room it is lost, and counted.
    pub(super) fn send(&self, origin: &Arc<Origin>, counts: &Arc<Counts>, batch: Batch) {
        let tasks = batch.priorities.len();
        let (origin, counts) = (Arc::clone(origin), Arc::clone(counts));
        self.waiting.fetch_add(tasks, Ordering::Relaxed);
        let decided = Box::new(Decided { origin, counts, batch });
        if let Err(
            mpsc::error::TrySendError::Full(message) | mpsc::error::TrySendError::Closed(message),
        ) = self.messages.try_send(Message::Decided(decided))
        {
            self.waiting.fetch_sub(tasks, Ordering::Relaxed);
            if let Message::Decided(decided) = message {
                decided.counts.lost();
            }
        }
    }

    /// Returns when everything that was sent before is in the files.
    pub(super) async fn flush(&self) {
        let (answer, written) = oneshot::channel();
        if self.messages.send(Message::Flush(answer)).await.is_ok() {
            let _ = written.await;
        }
    }
}
