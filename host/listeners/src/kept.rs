//! What the host writes about a message that was tried.

use hinny_core::{
    EventId, SchedulerId, Timestamp,
    event::{EventOutcome, EventState, KeptEvent},
    store::{EventWrite, Guard, Unit},
    trigger::Message,
};

use crate::fate::{Fate, Origin};

/// What became of a message for one scheduler, and what is yet to be written because of it.
pub(crate) struct Tried {
    pub(crate) outcome: EventOutcome,
    pub(crate) write: Option<EventWrite>,
}

/// What makes a message count once: a mark that it was handled, and the end of its being kept, both
/// in the transaction of its commands. A fresh one needs neither, so it does not pay for them.
pub(crate) fn once(
    scheduler: &SchedulerId,
    event: EventId,
    origin: Origin,
    now: Timestamp,
) -> Unit {
    if origin == Origin::Fresh {
        return Unit::default();
    }
    Unit {
        guards: vec![Guard::FirstDelivery { scheduler: scheduler.clone(), event, at: now }],
        events: vec![forget(scheduler, event)],
        ..Unit::default()
    }
}

/// The answer to another delivery of a message that is kept already: nothing changes.
pub(crate) fn as_it_is(kept: KeptEvent) -> Tried {
    let reason = kept.reason;
    let outcome = match (kept.state, kept.retry_at) {
        (EventState::Waiting, Some(retry_at)) => EventOutcome::Waiting { retry_at, reason },
        _ => EventOutcome::Quarantined { reason },
    };
    Tried { outcome, write: None }
}

/// Turns the fate of a message into an outcome and a write. Says in the log what is kept and why.
pub(crate) fn settle(
    scheduler: &SchedulerId,
    message: Message,
    origin: Origin,
    fate: Fate,
) -> Tried {
    match fate {
        // Its own transaction did not happen, so what was kept is dropped here.
        Fate::Over(EventOutcome::Repeated) if origin == Origin::Kept => {
            Tried { outcome: EventOutcome::Repeated, write: Some(forget(scheduler, message.id)) }
        }
        Fate::Over(outcome) => Tried { outcome, write: None },
        Fate::Waits { retry_at, reason } => {
            tracing::info!(
                event.id = %message.id, scheduler.id = %scheduler,
                "message `{}` of `{}` waits until {retry_at} for `{scheduler}`: {reason}",
                message.id, message.source,
            );
            wait(scheduler, message, retry_at, reason)
        }
        // Not a line in the log each time: without a plugin, all that waits would write one.
        Fate::WaitsUntried { retry_at, reason } => {
            let delivery = message.delivery.saturating_sub(1);
            wait(scheduler, Message { delivery, ..message }, retry_at, reason)
        }
        Fate::SetAside(reason) => set_aside(scheduler, message, reason),
    }
}

fn wait(scheduler: &SchedulerId, message: Message, retry_at: Timestamp, reason: String) -> Tried {
    let kept = KeptEvent {
        message,
        scheduler: scheduler.clone(),
        state: EventState::Waiting,
        retry_at: Some(retry_at),
        reason: reason.clone(),
    };
    Tried {
        outcome: EventOutcome::Waiting { retry_at, reason },
        write: Some(EventWrite::Keep(Box::new(kept))),
    }
}

fn set_aside(scheduler: &SchedulerId, message: Message, reason: String) -> Tried {
    tracing::warn!(
        event.id = %message.id, scheduler.id = %scheduler,
        "message `{}` of `{}` is set aside for `{scheduler}`: {reason}; hint: it is in quarantine, replay it or drop it",
        message.id, message.source,
    );
    let kept = KeptEvent {
        message,
        scheduler: scheduler.clone(),
        state: EventState::Quarantined,
        retry_at: None,
        reason: reason.clone(),
    };
    Tried {
        outcome: EventOutcome::Quarantined { reason },
        write: Some(EventWrite::Keep(Box::new(kept))),
    }
}

fn forget(scheduler: &SchedulerId, event: EventId) -> EventWrite {
    EventWrite::Drop { scheduler: scheduler.clone(), event }
}
