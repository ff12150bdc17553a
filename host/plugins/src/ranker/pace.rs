//! How long the calls of a ranker take, and whether the next is worth a thread.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// What a call may take that is made at once. Handing a call to a thread and its answer back takes
/// about half of that.
const AT_ONCE: Duration = Duration::from_micros(100);

/// How many calls count about as much as the newest.
const MEMORY: u32 = 8;

/// How many times the mean a call may count.
const SURPRISE_MAX: u32 = 2;

/// Calls that get a thread after the first that took far too long.
const DISTRUST: u32 = 64;

/// How often that doubles.
const DOUBLINGS_MAX: u32 = 20;

/// Batches of about the same length: of 2^n to 2^(n+1) - 1 tasks.
const CLASSES: usize = 18;

/// How long calls took, in nanoseconds, by the length of the batch; 0: there was none.
#[derive(Debug, Default)]
pub(super) struct Pace {
    took: [AtomicU32; CLASSES],
    /// How often it took far longer than its calls do.
    surprises: AtomicU32,
    /// Calls that get a thread for that.
    distrusted: AtomicU32,
}

impl Pace {
    /// Whether a call about so many tasks is so quick that it may be made at once.
    pub(super) fn is_quick(&self, tasks: usize) -> bool {
        let took = self.class(tasks).map_or(0, |took| took.load(Ordering::Relaxed));
        (1..=AT_ONCE.as_nanos() as u32).contains(&took) && !self.takes_from_distrust()
    }

    /// Takes down what a call took that went well.
    pub(super) fn took(&self, tasks: usize, took: Duration) {
        let Some(class) = self.class(tasks) else { return };
        let took = u32::try_from(took.as_nanos()).unwrap_or(u32::MAX).max(1);
        let before = class.load(Ordering::Relaxed);
        // A call during which the machine did something else says little, so none counts much.
        let counted = took.min(before.saturating_mul(SURPRISE_MAX));
        // Calls side by side may overwrite one another: it is an estimate all the same.
        let mean = if before == 0 { took } else { before - before / MEMORY + counted / MEMORY };
        class.store(mean.max(1), Ordering::Relaxed);
    }

    /// It took far longer than its calls do: it gets a thread for some calls, twice as many each
    /// time. So the reactor is held up less and less by one that is not quick after all, and one
    /// that the machine held up is soon quick again.
    pub(super) fn distrust(&self) {
        let before = self.surprises.fetch_add(1, Ordering::Relaxed);
        self.distrusted.store(DISTRUST << before.min(DOUBLINGS_MAX), Ordering::Relaxed);
    }

    fn takes_from_distrust(&self) -> bool {
        let less = |left: u32| left.checked_sub(1);
        self.distrusted.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    fn class(&self, tasks: usize) -> Option<&AtomicU32> {
        self.took.get(tasks.max(1).ilog2() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::from_micros(20);
    const SLOW: Duration = Duration::from_millis(5);

    #[test]
    fn only_what_was_quick_with_batches_of_that_length_is() {
        let pace = Pace::default();
        assert!(!pace.is_quick(1000), "nothing is known of it");
        pace.took(1000, QUICK);
        assert!(pace.is_quick(1000) && pace.is_quick(600));
        assert!(!pace.is_quick(2000) && !pace.is_quick(1));
        pace.took(4000, SLOW);
        assert!(!pace.is_quick(4000) && pace.is_quick(1000));
    }

    #[test]
    fn it_is_forgotten_within_some_calls() {
        let pace = Pace::default();
        pace.took(10, SLOW);
        let calls = (1..100).take_while(|_| {
            pace.took(10, QUICK);
            !pace.is_quick(10)
        });
        assert!((10..60).contains(&calls.count()));
        // One that the machine held up changes nothing, a few that are slow do.
        (0..60).for_each(|_| pace.took(10, QUICK));
        pace.took(10, SLOW);
        assert!(pace.is_quick(10));
        (0..30).for_each(|_| pace.took(10, SLOW));
        assert!(!pace.is_quick(10));
    }

    #[test]
    fn one_that_takes_far_too_long_gets_a_thread_for_twice_as_many_calls_each_time() {
        let pace = Pace::default();
        pace.took(10, QUICK);
        let slow_calls = || {
            pace.distrust();
            (0..1000).take_while(|_| !pace.is_quick(10)).count()
        };
        assert_eq!([slow_calls(), slow_calls(), slow_calls()], [64, 128, 256]);
        (0..100).for_each(|_| pace.distrust());
        assert!(!pace.is_quick(10), "it does not overflow");
    }

    #[test]
    fn no_length_is_too_much() {
        let pace = Pace::default();
        for tasks in [0, 1, 1 << 17, usize::MAX] {
            pace.took(tasks, Duration::MAX);
            pace.took(tasks, Duration::ZERO);
            assert!(!pace.is_quick(tasks), "{tasks}");
        }
    }
}
