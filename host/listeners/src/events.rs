//! The way in for messages.

use std::{collections::HashSet, sync::Arc};

use async_trait::async_trait;
use hinny_core::{
    Clock, EventId, SchedulerId, Timestamp,
    event::{EventOutcome, KeptEvent, RetryPolicy},
    id::IdGenerator,
    plugin::ActivePlugins,
    queue::{Events, NewMessage, QueueError, Queues, SubmittedEvent},
    store::{EventWrite, Guard, Store, Unit},
    trigger::{Interest, Message, Trigger},
};

use crate::{
    Deps,
    bounded::{self, Ran},
    delivery::{Delivered, Delivery, Mark},
    fate::{Fate, Origin},
    kept::{self, Tried},
    trigger::{Answer, Triggers},
};

/// The way in for messages, whatever listener they came through.
///
/// A message is handled, or kept, before the answer is given; so the sender may forget it then. It
/// counts once for each scheduler, however often it is delivered under the same id. The messages
/// of one call are handled side by side: no order among them is promised, only of the answers.
pub struct EventInbox {
    queues: Arc<dyn Queues>,
    triggers: Triggers,
    store: Arc<dyn Store>,
    plugins: Arc<dyn ActivePlugins>,
    clock: Arc<dyn Clock>,
    retry: RetryPolicy,
    ids: IdGenerator,
}

/// Most messages of one call that are handled at the same time. Enough to fill a group commit.
const AT_ONCE: usize = 64;

/// A message that came in.
struct Arrived {
    place: usize,
    origin: Origin,
    message: Message,
}

/// What became of a message that came in, for all schedulers that want it.
struct Spread {
    place: usize,
    submitted: SubmittedEvent,
    writes: Vec<EventWrite>,
}

impl EventInbox {
    /// An empty inbox.
    pub fn new(deps: &Deps) -> Self {
        Self {
            queues: Arc::clone(&deps.queues),
            triggers: Triggers::new(Arc::clone(&deps.queues), deps.mail.clone()),
            store: Arc::clone(&deps.store),
            plugins: Arc::clone(&deps.plugins),
            clock: Arc::clone(&deps.clock),
            retry: deps.retry,
            ids: IdGenerator::default(),
        }
    }

    /// Tries kept messages again. An error means that some were not tried.
    pub(crate) async fn retry(&self, kept: Vec<KeptEvent>) -> Result<(), QueueError> {
        let Ran { done, error } = bounded::run(kept, AT_ONCE, |kept| self.try_again(kept)).await;
        self.write(done.into_iter().filter_map(|tried| tried.write)).await?;
        error.map_or(Ok(()), Err)
    }

    async fn try_again(&self, kept: KeptEvent) -> Result<Tried, QueueError> {
        let mut message = kept.message;
        message.delivery = message.delivery.saturating_add(1);
        self.try_one(&kept.scheduler, message, Origin::Kept).await
    }

    /// Whether any scheduler's plugin wants messages of a source now.
    pub(crate) fn wants(&self, source: &str) -> bool {
        !self.wanting(source).is_empty()
    }

    /// Has every scheduler that wants it handle what a broker delivered, or keeps it for them. What
    /// was done for some is remembered in the delivery, for when it is tried again.
    pub(crate) async fn deliver(&self, delivery: &mut Delivery) -> Result<Delivered, QueueError> {
        let wanting = self.wanting(&delivery.message.source);
        let todo: Vec<_> =
            wanting.into_iter().filter(|scheduler| !delivery.is_done_for(scheduler)).collect();
        let mut delivered = Delivered::of(delivery, &todo);
        for scheduler in todo {
            let guard = delivery.guard(&scheduler);
            match self.deliver_to(&scheduler, delivery.message.clone(), guard).await {
                Ok(Some(outcome)) => delivery.done(scheduler, outcome),
                Ok(None) => delivered = Delivered::HeldBack,
                Err(error) => {
                    delivery.in_doubt(scheduler);
                    return Err(error);
                }
            }
        }
        Ok(delivered)
    }

    /// What became of it for one scheduler, committed; none: there is no room for its tasks, or
    /// nobody to handle it.
    async fn deliver_to(
        &self,
        scheduler: &SchedulerId,
        message: Message,
        guard: Guard,
    ) -> Result<Option<EventOutcome>, QueueError> {
        let with = Unit { guards: vec![guard.clone()], ..Unit::default() };
        let trigger = Trigger::Message(message.clone());
        let answer = self.triggers.tell(scheduler, trigger, with).await?;
        if matches!(answer, Answer::Full(_) | Answer::Absent(_) | Answer::Unwanted) {
            return Ok(None);
        }
        let fate = Fate::of(answer, &message, Origin::Sent, &self.retry, self.clock.now());
        let Tried { outcome, write } = kept::settle(scheduler, message, Origin::Sent, fate);
        let Some(write) = write else { return Ok(Some(outcome)) };
        let unit = Unit { guards: vec![guard], events: vec![write], ..Unit::default() };
        let refused =
            self.store.commit(vec![unit]).await?.iter().any(|one| one.refused_by.is_some());
        Ok(Some(if refused { EventOutcome::Repeated } else { outcome }))
    }

    /// Forgets marks of deliveries that cannot come again.
    pub(crate) async fn unmark(&self, marks: &[Mark]) -> Result<(), QueueError> {
        self.write(marks.iter().flat_map(Mark::unmark)).await
    }

    /// An id for a message, and the time that it came.
    pub(crate) fn stamp(&self) -> (EventId, Timestamp) {
        let now = self.clock.now();
        (self.ids.event(now), now)
    }

    /// The schedulers whose plugin wants messages of a source now.
    fn wanting(&self, source: &str) -> Vec<SchedulerId> {
        let wants = |scheduler: &SchedulerId| {
            self.plugins.scheduler(scheduler).is_some_and(|plugin| {
                let interests = &plugin.description().interests;
                interests.iter().any(|one| matches!(one, Interest::Messages(of) if of == source))
            })
        };
        self.queues.schedulers().into_iter().filter(wants).collect()
    }

    /// Has each scheduler handle a message.
    async fn spread(
        &self,
        arrived: Arrived,
        wanting: &[SchedulerId],
    ) -> Result<Spread, QueueError> {
        let Arrived { place, origin, message } = arrived;
        let event = message.id;
        let tried = bounded::run(wanting, wanting.len(), |scheduler| {
            self.try_one(scheduler, message.clone(), origin)
        })
        .await;
        if let Some(error) = tried.error {
            return Err(error);
        }
        let (mut outcomes, mut writes) = (Vec::with_capacity(wanting.len()), Vec::new());
        for (scheduler, Tried { outcome, write }) in wanting.iter().zip(tried.done) {
            outcomes.push((scheduler.clone(), outcome));
            writes.extend(write);
        }
        Ok(Spread { place, submitted: SubmittedEvent { event, outcomes }, writes })
    }

    /// Has one scheduler handle a message.
    async fn try_one(
        &self,
        scheduler: &SchedulerId,
        message: Message,
        origin: Origin,
    ) -> Result<Tried, QueueError> {
        let with = kept::once(scheduler, message.id, origin, self.clock.now());
        let trigger = Trigger::Message(message.clone());
        let answer = self.triggers.tell(scheduler, trigger, with).await?;
        let fate = Fate::of(answer, &message, origin, &self.retry, self.clock.now());
        if origin == Origin::Sent
            && !matches!(fate, Fate::Over(_))
            && let Some(kept) = self.store.kept_event(scheduler, message.id).await?
        {
            // It waits already, or a person has it to decide on: another delivery changes nothing.
            return Ok(kept::as_it_is(kept));
        }
        Ok(kept::settle(scheduler, message, origin, fate))
    }

    /// Writes in one transaction.
    async fn write(&self, writes: impl Iterator<Item = EventWrite>) -> Result<(), QueueError> {
        let events: Vec<_> = writes.collect();
        if !events.is_empty() {
            self.store.commit(vec![Unit { events, ..Unit::default() }]).await?;
        }
        Ok(())
    }

    /// Gives messages what the host adds.
    fn arrive(&self, source: &str, messages: Vec<NewMessage>) -> Vec<Arrived> {
        let now = self.clock.now();
        let arrive = |(place, message): (usize, NewMessage)| Arrived {
            place,
            origin: if message.id.is_some() { Origin::Sent } else { Origin::Fresh },
            message: Message {
                id: message.id.unwrap_or_else(|| self.ids.event(now)),
                source: source.to_owned(),
                at: now,
                content_type: message.content_type,
                body: message.body,
                attributes: message.attributes,
                delivery: 1,
            },
        };
        messages.into_iter().enumerate().map(arrive).collect()
    }
}

#[async_trait]
impl Events for EventInbox {
    /// An error means that nothing is acknowledged: some messages may have been handled. Those with
    /// an id can be sent again without harm.
    async fn submit(
        &self,
        source: &str,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<SubmittedEvent>, QueueError> {
        let wanting = self.wanting(source);
        let mut seen = HashSet::new();
        let (arrived, repeats): (Vec<_>, Vec<_>) = self
            .arrive(source, messages)
            .into_iter()
            .partition(|arrived| seen.insert(arrived.message.id));
        let mut spread = Vec::new();
        // What is repeated within the call comes after the rest, so that it finds the first one.
        for (arrived, at_once) in [(arrived, AT_ONCE), (repeats, 1)] {
            let ran =
                bounded::run(arrived, at_once, |arrived| self.spread(arrived, &wanting)).await;
            if let Some(error) = ran.error {
                return Err(error);
            }
            spread.extend(ran.done);
        }
        self.write(spread.iter_mut().flat_map(|spread| spread.writes.drain(..))).await?;
        spread.sort_unstable_by_key(|spread| spread.place);
        Ok(spread.into_iter().map(|spread| spread.submitted).collect())
    }

    async fn replay(
        &self,
        scheduler: &SchedulerId,
        event: EventId,
    ) -> Result<Option<EventOutcome>, QueueError> {
        let Some(kept) = self.store.kept_event(scheduler, event).await? else { return Ok(None) };
        let Tried { outcome, write } = self.try_again(kept).await?;
        self.write(write.into_iter()).await?;
        Ok(Some(outcome))
    }
}

#[cfg(test)]
mod tests;
