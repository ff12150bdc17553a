//! How long to leave something alone that does not work.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// How long to leave something alone: longer each time, and never the same for two who wait.
#[derive(Debug)]
pub(super) struct Pause(ExponentialBackoff);

/// The first one is short: most connections that are lost can be made again at once.
const FIRST: Duration = Duration::from_millis(250);

/// Nobody should wait for half a minute after a broker is back.
const LONGEST: Duration = Duration::from_secs(15);

impl Default for Pause {
    fn default() -> Self {
        let pauses = ExponentialBuilder::default().with_min_delay(FIRST).with_max_delay(LONGEST);
        Self(pauses.without_max_times().with_jitter().build())
    }
}

impl Pause {
    /// The next one.
    pub(super) fn longer(&mut self) -> Duration {
        self.0.next().unwrap_or(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_differ() {
        let pauses = || {
            let mut pause = Pause::default();
            (0..20).map(|_| pause.longer()).collect::<Vec<_>>()
        };
        let (one, other) = (pauses(), pauses());
        assert_ne!(one, other);
        for pauses in [one, other] {
            assert!(pauses[0] <= FIRST * 2);
            assert!(pauses[19] >= LONGEST && pauses[19] <= LONGEST * 2);
        }
    }
}
