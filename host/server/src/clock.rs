//! The clock on the wall.

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
