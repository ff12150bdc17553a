//! The priorities that OpenKAT asks for: lower goes first.

use hinny_plugin::scheduler::{Draft, Rejection};

use crate::moment::Moment;

/// Of what the scheduler makes by itself: a moment in seconds, so that the oldest goes first and
/// everything that a person asks for goes before.
pub fn of_moment(moment: Moment) -> i64 {
    moment.as_seconds()
}

/// Of what is pushed over the API: it must be given, and not be 0.
pub fn of_draft(draft: &Draft) -> Result<i64, Rejection> {
    match draft.priority {
        Some(priority) if priority != 0 => Ok(priority),
        given => {
            let given = given.map_or("missing", |_| "0");
            let reason = format!(
                "`priority` is {given}, expected another integer; hint: 1 goes before all that is automatic"
            );
            Err(Rejection::new(reason))
        }
    }
}
