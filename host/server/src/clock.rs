//! The clock on the wall.

use std::time::{SystemTime, UNIX_EPOCH};

use hinny_core::{Clock, Timestamp};

/// The system's clock: the only place of hinny that reads it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else is handed")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}

/// A moment that the system tells, such as when a file was written.
pub(crate) fn moment(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
