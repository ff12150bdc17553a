//! Numbers on the calls of one generation, for people and for metrics.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use hinny_core::{plugin::CallStats, ranker::FailureKind};
use metrics::{Counter, Histogram, counter, histogram};

use crate::{call::Call, title::Title};

/// Numbers on the calls of one generation.
#[derive(Debug)]
pub(crate) struct Stats {
    title: Title,
    calls: AtomicU64,
    failures: AtomicU64,
    slow: AtomicU64,
    /// From when on a call is slow.
    slow_after: Duration,
    tasks: AtomicU64,
    guest_micros: AtomicU64,
    instances: AtomicU64,
    /// Looked up once: the common outcome must not cost a search by labels.
    meters: [Meter; Call::ALL.len()],
}

struct Meter {
    good: Counter,
    seconds: Histogram,
}

impl std::fmt::Debug for Meter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meter")
    }
}

/// One call.
#[derive(Debug)]
pub(crate) struct Timed {
    pub(crate) call: Call,
    pub(crate) took: Duration,
    pub(crate) tasks: usize,
    /// Instances made for it.
    pub(crate) instances: u64,
    /// Why it gave nothing usable, if so.
    pub(crate) failure: Option<FailureKind>,
}

impl Stats {
    pub(crate) fn new(title: &Title, slow_after: Duration) -> Self {
        let meters = Call::ALL.map(|call| Meter {
            good: calls(title, call, "ok"),
            seconds: histogram!(
                "hinny_plugin_call_seconds",
                "plugin" => title.name.to_string(),
                "version" => title.version.to_string(),
                "call" => call.as_str()
            ),
        });
        Self {
            title: title.clone(),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            slow: AtomicU64::new(0),
            slow_after,
            tasks: AtomicU64::new(0),
            guest_micros: AtomicU64::new(0),
            instances: AtomicU64::new(0),
            meters,
        }
    }

    pub(crate) fn record(&self, timed: &Timed) {
        let add = |counter: &AtomicU64, count: u64| counter.fetch_add(count, Ordering::Relaxed);
        add(&self.calls, 1);
        add(&self.slow, u64::from(timed.took > self.slow_after));
        add(&self.tasks, timed.tasks as u64);
        add(&self.guest_micros, u64::try_from(timed.took.as_micros()).unwrap_or(u64::MAX));
        add(&self.instances, timed.instances);
        let meter = self.meters.get(timed.call as usize);
        if let Some(meter) = meter {
            meter.seconds.record(timed.took.as_secs_f64());
        }
        match timed.failure {
            Some(kind) => {
                add(&self.failures, 1);
                calls(&self.title, timed.call, kind.as_str()).increment(1);
            }
            None => {
                if let Some(meter) = meter {
                    meter.good.increment(1);
                }
            }
        }
    }

    pub(crate) fn snapshot(&self) -> CallStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        CallStats {
            calls: read(&self.calls),
            failures: read(&self.failures),
            slow: read(&self.slow),
            tasks: read(&self.tasks),
            guest_micros: read(&self.guest_micros),
            instances: read(&self.instances),
        }
    }
}

fn calls(title: &Title, call: Call, outcome: &'static str) -> Counter {
    counter!(
        "hinny_plugin_calls_total",
        "plugin" => title.name.to_string(),
        "version" => title.version.to_string(),
        "call" => call.as_str(),
        "outcome" => outcome
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calls_are_in_the_order_of_their_meters() {
        for (place, call) in Call::ALL.into_iter().enumerate() {
            assert_eq!(call as usize, place);
        }
    }

    #[test]
    fn failures_are_counted_beside_all_calls() {
        let stats = Stats::new(&Title::unchecked("r", "1.0.0"), Duration::from_micros(2));
        let timed = |failure| Timed {
            call: Call::Rank,
            took: Duration::from_micros(3),
            tasks: 5,
            instances: 1,
            failure,
        };
        stats.record(&timed(None));
        stats.record(&timed(Some(FailureKind::Trap)));
        let expected =
            CallStats { calls: 2, failures: 1, slow: 2, tasks: 10, guest_micros: 6, instances: 2 };
        assert_eq!(stats.snapshot(), expected);
    }
}
