//! The folder of decisions: segments, of which the oldest make room.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::cache::create_private;

/// How the names of segments end. Before it they sort by the time at which they were begun.
const ENDING: &str = "decisions";

/// Segments that fit into the bound: what makes room is one of so many parts.
const SEGMENTS: u64 = 8;

/// No segment is larger, since a replay has one in memory.
const SEGMENT_BYTES_MAX: u64 = 16 << 20;

/// The folder of decisions.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    bytes_max: u64,
}

/// A segment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

impl Folder {
    pub(super) fn new(path: PathBuf, bytes_max: u64) -> Self {
        Self { path, bytes_max }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// How large a segment becomes before the next is begun.
    pub(super) fn segment_bytes(&self) -> u64 {
        (self.bytes_max / SEGMENTS).min(SEGMENT_BYTES_MAX)
    }

    /// The segments, oldest first. No folder is one without any.
    pub(super) fn segments(&self) -> io::Result<Vec<Segment>> {
        let entries = match fs::read_dir(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut segments = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_none_or(|ending| ending != ENDING) {
                continue;
            }
            // It may have made room meanwhile.
            let Ok(facts) = fs::metadata(&path) else { continue };
            segments.push(Segment { path, bytes: facts.len() });
        }
        segments.sort();
        Ok(segments)
    }

    /// Begins a segment. So many bytes fit into it: the oldest make room.
    pub(super) fn begin(&self, bytes: u64) -> io::Result<File> {
        if !self.path.exists() {
            create_private(&self.path)?;
        }
        self.make_room(bytes)?;
        create(&self.path.join(format!("{}.{ENDING}", Uuid::now_v7().simple())))
    }

    /// Removes the oldest segments until so many bytes fit.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        let segments = self.segments()?;
        let mut total: u64 = segments.iter().map(|segment| segment.bytes).sum();
        for segment in segments {
            if total.saturating_add(bytes) <= self.bytes_max {
                return Ok(());
            }
            match fs::remove_file(&segment.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => total = total.saturating_sub(segment.bytes),
            }
        }
        Ok(())
    }
}

/// What tasks are about is nobody else's to read.
#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<File> {
    File::create_new(path)
}
