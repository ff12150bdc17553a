//! How long to leave something alone that does not work.

use std::time::Duration;

/// How long to leave something alone: longer each time, and never the same for two who wait.
#[derive(Debug)]
pub(super) struct Pause {
    next: Duration,
}

/// The first one is short: most connections that are lost can be made again at once.
const FIRST: Duration = Duration::from_millis(250);

/// Nobody should wait for half a minute after a broker is back.
const LONGEST: Duration = Duration::from_secs(15);

impl Default for Pause {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Pause {
    /// The next one.
    pub(super) fn longer(&mut self) -> Duration {
        let pause = self.next;
        self.next = pause.saturating_mul(2).min(LONGEST);
        // Without a source of randomness all wait as long: that is no reason not to wait.
        let share = getrandom::u32().unwrap_or(u32::MAX / 2);
        pause.mul_f64(0.5 + f64::from(share) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_differ() {
        let pauses = || {
            let mut pause = Pause::default();
            (0..10).map(|_| pause.longer()).collect::<Vec<_>>()
        };
        let (one, other) = (pauses(), pauses());
        assert_ne!(one, other);
        for pauses in [one, other] {
            assert!(pauses[0] <= FIRST.mul_f64(1.5));
            assert!(pauses[9] >= LONGEST / 2 && pauses[9] <= LONGEST.mul_f64(1.5));
        }
    }
}
