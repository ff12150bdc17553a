//! What is known of the deliveries of a queue, over all sessions.
//!
//! Two rules make marks of content exact:
//!
//! - Of equal messages one at a time is handled. The next begins when the acknowledgement of the
//!   one before has reached the broker and its mark is gone; so a mark stands for one message.
//! - When a session is lost, it is remembered how many deliveries of each content were certainly not
//!   handled, and how many were handled but perhaps not acknowledged. The broker sends the former
//!   again, perhaps the latter, and perhaps some that were lost on the way here; it calls all of
//!   them repeated. As equal messages are interchangeable, the first so many are handled, the next so
//!   many are told by their mark, and any others are handled.

use std::collections::{BTreeMap, HashMap, VecDeque};

use hinny_core::EventId;

use super::arrival::{Arrival, Content};
use crate::delivery::{Delivery, Mark, Past};

/// What is known of the deliveries of a queue.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Marks of which a message is under way, with those that are equal and wait for it.
    busy: BTreeMap<EventId, VecDeque<Arrival>>,
    /// Acknowledged since the last fence.
    acknowledged: Vec<Mark>,
    /// How many deliveries of lost sessions were certainly not handled.
    owed: HashMap<EventId, u32>,
    /// Deliveries of lost sessions that were handled, and may or may not come again.
    doubtful: HashMap<EventId, Doubt>,
    /// How many of those have come again, and are not acknowledged yet.
    returned: HashMap<EventId, u32>,
}

/// Handled deliveries of one content that may come again.
#[derive(Debug)]
struct Doubt {
    mark: Mark,
    count: u32,
}

impl Book {
    /// Takes a message that came; the answer is what is to be handled now.
    pub(super) fn arrive(&mut self, tag: u64, content: Content) -> Option<Arrival> {
        let Content { message, mark, repeated, named } = content;
        if named {
            let delivery = Delivery::new(message, mark, Past::Unsure);
            return Some(Arrival { tag, delivery, named, returned: false });
        }
        let past =
            if !repeated || take_one(&mut self.owed, mark) { Past::New } else { Past::Unsure };
        let returned = past == Past::Unsure && self.returns(mark);
        let delivery = Delivery::new(message, mark, past);
        let arrival = Arrival { tag, delivery, named, returned };
        if let Some(waiting) = self.busy.get_mut(&mark) {
            waiting.push_back(arrival);
            return None;
        }
        self.busy.insert(mark, VecDeque::new());
        Some(arrival)
    }

    /// Whether one that was handled comes again.
    fn returns(&mut self, mark: EventId) -> bool {
        let Some(doubt) = self.doubtful.get_mut(&mark) else { return false };
        doubt.count -= 1;
        if doubt.count == 0 {
            self.doubtful.remove(&mark);
        }
        *self.returned.entry(mark).or_default() += 1;
        true
    }

    /// A message was acknowledged.
    pub(super) fn acknowledge(&mut self, arrival: Arrival) {
        if arrival.returned {
            take_one(&mut self.returned, arrival.delivery.mark);
        }
        if !arrival.named {
            self.acknowledged.push(arrival.delivery.marked());
        }
    }

    /// A message was not acknowledged, and the broker will send it again.
    pub(super) fn give_back(&mut self, arrival: Arrival) {
        if arrival.named {
            return;
        }
        let mark = arrival.delivery.mark;
        if arrival.returned {
            take_one(&mut self.returned, mark);
        }
        if arrival.returned || arrival.delivery.is_touched() {
            self.doubt(arrival.delivery.marked());
        } else if arrival.delivery.is_untouched() {
            *self.owed.entry(mark).or_default() += 1;
        }
        for waiting in self.busy.remove(&mark).unwrap_or_default() {
            self.give_back(waiting);
        }
    }

    fn doubt(&mut self, mark: Mark) {
        match self.doubtful.get_mut(&mark.event) {
            Some(doubt) => {
                doubt.mark.merge(mark);
                doubt.count += 1;
            }
            None => {
                self.doubtful.insert(mark.event, Doubt { mark, count: 1 });
            }
        }
    }

    /// What was acknowledged since the last fence.
    pub(super) fn take_acknowledged(&mut self) -> Vec<Mark> {
        std::mem::take(&mut self.acknowledged)
    }

    /// Those marks that may be forgotten when the broker knows that their messages were handled.
    pub(super) fn forgettable(&self, marks: &[Mark]) -> Vec<Mark> {
        let needed = |mark: &Mark| {
            self.doubtful.contains_key(&mark.event) || self.returned.contains_key(&mark.event)
        };
        marks.iter().filter(|mark| !needed(mark)).cloned().collect()
    }

    /// The marks of acknowledged messages are gone; the answer is what is to be handled now.
    pub(super) fn forgotten(&mut self, marks: &[Mark]) -> Vec<Arrival> {
        let next = |mark: &Mark| {
            let next = self.busy.get_mut(&mark.event).and_then(VecDeque::pop_front);
            if next.is_none() {
                self.busy.remove(&mark.event);
            }
            next
        };
        marks.iter().filter_map(next).collect()
    }

    /// The session is over. The marks are of messages that were acknowledged, perhaps in vain.
    pub(super) fn end_session(&mut self, fencing: Vec<Mark>) {
        for mark in fencing.into_iter().chain(self.take_acknowledged()) {
            self.doubt(mark);
        }
        for waiting in std::mem::take(&mut self.busy).into_values().flatten() {
            self.give_back(waiting);
        }
    }

    /// Whatever was to come again has come: the marks that nobody needs any more. Not to be called
    /// while the broker is being asked what it knows.
    pub(super) fn settle(&mut self) -> Vec<Mark> {
        self.owed.clear();
        let doubtful = std::mem::take(&mut self.doubtful);
        let marks = doubtful.into_values().map(|doubt| doubt.mark);
        marks.filter(|mark| !self.busy.contains_key(&mark.event)).collect()
    }

    /// How many wait for an equal one.
    pub(super) fn waiting(&self) -> usize {
        self.busy.values().map(VecDeque::len).sum()
    }
}

fn take_one(counts: &mut HashMap<EventId, u32>, mark: EventId) -> bool {
    let Some(count) = counts.get_mut(&mark) else { return false };
    *count -= 1;
    if *count == 0 {
        counts.remove(&mark);
    }
    true
}

#[cfg(test)]
mod tests {
    use hinny_core::event::EventOutcome;

    use super::*;
    use crate::{
        delivery::mark,
        fakes::{jobs, message},
    };

    fn content(text: &str, repeated: bool) -> Content {
        let mark = mark("q", "body", text.as_bytes());
        Content { message: message("orders"), mark, repeated, named: false }
    }

    fn handled(mut arrival: Arrival) -> Arrival {
        arrival.delivery.done(jobs(), EventOutcome::Repeated);
        arrival
    }

    /// Handles what came, and hears that the broker knows.
    fn handle(book: &mut Book, arrival: Arrival) -> Vec<Arrival> {
        book.acknowledge(handled(arrival));
        let marks = book.take_acknowledged();
        for mark in book.forgettable(&marks) {
            assert_eq!(mark.event, content("a", false).mark);
        }
        book.forgotten(&marks)
    }

    #[test]
    fn equal_messages_are_handled_one_after_the_other_and_others_side_by_side() {
        let mut book = Book::default();
        let first = book.arrive(1, content("a", false)).unwrap();
        assert!(book.arrive(2, content("a", false)).is_none());
        assert!(book.arrive(3, content("b", false)).is_some());
        assert!(book.arrive(4, content("a", true)).is_none());
        assert_eq!(book.waiting(), 2);
        let second = handle(&mut book, first).remove(0);
        assert_eq!((second.tag, second.delivery.past), (2, Past::New));
        let third = handle(&mut book, second).remove(0);
        assert_eq!((third.tag, third.delivery.past), (4, Past::Unsure));
        assert!(handle(&mut book, third).is_empty());
        assert!(book.arrive(5, content("a", false)).is_some());
    }

    #[test]
    fn what_was_not_handled_is_as_new_when_it_comes_again() {
        let mut book = Book::default();
        let first = book.arrive(1, content("a", false)).unwrap();
        assert!(book.arrive(2, content("a", false)).is_none());
        // The first is acknowledged, the second waits for that; then the connection is lost.
        book.acknowledge(handled(first));
        book.end_session(Vec::new());
        // Whether the first or the second comes, one is to be handled.
        let again = book.arrive(1, content("a", true)).unwrap();
        assert_eq!(again.delivery.past, Past::New);
        book.acknowledge(handled(again));
        // And if both come, the other is not: its mark is still needed.
        let marks = book.take_acknowledged();
        assert!(book.forgettable(&marks).is_empty());
        assert!(book.forgotten(&marks).is_empty());
        let other = book.arrive(2, content("a", true)).unwrap();
        assert_eq!(other.delivery.past, Past::Unsure);
        // A third one was lost on its way here: once the mark has done its work, it goes.
        assert!(book.arrive(3, content("a", true)).is_none());
        book.acknowledge(handled(other));
        let marks = book.take_acknowledged();
        assert_eq!(book.forgettable(&marks), marks);
        assert_eq!(book.forgotten(&marks).len(), 1);
    }

    #[test]
    fn what_was_given_back_half_done_is_told_by_its_mark() {
        let mut book = Book::default();
        let mut half = book.arrive(1, content("a", false)).unwrap();
        half.delivery.in_doubt(jobs());
        book.give_back(half);
        book.end_session(Vec::new());
        assert_eq!(book.arrive(1, content("a", true)).unwrap().delivery.past, Past::Unsure);
    }

    #[test]
    fn marks_in_doubt_are_forgotten_once_nothing_comes_again() {
        let mut book = Book::default();
        for (tag, text) in [(1, "a"), (2, "b")] {
            let arrival = book.arrive(tag, content(text, false)).unwrap();
            book.acknowledge(handled(arrival));
        }
        let fencing = book.take_acknowledged();
        book.end_session(fencing);
        // One comes again, and is under way when the doubts end: from then on it is like any other.
        let again = book.arrive(1, content("a", true)).unwrap();
        assert_eq!(again.delivery.past, Past::Unsure);
        let settled: Vec<_> = book.settle().into_iter().map(|mark| mark.event).collect();
        assert_eq!(settled, [content("b", false).mark]);
        assert!(book.doubtful.is_empty() && book.owed.is_empty());
        book.acknowledge(handled(again));
        let marks = book.take_acknowledged();
        assert_eq!(book.forgettable(&marks), marks);
    }

    #[test]
    fn messages_with_a_name_need_no_order_and_keep_their_marks() {
        let mut book = Book::default();
        let named = || Content { named: true, ..content("a", false) };
        let first = book.arrive(1, named()).unwrap();
        assert_eq!(first.delivery.past, Past::Unsure);
        assert!(book.arrive(2, named()).is_some());
        book.acknowledge(handled(first));
        assert!(book.take_acknowledged().is_empty());
    }
}
