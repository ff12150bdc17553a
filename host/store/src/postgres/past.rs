//! Counts of tasks as they were pushed, which stay what they are.
//!
//! A page of a list says how many tasks match in all, and to count them takes a microsecond or two
//! each, for every page anew. But what was pushed hardly ever changes, and new tasks come at the end.
//! So of tasks from before some moment the number is remembered, and only later ones are counted.
//! Whatever touches a task from before that moment ends the era, and with it all that is remembered.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use crate::commit::Changes;

/// How far before the newest task the past ends, in microseconds. Tasks are not committed in exactly
/// the order in which they were created, and one that comes later than this costs the era.
const AGE: i64 = 5_000_000;

/// Fewer are counted at once.
const COUNT_MIN: u64 = 500;

/// Most questions that are remembered; one more, and all are forgotten.
const QUESTIONS_MAX: usize = 256;

/// The longest question that is remembered, in bytes.
const QUESTION_MAX: usize = 4096;

/// The tasks that are old enough not to change, and what is known of them.
pub(crate) struct Past {
    /// The latest end of a past of which something is known, in microseconds.
    end: AtomicI64,
    era: AtomicU64,
    counts: Mutex<HashMap<String, Remembered>>,
}

/// A number that stays true for an era.
#[derive(Debug, Clone, Copy)]
struct Remembered {
    era: u64,
    sum: Sum,
}

/// How many tasks from before a moment match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sum {
    /// In microseconds.
    pub(crate) before: i64,
    pub(crate) count: u64,
}

/// A count that is being made.
pub(crate) struct Count<'a> {
    past: &'a Past,
    question: String,
    era: u64,
    /// What need not be counted again.
    pub(crate) known: Option<Sum>,
    /// Tasks from before this moment will not change, in microseconds.
    pub(crate) end: i64,
}

impl Past {
    /// Nothing is known.
    pub(crate) fn new() -> Self {
        let (end, era) = (AtomicI64::new(i64::MIN), AtomicU64::new(0));
        Self { end, era, counts: Mutex::default() }
    }

    /// Begins to count, before anything is read; `newest` is when the newest task was created.
    pub(crate) fn count(&self, question: String, newest: i64) -> Count<'_> {
        // In this order: a commit that comes between is seen by one of the two.
        let era = self.era.load(Ordering::SeqCst);
        let known = self.counts().get(&question).filter(|known| known.era == era).copied();
        let known = known.map(|known| known.sum);
        let end = newest.saturating_sub(AGE).max(known.map_or(i64::MIN, |sum| sum.before));
        self.end.fetch_max(end, Ordering::SeqCst);
        Count { past: self, question, era, known, end }
    }

    /// Takes in what was committed.
    pub(crate) fn committed(&self, changes: &Changes) {
        let end = self.end.load(Ordering::SeqCst);
        let pushed = changes.pushed.iter().map(|push| push.task.created_at);
        let mut new = pushed.chain(changes.imported.iter().map(|stored| stored.task.created_at));
        let is_touched = changes.tasks.iter().any(|stored| stored.rewritten)
            || new.any(|created_at| created_at.as_micros() < end);
        if is_touched {
            self.end_era();
        }
    }

    /// Forgets everything, also what is being counted.
    pub(crate) fn end_era(&self) {
        self.era.fetch_add(1, Ordering::SeqCst);
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<String, Remembered>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count<'_> {
    /// Remembers how many there are from before the end of the past.
    pub(crate) fn remember(self, count: u64) {
        if count < COUNT_MIN || self.question.len() > QUESTION_MAX {
            return;
        }
        let sum = Sum { before: self.end, count };
        let mut counts = self.past.counts();
        if counts.len() >= QUESTIONS_MAX && !counts.contains_key(&self.question) {
            counts.clear();
        }
        counts.insert(self.question, Remembered { era: self.era, sum });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEWEST: i64 = 10 * AGE;

    fn known(past: &Past) -> Option<Sum> {
        past.count("q".to_owned(), NEWEST).known
    }

    #[test]
    fn what_was_counted_is_known_until_the_era_ends() {
        let past = Past::new();
        assert_eq!(known(&past), None);
        past.count("q".to_owned(), NEWEST).remember(1_000);
        assert_eq!(known(&past), Some(Sum { before: NEWEST - AGE, count: 1_000 }));
        assert_eq!(past.count("other".to_owned(), NEWEST).known, None);
        past.end_era();
        assert_eq!(known(&past), None);
    }

    #[test]
    fn what_was_counted_while_an_era_ended_is_not_remembered() {
        let past = Past::new();
        let count = past.count("q".to_owned(), NEWEST);
        past.end_era();
        count.remember(1_000);
        assert_eq!(known(&past), None);
    }

    #[test]
    fn the_end_of_what_is_known_never_moves_back() {
        let past = Past::new();
        past.count("q".to_owned(), NEWEST).remember(1_000);
        assert_eq!(past.count("q".to_owned(), 0).end, NEWEST - AGE);
    }

    #[test]
    fn few_and_endless_questions_are_not_remembered() {
        let past = Past::new();
        past.count("q".to_owned(), NEWEST).remember(COUNT_MIN - 1);
        assert_eq!(known(&past), None);
        let long = "q".repeat(QUESTION_MAX + 1);
        past.count(long.clone(), NEWEST).remember(1_000);
        assert_eq!(past.count(long, NEWEST).known, None);
        for number in 0..=QUESTIONS_MAX {
            past.count(number.to_string(), NEWEST).remember(1_000);
        }
        assert_eq!(past.counts().len(), 1);
    }
}
