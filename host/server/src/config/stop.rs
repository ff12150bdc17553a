//! `[stop]`: how hinny ends.

use std::time::Duration;

use super::section::section;

section! {
    /// How hinny ends on SIGTERM or SIGINT: it takes no more connections, answers those it has,
    /// stops the listeners and closes the database. A second signal ends it at once; nothing that
    /// was acknowledged is lost by that.
    pub struct StopConfig {
        /// How long requests have to finish, in seconds.
        drain_seconds: u64 = 20,
    }
}

impl StopConfig {
    /// How long requests have to finish.
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}
