//! Reading decisions, newest first, with no more than one segment in memory.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
};

use hinny_core::{SchedulerId, Timestamp, decision::Damage};
use tokio::sync::mpsc::Sender;
use tracing::warn;

use super::{
    contents::{Contents, Found},
    folder::Folder,
    record::{Batch, Entry, Origin, Unknown},
    segment::{FRAME_HEAD, Frames},
};

/// Tasks that are read and asked about at a time.
const PART_TASKS: usize = 4_096;

/// Batches that are.
const PART_BATCHES: usize = 256;

/// Which decisions are read.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) scheduler: SchedulerId,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) batches_max: u64,
}

/// Some decisions, newest first.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) decisions: Vec<Decided>,
    pub(super) damages: Vec<Damage>,
    tasks: usize,
}

/// A decision, and where it is.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) origin: Arc<Origin>,
    pub(super) batch: Batch,
    pub(super) segment: Arc<Path>,
    pub(super) start: u64,
}

/// Reads in parts.
pub(super) struct Reader {
    wanted: Wanted,
    left: u64,
    part: Part,
    parts: Sender<io::Result<Part>>,
}

/// Nobody wants more.
struct Enough;

impl Reader {
    pub(super) fn new(wanted: Wanted, parts: Sender<io::Result<Part>>) -> Self {
        Self { left: wanted.batches_max, wanted, part: Part::default(), parts }
    }

    /// Reads until the end, or until nobody takes any more.
    pub(super) fn run(mut self, folder: &Folder) {
        match folder.segments() {
            Ok(segments) => {
                let paths = segments.into_iter().rev().map(|segment| segment.path);
                let _ = self.read_all(paths);
            }
            Err(error) => {
                // Whoever asked may have gone meanwhile.
                let _ = self.parts.blocking_send(Err(error));
            }
        }
    }

    fn read_all(&mut self, segments: impl Iterator<Item = PathBuf>) -> Result<(), Enough> {
        for segment in segments {
            if self.left == 0 {
                break;
            }
            self.read(&segment.into())?;
        }
        self.send()
    }

    fn read(&mut self, segment: &Arc<Path>) -> Result<(), Enough> {
        let Some(bytes) = read(segment, &mut self.part.damages) else { return Ok(()) };
        let contents = contents(segment, &bytes, &mut self.part.damages);
        for found in contents.batches.into_iter().rev() {
            if self.left == 0 {
                break;
            }
            if !self.wanted.has(&found) {
                continue;
            }
            self.left -= 1;
            let body = bytes.get(found.body.clone()).unwrap_or_default();
            match found.head.decode_body(body) {
                Ok(batch) => self.take(found, batch, segment)?,
                Err(unknown) => {
                    let damage = damaged(segment, found.start as u64, &unknown.to_string());
                    self.part.damages.push(damage);
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, found: Found, batch: Batch, segment: &Arc<Path>) -> Result<(), Enough> {
        self.part.tasks += batch.priorities.len();
        self.part.decisions.push(Decided {
            origin: found.origin,
            batch,
            segment: Arc::clone(segment),
            start: found.start as u64,
        });
        let full = self.part.tasks >= PART_TASKS || self.part.decisions.len() >= PART_BATCHES;
        if full { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<(), Enough> {
        let part = std::mem::take(&mut self.part);
        self.parts.blocking_send(Ok(part)).map_err(|_| Enough)
    }
}

impl Wanted {
    fn has(&self, found: &Found) -> bool {
        let now = found.head.now();
        found.origin.scheduler == self.scheduler
            && self.since.is_none_or(|since| since <= now)
            && self.until.is_none_or(|until| now < until)
    }
}

/// The bytes of a segment; none when it has made room meanwhile, or cannot be read.
pub(super) fn read(segment: &Path, damages: &mut Vec<Damage>) -> Option<Vec<u8>> {
    match fs::read(segment) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            damages.push(damaged(segment, 0, &error.to_string()));
            None
        }
    }
}

/// What is in a segment, up to where it cannot be read.
pub(super) fn contents(segment: &Path, bytes: &[u8], damages: &mut Vec<Damage>) -> Contents {
    let contents = Contents::of(bytes);
    damages.extend(contents.damage.map(|(at, why)| damaged(segment, at, why)));
    contents
}

fn damaged(segment: &Path, at: u64, why: &str) -> Damage {
    warn!(
        path = %segment.display(),
        "decisions in `{}` cannot be read from byte {at} on: {why}; hint: the others are used, the file can be deleted",
        segment.display()
    );
    Damage { file: segment.to_owned(), at, why: why.to_owned() }
}

/// A batch again, by where it is; none when it is not there any more.
pub(super) fn read_again(segment: &Path, start: u64) -> Option<Batch> {
    let mut file = File::open(segment).ok()?;
    file.seek(SeekFrom::Start(start)).ok()?;
    let mut frame = vec![0; FRAME_HEAD];
    file.read_exact(&mut frame).ok()?;
    let len = u32::from_le_bytes(frame.get(..4)?.try_into().ok()?);
    file.take(u64::from(len)).read_to_end(&mut frame).ok()?;
    let said = Frames::within(&frame).next()?;
    decode(frame.get(said)?).ok()
}

fn decode(said: &[u8]) -> Result<Batch, Unknown> {
    match Entry::decode(said)? {
        (Entry::Batch(head), body) => head.decode_body(body),
        (Entry::Origin(..), _) => Err(Unknown),
    }
}
