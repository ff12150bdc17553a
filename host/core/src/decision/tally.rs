//! What a replay comes to, batch by batch.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Damage, Decision, OrderDifference, Own, Replay, ReplayOptions, Unanswered, order::Pairs,
};
use crate::{
    PluginDigest, Priority, SchedulerId, Timestamp,
    input::{Columns, InputSpec},
};

/// A recorded batch that a ranker was asked about again.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// When it was decided.
    pub at: Timestamp,
    /// By which generation.
    pub generation: u64,
    /// Whether that was the same component with the same settings.
    pub own: bool,
    /// What it decided.
    pub priorities: &'a [Priority],
    /// How long it took.
    pub took: Duration,
}

/// What a replay comes to. Batches are told newest first.
#[derive(Debug)]
pub struct Tally {
    listed: usize,
    replay: Replay,
    skipped: BTreeMap<String, Unanswered>,
    pairs: Pairs,
}

impl Tally {
    /// Of a replay that has not begun.
    pub fn new(
        scheduler: SchedulerId,
        candidate: String,
        digest: PluginDigest,
        options: &ReplayOptions,
    ) -> Self {
        let replay = Replay {
            scheduler,
            candidate,
            digest,
            from: None,
            to: None,
            batches: 0,
            tasks: 0,
            same: 0,
            differ: 0,
            own: Own::default(),
            order: OrderDifference::default(),
            failed: Unanswered::default(),
            failure: None,
            skipped: Vec::new(),
            damages: Vec::new(),
            took_then: Duration::ZERO,
            took_now: Duration::ZERO,
        };
        let (skipped, pairs) = (BTreeMap::new(), Pairs::default());
        Self { listed: options.listed, replay, skipped, pairs }
    }

    /// A batch that the ranker answered; `columns` is what it was told, of `inputs`.
    pub fn answered(
        &mut self,
        asked: &Asked<'_>,
        answer: &[Priority],
        took: Duration,
        columns: &Columns,
        inputs: &[InputSpec],
    ) {
        let Self { listed, replay, pairs, .. } = self;
        let batch = replay.batches;
        let tasks = asked.priorities.len() as u64;
        let both = || asked.priorities.iter().zip(answer);
        let differ = both().filter(|(then, now)| then != now).count() as u64;
        replay.batches += 1;
        replay.tasks += tasks;
        replay.differ += differ;
        replay.same += tasks - differ;
        replay.took_then += asked.took;
        replay.took_now += took;
        replay.from = Some(replay.from.map_or(asked.at, |from| from.min(asked.at)));
        replay.to = Some(replay.to.map_or(asked.at, |to| to.max(asked.at)));
        pairs.push(asked.at, asked.generation, both());
        if !asked.own {
            return;
        }
        let own = &mut replay.own;
        own.batches += 1;
        own.tasks += tasks;
        own.differ += differ;
        let room = listed.saturating_sub(own.differences.len());
        let differing = (0_usize..).zip(both()).filter(|(_, (then, now))| then != now).take(room);
        own.differences.extend(differing.map(|(place, (then, now))| Decision {
            at: asked.at,
            generation: asked.generation,
            batch,
            place: place as u64,
            recorded: *then,
            replayed: *now,
            inputs: columns.row(inputs, place),
        }));
    }

    /// A batch on which the ranker failed.
    pub fn failed(&mut self, asked: &Asked<'_>, why: &str) {
        let tasks = asked.priorities.len() as u64;
        self.replay.failed.add(tasks);
        self.replay.failure.get_or_insert_with(|| why.to_owned());
        if asked.own {
            self.replay.own.batches += 1;
            self.replay.own.tasks += tasks;
            self.replay.own.failed += tasks;
        }
    }

    /// A batch about which the ranker was not asked.
    pub fn skipped(&mut self, tasks: usize, why: &str) {
        if let Some(skipped) = self.skipped.get_mut(why) {
            return skipped.add(tasks as u64);
        }
        let mut first = Unanswered::default();
        first.add(tasks as u64);
        self.skipped.insert(why.to_owned(), first);
    }

    /// A place in the records that cannot be read.
    pub fn damaged(&mut self, damage: Damage) {
        self.replay.damages.push(damage);
    }

    /// What it came to. Sorts up to a million tasks: not for the reactor.
    pub fn finish(self) -> Replay {
        let mut replay = self.replay;
        replay.order = self.pairs.compare(self.listed);
        replay.skipped = self.skipped.into_iter().collect();
        replay
    }
}

impl Unanswered {
    fn add(&mut self, tasks: u64) {
        self.batches += 1;
        self.tasks += tasks;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Column, ColumnValues, InputSource, InputType, InputValue};

    const OPTIONS: ReplayOptions =
        ReplayOptions { since: None, until: None, batches_max: None, listed: 2 };

    fn inputs() -> [InputSpec; 1] {
        let source = InputSource::Pointer("/level".to_owned());
        [InputSpec { name: "level".to_owned(), source, kind: InputType::Integer }]
    }

    fn tally() -> Tally {
        let jobs = SchedulerId::new("jobs").unwrap();
        Tally::new(jobs, "decay 1.0.0".to_owned(), PluginDigest([1; 32]), &OPTIONS)
    }

    fn asked(second: i64, own: bool, priorities: &[Priority]) -> Asked<'_> {
        let (at, took) = (Timestamp::from_millis(second * 1000), Duration::from_micros(5));
        Asked { at, generation: 3, own, priorities, took }
    }

    fn priorities(numbers: &[i64]) -> Vec<Priority> {
        numbers.iter().copied().map(Priority).collect()
    }

    fn answer(tally: &mut Tally, asked: &Asked<'_>, answer: &[i64]) {
        let values = ColumnValues::Integers((0..answer.len() as i64).collect());
        let columns = vec![Column { values, absent: vec![2] }];
        let columns = Columns { len: answer.len(), columns };
        let took = Duration::from_micros(2);
        tally.answered(asked, &priorities(answer), took, &columns, &inputs());
    }

    #[test]
    fn what_reproduces_its_own_decisions_is_exact_whatever_others_decided() {
        let mut tally = tally();
        let (own, other) = (priorities(&[1, 2, 3]), priorities(&[9, 8]));
        answer(&mut tally, &asked(9, true, &own), &[1, 2, 3]);
        answer(&mut tally, &asked(5, false, &other), &[1, 2]);
        let replay = tally.finish();
        assert_eq!(replay.exact(), Some(true));
        assert_eq!((replay.batches, replay.tasks, replay.same, replay.differ), (2, 5, 3, 2));
        assert_eq!((replay.own.batches, replay.own.tasks), (1, 3));
        assert_eq!(replay.from, Some(Timestamp::from_millis(5000)));
        assert_eq!(replay.to, Some(Timestamp::from_millis(9000)));
        assert_eq!((replay.took_then.as_micros(), replay.took_now.as_micros()), (10, 4));
    }

    #[test]
    fn the_first_own_differences_are_listed_with_what_the_ranker_was_told() {
        let mut tally = tally();
        let own = priorities(&[1, 2, 3, 4]);
        answer(&mut tally, &asked(9, true, &own), &[1, 7, 8, 9]);
        let replay = tally.finish();
        assert_eq!((replay.exact(), replay.own.differ), (Some(false), 3));
        let [first, second] = &replay.own.differences[..] else { panic!("{replay:?}") };
        assert_eq!((first.place, first.recorded, first.replayed), (1, Priority(2), Priority(7)));
        assert_eq!(first.inputs, [("level".to_owned(), InputValue::Integer(1))]);
        assert_eq!(second.inputs, [("level".to_owned(), InputValue::Absent)]);
    }

    #[test]
    fn a_failure_on_its_own_decisions_is_not_exact_and_nothing_recorded_says_nothing() {
        let mut tally = tally();
        assert_eq!(tally.replay.exact(), None);
        tally.failed(&asked(9, true, &priorities(&[1, 2])), "it trapped");
        tally.failed(&asked(9, true, &priorities(&[1])), "later");
        let replay = tally.finish();
        assert_eq!((replay.exact(), replay.batches), (Some(false), 0));
        assert_eq!(replay.failed, Unanswered { batches: 2, tasks: 3 });
        assert_eq!(replay.failure.as_deref(), Some("it trapped"));
    }

    #[test]
    fn what_was_not_asked_is_counted_by_its_reason() {
        let mut tally = tally();
        for (tasks, why) in [(4, "b"), (5, "a"), (6, "b")] {
            tally.skipped(tasks, why);
        }
        tally.damaged(Damage { file: "x".into(), at: 7, why: "torn".to_owned() });
        let replay = tally.finish();
        let expected = [
            ("a".to_owned(), Unanswered { batches: 1, tasks: 5 }),
            ("b".to_owned(), Unanswered { batches: 2, tasks: 10 }),
        ];
        assert_eq!(replay.skipped, expected);
        assert_eq!(replay.damages.len(), 1);
    }
}
