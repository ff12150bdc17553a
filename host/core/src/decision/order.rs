//! Two orders of the same decisions, side by side.

use super::{COMPARED_MAX, Decision, MovedDecision, OrderDifference};
use crate::{
    Priority, Timestamp,
    preview::{Places, inverse},
};

/// The recorded and the replayed priority of each task, in batches, newest first.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    batches: Vec<Batch>,
    pairs: Vec<(Priority, Priority)>,
}

#[derive(Debug, Clone, Copy)]
struct Batch {
    at: Timestamp,
    generation: u64,
    /// Where its tasks begin.
    start: usize,
}

impl Pairs {
    /// Adds a batch, as far as there is room.
    pub(super) fn push<'a>(
        &mut self,
        at: Timestamp,
        generation: u64,
        pairs: impl Iterator<Item = (&'a Priority, &'a Priority)>,
    ) {
        let room = COMPARED_MAX.saturating_sub(self.pairs.len());
        if room == 0 {
            return;
        }
        self.batches.push(Batch { at, generation, start: self.pairs.len() });
        self.pairs.extend(pairs.take(room).map(|(recorded, replayed)| (*recorded, *replayed)));
    }

    /// Compares the order by the recorded priorities to that by the replayed ones. Where they are
    /// the same, what was decided first goes first.
    pub(super) fn compare(&self, listed_max: usize) -> OrderDifference {
        let compared = self.pairs.len() as u64;
        if self.pairs.iter().all(|(recorded, replayed)| recorded == replayed) {
            let kendall_tau = (compared > 1).then_some(1.0);
            return OrderDifference { compared, kendall_tau, ..OrderDifference::default() };
        }
        let oldest_first = self.oldest_first();
        let replayed = self.ordered(&oldest_first, |(_, replayed)| *replayed);
        let to = inverse(replayed.into_iter(), self.pairs.len());
        let tasks = self.ordered(&oldest_first, |(recorded, _)| *recorded);
        let then = tasks.iter().filter_map(|task| to.get(*task as usize).copied());
        let places = Places::new(then.collect());
        let listed = |moves: Vec<(u32, u32)>| {
            moves.into_iter().filter_map(|(from, to)| self.moved(&tasks, from, to)).collect()
        };
        OrderDifference {
            compared,
            moved: places.moved(),
            kendall_tau: places.kendall_tau(),
            forward: listed(places.forward(listed_max)),
            back: listed(places.back(listed_max)),
        }
    }

    /// The tasks as they were decided.
    fn oldest_first(&self) -> Vec<u32> {
        let mut end = self.pairs.len();
        let mut tasks = Vec::with_capacity(end);
        for batch in self.batches.iter().rev() {
            tasks.extend(batch.start as u32..end as u32);
            end = batch.start;
        }
        tasks
    }

    /// The tasks in the order of a priority.
    fn ordered(
        &self,
        oldest_first: &[u32],
        priority: fn(&(Priority, Priority)) -> Priority,
    ) -> Vec<u32> {
        let key = |(age, task): (u32, &u32)| {
            let priority = self.pairs.get(*task as usize).map(priority);
            (priority.unwrap_or(Priority::MAX), age, *task)
        };
        let mut ordered: Vec<_> = (0..).zip(oldest_first).map(key).collect();
        ordered.sort_unstable();
        ordered.into_iter().map(|(.., task)| task).collect()
    }

    /// A task by its place in the recorded order, which is that of `tasks`.
    fn moved(&self, tasks: &[u32], from: u32, to: u32) -> Option<MovedDecision> {
        let task = *tasks.get(from as usize)? as usize;
        // Of batches that begin at the same place, only the last has tasks.
        let batch = self.batches.partition_point(|batch| batch.start <= task).checked_sub(1)?;
        let Batch { at, generation, start } = *self.batches.get(batch)?;
        let (recorded, replayed) = *self.pairs.get(task)?;
        let decision = Decision {
            at,
            generation,
            batch: batch as u64,
            place: (task - start) as u64,
            recorded,
            replayed,
            inputs: Vec::new(),
        };
        let (from, to) = (u64::from(from) + 1, u64::from(to) + 1);
        Some(MovedDecision { decision, from, to })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(pairs: &mut Pairs, second: i64, priorities: &[(i64, i64)]) {
        let priorities: Vec<_> =
            priorities.iter().map(|(then, now)| (Priority(*then), Priority(*now))).collect();
        let at = Timestamp::from_millis(second * 1000);
        pairs.push(at, 1, priorities.iter().map(|(then, now)| (then, now)));
    }

    /// Batch, place in it, place before, place after.
    fn shown(moved: &[MovedDecision]) -> Vec<(u64, u64, u64, u64)> {
        let shown = |moved: &MovedDecision| {
            (moved.decision.batch, moved.decision.place, moved.from, moved.to)
        };
        moved.iter().map(shown).collect()
    }

    #[test]
    fn the_same_priorities_move_nothing() {
        let mut pairs = Pairs::default();
        push(&mut pairs, 2, &[(5, 5), (3, 3)]);
        let order = pairs.compare(5);
        assert_eq!((order.compared, order.moved, order.kendall_tau), (2, 0, Some(1.0)));
        assert_eq!(Pairs::default().compare(5), OrderDifference::default());
    }

    #[test]
    fn what_moves_furthest_is_listed_with_where_it_was_decided() {
        let mut pairs = Pairs::default();
        // Recorded: b c d e a. Replayed: a b c e d.
        push(&mut pairs, 9, &[(50, 1)]);
        push(&mut pairs, 8, &[]);
        push(&mut pairs, 7, &[(10, 10), (20, 20), (30, 40), (40, 30)]);
        let order = pairs.compare(2);
        assert_eq!(shown(&order.forward), [(0, 0, 5, 1)]);
        assert_eq!(shown(&order.back), [(2, 2, 3, 5), (2, 0, 1, 2)]);
        assert_eq!(order.back[0].decision.at, Timestamp::from_millis(7000));
        assert_eq!(order.moved, 4);
        assert_eq!(order.kendall_tau, Some(1.0 - 4.0 * 5.0 / 20.0));
    }

    #[test]
    fn of_equal_priorities_the_older_decision_goes_first() {
        let mut pairs = Pairs::default();
        push(&mut pairs, 9, &[(5, 5)]);
        push(&mut pairs, 7, &[(5, 5), (5, 6)]);
        let order = pairs.compare(5);
        assert_eq!(shown(&order.forward), [(0, 0, 3, 2)]);
        assert_eq!(shown(&order.back), [(1, 1, 2, 3)]);
    }

    #[test]
    fn the_newest_are_compared_when_there_are_too_many() {
        let mut pairs = Pairs::default();
        let many: Vec<_> = (0..COMPARED_MAX as i64).map(|number| (number, number + 1)).collect();
        push(&mut pairs, 9, &many[..10]);
        push(&mut pairs, 8, &many);
        push(&mut pairs, 7, &[(0, 9)]);
        let order = pairs.compare(1);
        assert_eq!((order.compared, order.moved), (COMPARED_MAX as u64, 0));
    }
}
