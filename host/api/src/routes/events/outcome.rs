//! What became of messages.

use axum::http::StatusCode;
use hinny_core::{SchedulerId, event::EventOutcome, queue::SubmittedEvent};
use serde::Serialize;
use utoipa::ToSchema;

use crate::wire::{Id, Moment, Text};

/// What became of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubmittedEvent)]
pub(in crate::routes) struct SubmittedBody {
    /// Its identity.
    event_id: Id,
    /// One per scheduler that wants messages of the source; none when none does.
    outcomes: Vec<OutcomeBody>,
}

/// What became of a message at one scheduler.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventOutcome)]
pub(in crate::routes) struct OutcomeBody {
    /// The scheduler.
    scheduler_id: Text,
    /// What became of it.
    #[serde(flatten)]
    what: What,
}

/// What became of a message.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Outcome)]
#[serde(rename_all = "lowercase", tag = "outcome")]
enum What {
    /// Handled: what its plugin asked for is done.
    Handled {
        /// Tasks queued.
        pushed: u64,
        /// Tasks not queued, since the same work is queued already.
        duplicates: u64,
        /// Tasks cancelled.
        cancelled: u64,
    },
    /// It was handled before; nothing happened.
    Repeated,
    /// The scheduler does not want it; nothing happened.
    Unwanted,
    /// Kept, to be tried again.
    Waiting {
        /// When.
        retry_at: Moment,
        /// Why.
        reason: String,
    },
    /// Set aside, until somebody replays or drops it.
    Quarantined {
        /// Why.
        reason: String,
    },
}

impl OutcomeBody {
    /// What became of a message at a scheduler.
    pub(in crate::routes) fn new(scheduler: &SchedulerId, outcome: EventOutcome) -> Self {
        let what = match outcome {
            EventOutcome::Handled { pushed, duplicates, cancelled } => {
                What::Handled { pushed, duplicates, cancelled }
            }
            EventOutcome::Repeated => What::Repeated,
            EventOutcome::Unwanted => What::Unwanted,
            EventOutcome::Waiting { retry_at, reason } => {
                What::Waiting { retry_at: retry_at.into(), reason }
            }
            EventOutcome::Quarantined { reason } => What::Quarantined { reason },
        };
        Self { scheduler_id: scheduler.into(), what }
    }
}

impl From<SubmittedEvent> for SubmittedBody {
    fn from(event: SubmittedEvent) -> Self {
        let outcomes = event.outcomes.into_iter();
        let outcomes = outcomes.map(|(scheduler, outcome)| OutcomeBody::new(&scheduler, outcome));
        Self { event_id: event.event.into(), outcomes: outcomes.collect() }
    }
}

impl SubmittedBody {
    /// Whether a scheduler wants it.
    pub(super) fn is_wanted(&self) -> bool {
        self.outcomes.iter().any(|outcome| !matches!(outcome.what, What::Unwanted))
    }

    /// 202 as long as something is left to do.
    pub(super) fn status(&self) -> StatusCode {
        let kept = |outcome: &OutcomeBody| {
            matches!(outcome.what, What::Waiting { .. } | What::Quarantined { .. })
        };
        if self.outcomes.iter().any(kept) { StatusCode::ACCEPTED } else { StatusCode::OK }
    }
}
