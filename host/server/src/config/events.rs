//! `[events]`: messages that could not be handled at once.

use std::time::Duration;

use hinny_core::event::RetryPolicy;

use super::{ConfigError, section::section};

section! {
    /// Messages that a scheduler plugin could not handle are tried again, with a wait that
    /// doubles; then they go to quarantine, where people look at them.
    pub struct EventsConfig {
        /// Tries in all.
        attempts_max (1..=1_000): u32 = 10,
        /// Wait before the second try, in seconds.
        first_seconds (0..=86_400): u64 = 1,
        /// Longest wait, in seconds.
        longest_seconds (0..=604_800): u64 = 300,
        /// How long hinny remembers that it handled a message, in days: for that long, the same
        /// message sent again changes nothing.
        remember_days (1..=3_650): u32 = 7,
    }
}

impl EventsConfig {
    /// Checks what types cannot.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.check_ranges("events")?;
        ConfigError::unless(
            self.longest_seconds >= self.first_seconds,
            "events.longest_seconds",
            self.longest_seconds,
            || ("it is less than `events.first_seconds`", "raise it, or lower `first_seconds`"),
        )
    }

    /// How long hinny remembers that it handled a message.
    pub fn remember(&self) -> Duration {
        Duration::from_hours(24 * u64::from(self.remember_days))
    }

    /// As the listeners want it.
    pub fn retry_policy(&self) -> RetryPolicy {
        RetryPolicy {
            attempts_max: self.attempts_max,
            first: Duration::from_secs(self.first_seconds),
            longest: Duration::from_secs(self.longest_seconds),
        }
    }
}
