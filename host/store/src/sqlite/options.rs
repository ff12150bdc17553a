//! How a database is opened.

use std::{path::PathBuf, time::Duration};

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// In a file, which is made when it is missing; its folder is not.
    File(PathBuf),
    /// In a file of its own that goes when the store does, and that survives no crash: for tests
    /// and trials.
    Temporary,
}

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// Where it is.
    pub location: Location,
    /// Most connections that read. Each is a thread; a long list occupies one.
    pub readers_max: u32,
    /// How long to wait for another program that holds the database.
    pub busy_timeout: Duration,
    /// Most bytes that the file may have; none: what the disk takes.
    pub size_max: Option<u64>,
    /// Memory for pages of the writer, in bytes. The inner pages of the trees should stay in it, and no
    /// more: at the end of most commits `SQLite` walks through all of it. (To keep siblings in
    /// order, it numbers a page anew by way of the page at 1 GiB, and a commit forgets the pages
    /// beyond the end of the file.) With 64 MB that took a third of the writer's time.
    pub cache_bytes: u64,
}

impl SqliteOptions {
    /// Bytes in a page.
    ///
    /// A commit writes every page it touches to the log. With a million queued tasks a push
    /// touches about one page that no other push of its commit does, so half the page is half the
    /// writing: measured 3.3 kB of log per push with pages of 2 kB, 5.5 kB with 4 kB, 9.4 kB with
    /// 8 kB; less than 2 kB splits the documents of tasks.
    pub const PAGE_BYTES: u32 = 2048;

    /// A file, with the usual options.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { location: Location::File(path.into()), ..Self::temporary() }
    }

    /// A temporary file, with the usual options.
    pub fn temporary() -> Self {
        Self {
            location: Location::Temporary,
            readers_max: 4,
            busy_timeout: Duration::from_secs(5),
            size_max: None,
            cache_bytes: 8 << 20,
        }
    }
}
