//! `[stop]`: how hinny ends.

use std::time::Duration;

use super::{ConfigError, section::section};

section! {
    /// How hinny ends on SIGTERM or SIGINT: it takes no more connections, answers those it has,
    /// stops the listeners and closes the database. A second signal ends it at once; nothing that
    /// was acknowledged is lost by that.
    pub struct StopConfig {
        /// How long requests have to finish, in seconds.
        drain_seconds (0..=3_600): u64 = 20,
    }
}

impl StopConfig {
    /// Checks what types cannot.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.check_ranges("stop")
    }

    /// How long requests have to finish.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}
