//! A message that a broker delivers, and holds until it is acknowledged.
//!
//! Such messages have no identity: two that are equal may be one that comes again, or two. What is
//! known is that a delivery which the broker does not call repeated was never handled. So that one
//! is handled whatever is stored, and leaves a mark made of its content; a repeated one is handled
//! only if there is no such mark. Marks go when the broker cannot repeat the delivery any more.

use hinny_core::{
    EventId, SchedulerId,
    event::EventOutcome,
    store::{EventWrite, Guard},
    trigger::Message,
};
use sha2::{Digest, Sha256};
use uuid::{Builder, Variant, Version};

/// A message that a broker delivered, and how far its handling is.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// The message.
    pub(crate) message: Message,
    /// What marks it.
    pub(crate) mark: EventId,
    /// Whether it was handled before.
    pub(crate) past: Past,
    outcomes: Vec<(SchedulerId, EventOutcome)>,
    doubts: Vec<SchedulerId>,
}

/// Whether a delivery was handled before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Past {
    /// It was not.
    New,
    /// The mark says it.
    Unsure,
}

/// How far a delivery came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivered {
    /// Handled, or kept: it may be acknowledged.
    Taken,
    /// There is no room for its tasks, or a plugin left while it was handled: try again later.
    HeldBack,
    /// No scheduler wants it.
    Unwanted,
}

/// The marks that a delivery left with schedulers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// What marks it.
    pub(crate) event: EventId,
    schedulers: Vec<SchedulerId>,
}

impl Delivery {
    /// A message that just came.
    pub(crate) fn new(message: Message, mark: EventId, past: Past) -> Self {
        Self { message, mark, past, outcomes: Vec::new(), doubts: Vec::new() }
    }

    /// Whether a scheduler is done with it.
    pub(crate) fn is_done_for(&self, scheduler: &SchedulerId) -> bool {
        self.outcomes.iter().any(|(done, _)| done == scheduler)
    }

    /// What makes it count once for a scheduler. Of a new one, a mark of an equal message says
    /// nothing, not even when it is open whether a commit happened: its own has its own moment.
    pub(crate) fn guard(&self, scheduler: &SchedulerId) -> Guard {
        let (scheduler, event, at) = (scheduler.clone(), self.mark, self.message.at);
        match self.past {
            Past::Unsure => Guard::FirstDelivery { scheduler, event, at },
            Past::New if self.doubts.contains(&scheduler) => {
                Guard::DeliveryInDoubt { scheduler, event, at }
            }
            Past::New => Guard::Delivery { scheduler, event, at },
        }
    }

    /// A scheduler is done with it.
    pub(crate) fn done(&mut self, scheduler: SchedulerId, outcome: EventOutcome) {
        self.outcomes.push((scheduler, outcome));
    }

    /// It is open whether a scheduler's commit happened: from now on the mark says it.
    pub(crate) fn in_doubt(&mut self, scheduler: SchedulerId) {
        self.doubts.push(scheduler);
    }

    /// What became of it so far.
    pub(crate) fn outcomes(&self) -> &[(SchedulerId, EventOutcome)] {
        &self.outcomes
    }

    /// Whether certainly nothing of it was handled: then it is as new when it comes again.
    pub(crate) fn is_untouched(&self) -> bool {
        self.past == Past::New && !self.is_touched()
    }

    /// Whether something of it was handled, or may have been.
    pub(crate) fn is_touched(&self) -> bool {
        !(self.outcomes.is_empty() && self.doubts.is_empty())
    }

    /// The marks that it left, or may have left.
    pub(crate) fn marked(self) -> Mark {
        let done = self.outcomes.into_iter().map(|(scheduler, _)| scheduler);
        Mark { event: self.mark, schedulers: done.chain(self.doubts).collect() }
    }
}

impl Delivered {
    /// How far a delivery is when these schedulers are done with it.
    pub(crate) fn of(delivery: &Delivery, todo: &[SchedulerId]) -> Self {
        if todo.is_empty() && delivery.outcomes.is_empty() { Self::Unwanted } else { Self::Taken }
    }
}

impl Mark {
    /// Adds the schedulers of another one of the same content.
    pub(crate) fn merge(&mut self, other: Self) {
        let more = other.schedulers.into_iter().filter(|one| !self.schedulers.contains(one));
        let more: Vec<_> = more.collect();
        self.schedulers.extend(more);
    }

    /// The writes that remove it.
    pub(crate) fn unmark(&self) -> impl Iterator<Item = EventWrite> + '_ {
        self.schedulers
            .iter()
            .map(|scheduler| EventWrite::Unmark { scheduler: scheduler.clone(), event: self.event })
    }
}

/// The mark of a message: the same on every host and after every start. A UUID of version 8, of a
/// digest that nobody can find two contents for. Never change it.
pub(crate) fn mark(queue: &str, kind: &str, content: &[u8]) -> EventId {
    let mut digest = Sha256::new();
    for part in [queue.as_bytes(), kind.as_bytes()] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.update(content);
    let digest = digest.finalize();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(byte, of)| *byte = of);
    let id =
        Builder::from_bytes(bytes).with_version(Version::Custom).with_variant(Variant::RFC4122);
    EventId(id.into_uuid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        EventInbox,
        fakes::{Host, Reply, jobs, message, second, trapped},
    };
    use hinny_core::{event::EventState, scheduler::HandleFailure, trigger::Interest};

    fn orders() -> Host {
        Host::new(&[Interest::Messages("orders".to_owned())])
    }

    fn delivery(past: Past) -> Delivery {
        Delivery::new(message("orders"), mark("q", "body", b"{}"), past)
    }

    #[test]
    fn a_mark_is_the_same_for_ever_and_differs_by_queue_kind_and_content() {
        let marks =
            [("q", "body", "{}"), ("r", "body", "{}"), ("q", "id", "{}"), ("q", "body", "")]
                .map(|(queue, kind, content)| mark(queue, kind, content.as_bytes()));
        assert_eq!(marks.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
        assert_eq!(marks[0].to_string(), "2641611c-c676-89c8-9d70-452c1439e778");
    }

    #[tokio::test]
    async fn of_equal_messages_each_new_one_is_handled_and_a_repeated_one_is_not() {
        let host = orders();
        let inbox = EventInbox::new(&host.deps());
        for (past, effects) in [(Past::New, 1), (Past::New, 1), (Past::Unsure, 0), (Past::New, 1)] {
            let delivered = inbox.deliver(&mut delivery(past)).await.unwrap();
            assert_eq!((delivered, host.counted()), (Delivered::Taken, effects), "{past:?}");
        }
    }

    #[tokio::test]
    async fn a_repeated_one_is_handled_once_its_mark_is_gone() {
        let host = orders();
        let inbox = EventInbox::new(&host.deps());
        let mut first = delivery(Past::Unsure);
        inbox.deliver(&mut first).await.unwrap();
        assert_eq!(host.counted(), 1);
        inbox.unmark(&[first.marked()]).await.unwrap();
        inbox.deliver(&mut delivery(Past::Unsure)).await.unwrap();
        assert_eq!(host.counted(), 1);
    }

    #[tokio::test]
    async fn what_is_rejected_is_set_aside_once_however_often_it_is_delivered() {
        let host = orders();
        host.script(|_| Reply::Fail(HandleFailure::Reject { reason: "no JSON".to_owned() }));
        let inbox = EventInbox::new(&host.deps());
        for past in [Past::New, Past::Unsure] {
            assert_eq!(inbox.deliver(&mut delivery(past)).await.unwrap(), Delivered::Taken);
        }
        let kept = host.store.all_kept();
        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].state, kept[0].reason.as_str()), (EventState::Quarantined, "no JSON"));
    }

    #[tokio::test]
    async fn two_equal_messages_that_fail_are_both_kept() {
        let host = orders();
        host.script(|_| Reply::Fail(trapped()));
        let inbox = EventInbox::new(&host.deps());
        for number in [1, 2] {
            let mut delivery = delivery(Past::New);
            delivery.message.id = EventId(uuid::Uuid::from_u128(number));
            inbox.deliver(&mut delivery).await.unwrap();
        }
        assert_eq!(host.store.all_kept().len(), 2);
    }

    #[tokio::test]
    async fn without_room_or_a_scheduler_nothing_is_kept_and_nothing_is_acknowledged() {
        let host = orders();
        host.script(|_| Reply::Full);
        let inbox = EventInbox::new(&host.deps());
        assert_eq!(inbox.deliver(&mut delivery(Past::New)).await.unwrap(), Delivered::HeldBack);
        host.plugins.activate(&jobs(), 2, &[]);
        assert_eq!(inbox.deliver(&mut delivery(Past::New)).await.unwrap(), Delivered::Unwanted);
        assert!(!inbox.wants("orders"));
        assert!(host.store.all_kept().is_empty());
    }

    #[tokio::test]
    async fn after_a_commit_in_doubt_the_mark_says_whether_it_happened() {
        let host = orders();
        let inbox = EventInbox::new(&host.deps());
        let mut delivery = delivery(Past::New);
        inbox.deliver(&mut delivery).await.unwrap();
        assert_eq!(host.counted(), 1);
        // The mark that it finds is its own.
        let mut again = Delivery::new(message("orders"), delivery.mark, Past::New);
        again.in_doubt(jobs());
        assert!(!again.is_untouched());
        inbox.deliver(&mut again).await.unwrap();
        assert_eq!(host.counted(), 0);
    }

    #[tokio::test]
    async fn a_mark_that_an_equal_message_left_refuses_nothing_new_whatever_the_database_does() {
        let host = orders();
        let inbox = EventInbox::new(&host.deps());
        // Left behind, such as by a host that was killed before it could remove it.
        inbox.deliver(&mut delivery(Past::New)).await.unwrap();
        assert_eq!(host.counted(), 1);
        let mut later = delivery(Past::New);
        later.message.at = second(60);
        host.store.set_down(true);
        assert!(inbox.deliver(&mut later).await.is_err());
        host.store.set_down(false);
        assert_eq!(inbox.deliver(&mut later).await.unwrap(), Delivered::Taken);
        assert_eq!(host.counted(), 1);
    }
}
