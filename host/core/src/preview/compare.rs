//! Two orders of the same tasks, side by side.

use std::{cmp::Reverse, collections::BTreeMap};

use super::{
    Compared, Comparison, HEADS, Mover, OLD_ONE_IN, Oldest, Overlap, Places, SHARE_POPS, Share,
    inverse,
};
use crate::Organisation;

/// Compares two orders; the answer also has the tasks that would move furthest forward and back, at
/// most `movers` of each. A task that is there twice counts once, as it came last.
pub fn compare(mut tasks: Vec<Compared>, movers: usize) -> (Comparison, Vec<Mover>, Vec<Mover>) {
    tasks.reverse();
    tasks.sort_by_key(|task| task.task);
    tasks.dedup_by_key(|task| task.task);
    tasks.sort_by_key(|task| (task.now, task.created_at, task.task));
    let places = places(&tasks);
    let comparison = Comparison {
        tasks: tasks.len() as u64,
        moved: places.moved(),
        kendall_tau: places.kendall_tau(),
        overlaps: HEADS.iter().filter_map(|first| overlap(&places, *first)).collect(),
        shares: shares(&tasks, &places),
        oldest: oldest(&tasks, &places),
    };
    let listed = |moves: Vec<(u32, u32)>| {
        let mover = |(now, then)| Some(mover(tasks.get(now as usize)?, now, then));
        moves.into_iter().filter_map(mover).collect()
    };
    let (forward, back) = (listed(places.forward(movers)), listed(places.back(movers)));
    (comparison, forward, back)
}

/// Of tasks in the order of now.
fn places(tasks: &[Compared]) -> Places {
    let mut by_then: Vec<u32> = (0..tasks.len() as u32).collect();
    by_then.sort_by_key(|at| {
        tasks.get(*at as usize).map(|task| (task.then, task.created_at, task.task))
    });
    Places::new(inverse(by_then.into_iter(), tasks.len()))
}

/// None when all tasks are among the first so many.
fn overlap(places: &Places, first: u64) -> Option<Overlap> {
    let in_both = |(now, then): &(u32, u32)| u64::from((*now).max(*then)) < first;
    let same = places.pairs().filter(in_both).count() as u64;
    ((places.len() as u64) > first).then_some(Overlap { first, same })
}

fn shares(tasks: &[Compared], places: &Places) -> Vec<Share> {
    let mut shares = BTreeMap::<&str, (u64, u64)>::new();
    for (task, (now, then)) in tasks.iter().zip(places.pairs()) {
        let (is_now, is_then) = (u64::from(now) < SHARE_POPS, u64::from(then) < SHARE_POPS);
        if is_now || is_then {
            let organisation = task.organisation.as_ref().map_or("", Organisation::as_str);
            let share = shares.entry(organisation).or_default();
            share.0 += u64::from(is_now);
            share.1 += u64::from(is_then);
        }
    }
    let share = |(organisation, (now, then)): (&str, _)| Share {
        organisation: organisation.to_owned(),
        now,
        then,
    };
    let mut shares: Vec<_> = shares.into_iter().map(share).collect();
    shares.sort_by_key(|share| Reverse(share.now));
    shares
}

fn oldest(tasks: &[Compared], places: &Places) -> Option<Oldest> {
    let last = tasks.len().checked_sub(1)?;
    let mut by_age: Vec<_> = tasks.iter().map(|task| task.created_at).zip(places.pairs()).collect();
    let count = (tasks.len() / OLD_ONE_IN as usize).max(1);
    by_age.select_nth_unstable_by_key(count - 1, |(created_at, (now, _))| (*created_at, *now));
    let mean = |place: fn((u32, u32)) -> u32| {
        let sum: u64 = by_age.iter().take(count).map(|(_, pair)| u64::from(place(*pair))).sum();
        sum as f64 / count as f64 / last.max(1) as f64
    };
    Some(Oldest { tasks: count as u64, now: mean(|pair| pair.0), then: mean(|pair| pair.1) })
}

fn mover(task: &Compared, now: u32, then: u32) -> Mover {
    Mover {
        task: task.task,
        organisation: task.organisation.clone(),
        from: u64::from(now) + 1,
        to: u64::from(then) + 1,
        priority: task.now,
        candidate_priority: task.then,
        explanation: None,
        candidate_explanation: None,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{Priority, TaskId, Timestamp};

    fn task(number: u32, organisation: &str, now: i64, then: i64) -> Compared {
        Compared {
            task: TaskId(Uuid::from_u128(number.into())),
            organisation: Some(Organisation::new(organisation).unwrap()),
            created_at: Timestamp::from_millis(number.into()),
            now: Priority(now),
            then: Priority(then),
        }
    }

    fn shown(movers: &[Mover]) -> Vec<(u128, u64, u64)> {
        movers.iter().map(|mover| (mover.task.0.as_u128(), mover.from, mover.to)).collect()
    }

    #[test]
    fn the_same_ranks_move_nothing() {
        let tasks = (0..2000).map(|number| task(number, "acme", 5, 5)).collect();
        let (comparison, forward, back) = compare(tasks, 10);
        assert_eq!((comparison.tasks, comparison.moved), (2000, 0));
        assert_eq!(comparison.kendall_tau, Some(1.0));
        assert!(comparison.overlaps.iter().all(|overlap| overlap.first == overlap.same));
        assert_eq!(comparison.overlaps.len(), HEADS.len());
        assert_eq!(
            comparison.shares,
            [Share { organisation: "acme".to_owned(), now: 1000, then: 1000 }]
        );
        assert!(forward.is_empty() && back.is_empty());
    }

    #[test]
    fn those_that_move_furthest_are_listed_with_their_positions() {
        // Now 1 2 3 4 5, then 5 1 2 4 3.
        let tasks = vec![
            task(1, "a", 1, 20),
            task(2, "a", 2, 30),
            task(3, "a", 3, 50),
            task(4, "a", 4, 40),
            task(5, "b", 5, 10),
        ];
        let (comparison, forward, back) = compare(tasks, 2);
        assert_eq!(shown(&forward), [(5, 5, 1)]);
        assert_eq!(shown(&back), [(3, 3, 5), (1, 1, 2)]);
        assert_eq!(comparison.moved, 4);
        assert_eq!(comparison.kendall_tau, Some(1.0 - 4.0 * 5.0 / 20.0));
        assert_eq!(comparison.overlaps, []);
    }

    #[test]
    fn shares_and_overlaps_are_of_the_head() {
        // 1,500 of each: now those of `a` go first, then those of `b`.
        let tasks = (0..3000).map(|number| {
            let first = number < 1500;
            task(number, if first { "a" } else { "b" }, i64::from(!first), i64::from(first))
        });
        let (comparison, ..) = compare(tasks.collect(), 1);
        let share = |organisation: &str, now, then| Share {
            organisation: organisation.to_owned(),
            now,
            then,
        };
        assert_eq!(comparison.shares, [share("a", 1000, 0), share("b", 0, 1000)]);
        assert_eq!(comparison.overlaps.iter().map(|one| one.same).collect::<Vec<_>>(), [0, 0, 0]);
        let oldest = comparison.oldest.unwrap();
        assert_eq!(oldest.tasks, 30);
        assert!(oldest.now < 0.01 && (0.49..0.52).contains(&oldest.then), "{oldest:?}");
    }

    #[test]
    fn a_task_that_is_there_twice_counts_as_it_came_last() {
        let (comparison, forward, _) =
            compare(vec![task(1, "a", 9, 9), task(2, "a", 5, 5), task(1, "a", 9, 1)], 5);
        assert_eq!(comparison.tasks, 2);
        assert_eq!(shown(&forward), [(1, 2, 1)]);
    }

    #[test]
    fn an_empty_queue_compares_to_nothing() {
        let (comparison, forward, back) = compare(Vec::new(), 5);
        assert_eq!(comparison, Comparison::default());
        assert!(forward.is_empty() && back.is_empty());
    }
}
