//! Which decisions are recorded.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::config::DecisionsConfig;

/// Most tasks of a batch that was pushed: longer ones are parts of a new order of a whole queue, of
/// which each task is decided again and again.
const PUSHED_MAX: usize = 1_000;

/// Which decisions of a ranker are recorded.
#[derive(Debug)]
pub(super) struct Sample {
    pushed: Share,
    ordered: Share,
}

/// So many of a hundred, evenly spread.
#[derive(Debug)]
struct Share {
    percent: u32,
    seen: AtomicU64,
}

impl Sample {
    pub(super) fn new(config: &DecisionsConfig) -> Self {
        let share = |percent| Share { percent, seen: AtomicU64::new(0) };
        Self { pushed: share(config.sample_percent), ordered: share(config.sample_large_percent) }
    }

    /// Whether the next batch is recorded, which has so many tasks.
    pub(super) fn takes(&self, tasks: usize) -> bool {
        let share = if tasks > PUSHED_MAX { &self.ordered } else { &self.pushed };
        share.takes()
    }
}

impl Share {
    /// The multiples of the golden ratio fill the circle evenly, and never in step with anything:
    /// the parts of an order, for one, which come again in the same number.
    fn takes(&self) -> bool {
        const GOLDEN_RATIO: u64 = 0x9e37_79b9_7f4a_7c15;
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        let place = seen.wrapping_mul(GOLDEN_RATIO);
        u128::from(place) * 100 < u128::from(self.percent) << 64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_kept_from_the_first_batches_on() {
        for percent in [0, 1, 10, 50, 99, 100] {
            let share = Share { percent, seen: AtomicU64::new(0) };
            let taken = (0..1000).filter(|_| share.takes()).count();
            let expected = percent as usize * 10;
            assert!(taken.abs_diff(expected) <= 2, "{percent}: {taken}");
        }
        let ten = Share { percent: 10, seen: AtomicU64::new(0) };
        assert!(ten.takes() && !ten.takes(), "the first is in, the second is not");
    }

    #[test]
    fn parts_of_a_whole_order_have_a_share_of_their_own() {
        let config = DecisionsConfig {
            sample_percent: 100,
            sample_large_percent: 0,
            ..DecisionsConfig::default()
        };
        let sample = Sample::new(&config);
        assert!(sample.takes(1) && sample.takes(PUSHED_MAX) && !sample.takes(PUSHED_MAX + 1));
    }
}
