//! The one thread that writes decisions.
//!
//! It ends when nobody is left who could send it any. What is in its way, such as a full disk, costs
//! decisions and nothing else: it says so once, and tries again after a while.

use std::{
    fs::File,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::{mpsc::Receiver, oneshot};
use tracing::{info, warn};

use super::{
    counts::Counts,
    folder::Folder,
    record::{Batch, Origin},
    segment,
};

/// Written at once at most: a burst waits in memory no longer than that.
const BUFFER_BYTES: usize = 1 << 20;

/// What is sent to the writer.
pub(super) enum Message {
    /// A decision.
    Decided(Box<Decided>),
    /// Whoever waits for the answer knows that everything sent before is in the file.
    Flush(oneshot::Sender<()>),
}

/// A decision on its way.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) origin: Arc<Origin>,
    pub(super) counts: Arc<Counts>,
    pub(super) batch: Batch,
}

/// Writes decisions.
pub(super) struct Writer {
    folder: Arc<Folder>,
    /// Tasks that wait here.
    waiting: Arc<AtomicUsize>,
    current: Option<Current>,
    /// Frames that are not written yet, and whose they are.
    buffer: Vec<u8>,
    unwritten: Vec<Arc<Counts>>,
    /// How long it waits after a failure.
    pause: Duration,
    failed_at: Option<Instant>,
}

/// The segment that is written.
struct Current {
    file: File,
    /// With what is in the buffer.
    bytes: u64,
    /// By their numbers in the segment.
    origins: Vec<Arc<Origin>>,
}

impl Writer {
    pub(super) fn new(folder: Arc<Folder>, waiting: Arc<AtomicUsize>, pause: Duration) -> Self {
        Self {
            folder,
            waiting,
            current: None,
            buffer: Vec::new(),
            unwritten: Vec::new(),
            pause,
            failed_at: None,
        }
    }

    /// Writes until nobody sends any more.
    pub(super) fn run(mut self, mut messages: Receiver<Message>) {
        while let Some(message) = messages.blocking_recv() {
            self.take(message);
            while let Ok(message) = messages.try_recv() {
                self.take(message);
            }
            self.write();
        }
    }

    pub(super) fn take(&mut self, message: Message) {
        match message {
            Message::Decided(decided) => {
                self.waiting.fetch_sub(decided.batch.priorities.len(), Ordering::Relaxed);
                self.put(&decided);
                if self.buffer.len() >= BUFFER_BYTES {
                    self.write();
                }
            }
            Message::Flush(answer) => {
                self.write();
                // Whoever asked may have gone meanwhile.
                let _ = answer.send(());
            }
        }
    }

    /// Puts a decision into the buffer; when a segment is full, into that of the next.
    fn put(&mut self, decided: &Decided) {
        if self.failed_at.is_some_and(|at| at.elapsed() < self.pause) {
            return decided.counts.lost();
        }
        let full = match &mut self.current {
            None => true,
            Some(current) => {
                let frames = frames(&current.origins, decided);
                let full = current.bytes + frames.len() as u64 > self.folder.segment_bytes();
                if !full {
                    current.accept(&decided.origin, frames.len());
                    self.buffer.extend(frames);
                }
                full
            }
        };
        if full {
            self.write();
            if let Err(error) = self.begin(decided) {
                self.failed(&error);
                return decided.counts.lost();
            }
        }
        self.unwritten.push(Arc::clone(&decided.counts));
    }

    /// Begins a segment with a decision.
    fn begin(&mut self, decided: &Decided) -> io::Result<()> {
        let frames = frames(&[], decided);
        let bytes = (segment::MAGIC.len() + frames.len()) as u64;
        if bytes > self.folder.bytes_max() {
            let why = format!("a decision of {bytes} bytes is larger than all that may be kept");
            return Err(io::Error::other(why));
        }
        let file = self.folder.begin(bytes.max(self.folder.segment_bytes()))?;
        let origins = vec![Arc::clone(&decided.origin)];
        self.buffer.extend(segment::MAGIC);
        self.buffer.extend(frames);
        self.current = Some(Current { file, bytes, origins });
        Ok(())
    }

    fn write(&mut self) {
        let Some(current) = self.current.as_mut().filter(|_| !self.buffer.is_empty()) else {
            return;
        };
        match current.file.write_all(&self.buffer) {
            Ok(()) => self.written(),
            Err(error) => self.failed(&error),
        }
    }

    fn written(&mut self) {
        self.buffer.clear();
        self.unwritten.drain(..).for_each(|counts| counts.recorded());
        if self.failed_at.take().is_some() {
            info!(path = %self.folder.path().display(), "decisions are recorded again");
        }
    }

    /// What was to be written is lost, and the segment ends where it was torn.
    fn failed(&mut self, error: &io::Error) {
        self.buffer.clear();
        self.unwritten.drain(..).for_each(|counts| counts.lost());
        self.current = None;
        let first = self.failed_at.replace(Instant::now()).is_none();
        if first {
            warn!(
                path = %self.folder.path().display(),
                %error,
                "decisions cannot be recorded in `{}`; hint: give the user that runs hinny write access and room there, \
                 or name another folder in `plugins.decisions.directory`, or set `plugins.decisions.size_max_mb` to 0",
                self.folder.path().display()
            );
        }
    }
}

impl Current {
    fn accept(&mut self, origin: &Arc<Origin>, bytes: usize) {
        self.bytes += bytes as u64;
        if !self.origins.iter().any(|known| Arc::ptr_eq(known, origin)) {
            self.origins.push(Arc::clone(origin));
        }
    }
}

/// The frames of a decision, with who made it where that is not known yet.
fn frames(known: &[Arc<Origin>], decided: &Decided) -> Vec<u8> {
    let mut frames = Vec::new();
    let place = known.iter().position(|origin| Arc::ptr_eq(origin, &decided.origin));
    let number = place.unwrap_or(known.len()) as u32;
    if place.is_none() {
        segment::append(&mut frames, &decided.origin.encode(number));
    }
    segment::append(&mut frames, &decided.batch.encode(number));
    frames
}
