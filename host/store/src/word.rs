//! How values of core are written in every database.

use hinny_core::{event::EventState, schedule::MissedFire};

/// How a state is stored.
pub(crate) fn state_name(state: EventState) -> &'static str {
    match state {
        EventState::Waiting => "waiting",
        EventState::Quarantined => "quarantined",
    }
}

/// How a policy is stored.
pub(crate) fn missed_name(missed: MissedFire) -> &'static str {
    match missed {
        MissedFire::Once => "once",
        MissedFire::Skip => "skip",
        MissedFire::All => "all",
    }
}

/// A number for `LIMIT` and `OFFSET`.
pub(crate) fn clamp(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
