//! The places of the same tasks in two orders.

use std::cmp::Reverse;

use super::tau::kendall_tau;

/// Of each task, in the order of now, its place in the other order; both from 0.
#[derive(Debug)]
pub(crate) struct Places(Vec<u32>);

impl Places {
    /// Of the places in the other order.
    pub(crate) fn new(then: Vec<u32>) -> Self {
        Self(then)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Its place now and then, of each task.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        (0..).zip(self.0.iter().copied())
    }

    /// How many have another place.
    pub(crate) fn moved(&self) -> u64 {
        self.pairs().filter(|(now, then)| now != then).count() as u64
    }

    /// How alike the orders are; none with fewer than two tasks.
    pub(crate) fn kendall_tau(&self) -> Option<f64> {
        kendall_tau(self.0.clone())
    }

    /// Those that move furthest to the front, furthest first, with their places now and then.
    pub(crate) fn forward(&self, most: usize) -> Vec<(u32, u32)> {
        self.furthest(most, u32::checked_sub)
    }

    /// Those that move furthest to the back.
    pub(crate) fn back(&self, most: usize) -> Vec<(u32, u32)> {
        self.furthest(most, |now, then| then.checked_sub(now))
    }

    fn furthest(&self, most: usize, distance: fn(u32, u32) -> Option<u32>) -> Vec<(u32, u32)> {
        let moves = self.pairs().filter_map(|(now, then)| {
            let far = distance(now, then).filter(|far| *far > 0)?;
            Some((Reverse(far), now, then))
        });
        let mut moves: Vec<_> = moves.collect();
        if moves.len() > most {
            moves.select_nth_unstable(most);
            moves.truncate(most);
        }
        moves.sort_unstable();
        moves.into_iter().map(|(_, now, then)| (now, then)).collect()
    }
}

/// Of each of so many things, its place in an order of them, from 0.
pub(crate) fn inverse(order: impl Iterator<Item = u32>, len: usize) -> Vec<u32> {
    let mut places = vec![0; len];
    for (place, at) in (0..).zip(order) {
        if let Some(of) = places.get_mut(at as usize) {
            *of = place;
        }
    }
    places
}
