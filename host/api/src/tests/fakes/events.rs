//! Messages: those of source `hosts` are wanted, and what they say is what becomes of them.

use async_trait::async_trait;
use hinny_core::{
    EventId, SchedulerId,
    event::EventOutcome,
    queue::{Events, NewMessage, QueueError, SubmittedEvent},
};

use super::{FakeHost, now};
use crate::tests::jobs;

fn outcome(message: &NewMessage) -> EventOutcome {
    let reason = "it says so".to_owned();
    match message.body.as_slice() {
        b"\"wait\"" => EventOutcome::Waiting { retry_at: now(), reason },
        b"\"bad\"" => EventOutcome::Quarantined { reason },
        b"\"again\"" => EventOutcome::Repeated,
        _ => EventOutcome::Handled { pushed: 1, duplicates: 0, cancelled: 0 },
    }
}

#[async_trait]
impl Events for FakeHost {
    async fn submit(
        &self,
        source: &str,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<SubmittedEvent>, QueueError> {
        let submitted = messages.iter().map(|message| SubmittedEvent {
            event: message.id.unwrap_or(EventId(uuid::Uuid::nil())),
            outcomes: if source == "hosts" { vec![(jobs(), outcome(message))] } else { vec![] },
        });
        let submitted = submitted.collect();
        self.messages.lock().unwrap().extend(messages);
        Ok(submitted)
    }

    async fn replay(
        &self,
        _: &SchedulerId,
        event: EventId,
    ) -> Result<Option<EventOutcome>, QueueError> {
        let kept = self.kept.lock().unwrap().iter().any(|kept| kept.message.id == event);
        Ok(kept.then_some(EventOutcome::Handled { pushed: 1, duplicates: 0, cancelled: 0 }))
    }
}
