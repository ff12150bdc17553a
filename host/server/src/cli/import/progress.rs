//! How far an import is, for people who watch it.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error; none where that is not a terminal.
pub(super) struct Progress(ProgressBar);

impl Progress {
    /// A bar for so many of something.
    pub(super) fn new(what: &'static str, count: u64) -> Self {
        let bar = ProgressBar::new(count).with_message(what);
        let style = "{msg:10} {wide_bar} {human_pos} of {human_len}, {per_sec}, {eta} left";
        Self(match ProgressStyle::with_template(style) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        })
    }

    /// So many more are done.
    pub(super) fn advance(&self, count: usize) {
        self.0.inc(count as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
