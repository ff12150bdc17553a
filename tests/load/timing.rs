//! How long things took.

use std::time::{Duration, Instant};

/// The durations of many operations, and the longest pause between two of them.
#[derive(Default)]
pub(crate) struct Timing {
    micros: Vec<u32>,
    ends: Vec<Instant>,
}

impl Timing {
    /// Notes an operation that began at a moment and ended now.
    pub(crate) fn note(&mut self, began: Instant) {
        let now = Instant::now();
        self.micros.push(u32::try_from((now - began).as_micros()).unwrap_or(u32::MAX));
        self.ends.push(now);
    }

    /// Takes what another one noted.
    pub(crate) fn merge(&mut self, other: Self) {
        self.micros.extend(other.micros);
        self.ends.extend(other.ends);
    }

    /// How many were noted.
    pub(crate) fn len(&self) -> usize {
        self.micros.len()
    }

    /// The duration that a share of the operations stayed below, in milliseconds.
    pub(crate) fn percentile_ms(&mut self, share: f64) -> f64 {
        f64::from(self.percentile_micros(share)) / 1000.0
    }

    fn percentile_micros(&mut self, share: f64) -> u32 {
        self.micros.sort_unstable();
        let at = ((self.micros.len() as f64 * share).ceil() as usize).saturating_sub(1);
        self.micros.get(at).copied().unwrap_or_default()
    }

    /// The longest time in which no operation ended.
    pub(crate) fn longest_pause(&mut self) -> Duration {
        self.ends.sort_unstable();
        let pauses = self.ends.iter().zip(self.ends.iter().skip(1)).map(|(a, b)| *b - *a);
        pauses.max().unwrap_or_default()
    }

    /// The longest such time within a span.
    pub(crate) fn longest_pause_between(&mut self, from: Instant, to: Instant) -> Duration {
        self.ends.sort_unstable();
        let inside = self.ends.iter().copied().filter(|end| (from..=to).contains(end));
        let mut last = from;
        let mut longest = Duration::ZERO;
        for end in inside.chain([to]) {
            longest = longest.max(end - last);
            last = end;
        }
        longest
    }
}

/// The middle one of some figures; 0 when there are none.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_durations_that_occurred() {
        let mut timing = Timing { micros: (1..=100).rev().collect(), ends: Vec::new() };
        let found = [0.5, 0.99, 1.0].map(|share| timing.percentile_micros(share));
        assert_eq!(found, [50, 99, 100]);
        assert_eq!(Timing::default().percentile_micros(0.5), 0);
    }

    #[test]
    fn a_pause_at_the_edge_of_a_span_counts() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut timing = Timing { micros: Vec::new(), ends: vec![at(10), at(20), at(90)] };
        assert_eq!(timing.longest_pause(), Duration::from_millis(70));
        assert_eq!(timing.longest_pause_between(at(0), at(40)), Duration::from_millis(20));
        assert_eq!(timing.longest_pause_between(at(30), at(60)), Duration::from_millis(30));
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).total_cmp(&2.0), std::cmp::Ordering::Equal);
        assert_eq!(median(Vec::new()).total_cmp(&0.0), std::cmp::Ordering::Equal);
    }
}
