//! What was sent to the host and what it acknowledged, and whether the end fits both.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// What was sent and acknowledged. Threads share it.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Book>);

/// What the ledger holds.
#[derive(Default)]
pub(crate) struct Book {
    /// Tasks that were sent and not yet answered.
    sent: BTreeSet<String>,
    /// Tasks that the host said it has.
    acknowledged: BTreeSet<String>,
    /// Pushes that the host refused, since the same work is queued.
    pub(crate) duplicates: u64,
    /// How often each attempt was handed out.
    handed_out: BTreeMap<(String, u64), u64>,
    /// Tasks whose completion the host took.
    completed: BTreeSet<String>,
    /// Completions that were sent and not answered.
    completing: BTreeSet<String>,
    /// Pops that were sent and not answered.
    popping: u64,
    /// Calls that failed while the host was up.
    pub(crate) failures: Vec<String>,
}

/// What the host says of the tasks that no worker got.
pub(crate) struct Remaining {
    /// Handed out, but the answer was lost with the connection.
    pub(crate) on_the_way: BTreeSet<String>,
}

impl Ledger {
    /// The book, for one entry.
    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// A push is on its way.
    pub(crate) fn send(&mut self, id: &str) {
        self.sent.insert(id.to_owned());
    }

    /// The host has the task.
    pub(crate) fn acknowledge(&mut self, id: &str) {
        self.sent.remove(id);
        self.acknowledged.insert(id.to_owned());
    }

    /// The host refused the push: the same work is queued.
    pub(crate) fn refuse(&mut self, id: &str) {
        self.sent.remove(id);
        self.duplicates += 1;
    }

    /// A pop is on its way.
    pub(crate) fn pop(&mut self) {
        self.popping += 1;
    }

    /// The pop was answered with these tasks and their attempts.
    pub(crate) fn hand_out(&mut self, tasks: &[(String, u64)]) {
        self.popping = self.popping.saturating_sub(1);
        for task in tasks {
            *self.handed_out.entry(task.clone()).or_default() += 1;
        }
    }

    /// A pop outside of the traffic was answered with these tasks and their attempts.
    pub(crate) fn drain(&mut self, tasks: &[(String, u64)]) {
        self.pop();
        self.hand_out(tasks);
    }

    /// A completion is on its way.
    pub(crate) fn complete(&mut self, id: &str) {
        self.completing.insert(id.to_owned());
    }

    /// The host took the completion.
    pub(crate) fn completed(&mut self, id: &str) {
        self.completing.remove(id);
        self.completed.insert(id.to_owned());
    }

    /// A call failed though the host was up.
    pub(crate) fn fail(&mut self, what: String) {
        self.failures.push(what);
    }

    /// How many tasks the host acknowledged, handed out and took as completed.
    pub(crate) fn totals(&self) -> (usize, usize, usize) {
        (self.acknowledged.len(), self.handed_out.len(), self.completed.len())
    }

    /// Tasks in flight: pushes, pops and completions without an answer.
    pub(crate) fn in_flight(&self) -> (usize, u64, usize) {
        (self.sent.len(), self.popping, self.completing.len())
    }

    /// Acknowledged tasks that no worker got so far.
    pub(crate) fn unseen(&self) -> BTreeSet<String> {
        let seen: BTreeSet<&String> = self.handed_out.keys().map(|(id, _)| id).collect();
        self.acknowledged.iter().filter(|id| !seen.contains(id)).cloned().collect()
    }

    /// Everything that does not fit, once the queue was popped empty. `limit` is the most tasks
    /// that one pop takes.
    pub(crate) fn violations(&self, remaining: &Remaining, limit: u64) -> Vec<String> {
        let mut found: Vec<String> = self.failures.clone();
        let twice = self.handed_out.iter().filter(|(_, times)| **times > 1);
        found.extend(twice.map(|((id, attempt), times)| {
            format!("attempt {attempt} of task {id} was handed out {times} times")
        }));
        let lost = self.unseen();
        let lost = lost.difference(&remaining.on_the_way);
        found.extend(lost.map(|id| format!("task {id} was acknowledged and is gone")));
        if remaining.on_the_way.len() as u64 > self.popping * limit {
            found.push(format!(
                "{} tasks are handed out and no worker has them, but only {} pops were cut off",
                remaining.on_the_way.len(),
                self.popping
            ));
        }
        let stray = self.handed_out.keys().map(|(id, _)| id);
        let stray = stray.filter(|id| !self.acknowledged.contains(*id) && !self.sent.contains(*id));
        found.extend(stray.map(|id| format!("task {id} was handed out and never pushed")));
        found
    }

    /// Whether a number of completed tasks fits: all that were acknowledged, and at most those
    /// that were on their way.
    pub(crate) fn fits_completed(&self, completed: usize) -> bool {
        let least = self.completed.len();
        (least..=least + self.completing.len()).contains(&completed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none() -> Remaining {
        Remaining { on_the_way: BTreeSet::new() }
    }

    fn got(id: &str, attempt: u64) -> Vec<(String, u64)> {
        vec![(id.to_owned(), attempt)]
    }

    #[test]
    fn an_acknowledged_task_that_is_nowhere_is_a_violation() {
        let mut book = Book::default();
        book.send("a");
        book.acknowledge("a");
        assert_eq!(book.violations(&none(), 1), ["task a was acknowledged and is gone"]);
        book.hand_out(&got("a", 1));
        assert!(book.violations(&none(), 1).is_empty());
    }

    #[test]
    fn a_task_on_its_way_to_a_worker_needs_a_pop_that_was_cut_off() {
        let mut book = Book::default();
        book.acknowledge("a");
        let remaining = Remaining { on_the_way: BTreeSet::from(["a".to_owned()]) };
        assert_eq!(book.violations(&remaining, 1).len(), 1);
        book.pop();
        assert!(book.violations(&remaining, 1).is_empty());
    }

    #[test]
    fn an_attempt_for_two_workers_is_a_violation_and_a_second_attempt_is_not() {
        let mut book = Book::default();
        book.acknowledge("a");
        book.hand_out(&got("a", 1));
        book.hand_out(&got("a", 2));
        assert!(book.violations(&none(), 1).is_empty());
        book.hand_out(&got("a", 2));
        assert_eq!(book.violations(&none(), 1), ["attempt 2 of task a was handed out 2 times"]);
    }

    #[test]
    fn an_unanswered_push_may_have_happened_but_an_unsent_one_may_not() {
        let mut book = Book::default();
        book.send("a");
        book.hand_out(&got("a", 1));
        assert!(book.violations(&none(), 1).is_empty());
        book.hand_out(&got("b", 1));
        assert_eq!(book.violations(&none(), 1), ["task b was handed out and never pushed"]);
    }

    #[test]
    fn completions_on_their_way_may_count() {
        let mut book = Book::default();
        book.complete("a");
        book.completed("a");
        book.complete("b");
        assert_eq!([0, 1, 2, 3].map(|n| book.fits_completed(n)), [false, true, true, false]);
    }
}
