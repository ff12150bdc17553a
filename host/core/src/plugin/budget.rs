//! What a ranker may get wrong before the host goes back to the one before it.

use serde::{Deserialize, Serialize};

/// What a ranker may get wrong before the host goes back by itself. Watched for a while after each
/// activation, and for as long as a canary or a shadow runs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RankerBudget {
    /// Whether it is watched at all.
    pub watch: bool,
    /// Minutes after an activation for which it is watched.
    pub minutes: u32,
    /// Calls that may fail, of a hundred. What fails is ranked by fallback. The first two count
    /// for nothing.
    pub failed_percent: f64,
    /// Milliseconds that a call may take; one call in a hundred may take longer. The first nine
    /// slow ones count for nothing.
    pub call_ms: u64,
    /// How alike the orders of a canary or shadow and of the active ranker must be: Kendall's τ, from
    /// −1 (the reverse, so any order will do) to 1 (the same). Counts from 1,000 tasks on.
    pub kendall_tau_min: f64,
}

impl Default for RankerBudget {
    fn default() -> Self {
        Self { watch: true, minutes: 60, failed_percent: 5.0, call_ms: 250, kendall_tau_min: -1.0 }
    }
}

impl RankerBudget {
    /// Failures from which on they count.
    const FAILURES: u64 = 3;

    /// Slow calls from which on they count.
    const SLOW: u64 = 10;

    /// Tasks from which on the likeness of orders counts.
    const COMPARED: u64 = 1_000;

    /// What is beyond the budget, for people; none: nothing.
    pub fn exceeded(&self, stats: &super::CallStats, alike: Option<Alike>) -> Option<String> {
        let super::CallStats { calls, failures, slow, .. } = *stats;
        let percent = |part: u64| part as f64 * 100.0 / calls.max(1) as f64;
        if failures >= Self::FAILURES && percent(failures) > self.failed_percent {
            let most = self.failed_percent;
            return Some(format!("{failures} of {calls} calls failed, the budget is {most} %"));
        }
        if slow >= Self::SLOW && percent(slow) > 1.0 {
            let most = self.call_ms;
            return Some(format!(
                "{slow} of {calls} calls took more than {most} ms, the budget is 1 %"
            ));
        }
        let Alike { tasks, kendall_tau } = alike?;
        (tasks >= Self::COMPARED && kendall_tau < self.kendall_tau_min).then(|| {
            format!(
                "its order of {tasks} tasks is too unlike that of the active ranker: Kendall's tau is {kendall_tau:.3}, the budget {}",
                self.kendall_tau_min
            )
        })
    }
}

/// How alike two orders are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alike {
    /// Of so many tasks.
    pub tasks: u64,
    /// Kendall's τ.
    pub kendall_tau: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::CallStats;

    fn stats(calls: u64, failures: u64, slow: u64) -> CallStats {
        CallStats { calls, failures, slow, ..CallStats::default() }
    }

    #[test]
    fn few_failures_and_slow_calls_are_within_the_budget() {
        let budget = RankerBudget::default();
        for fine in [stats(2, 2, 0), stats(100, 5, 0), stats(9, 0, 9), stats(1000, 0, 10)] {
            assert_eq!(budget.exceeded(&fine, None), None, "{fine:?}");
        }
    }

    #[test]
    fn what_is_beyond_the_budget_is_named() {
        let budget = RankerBudget { kendall_tau_min: 0.5, ..RankerBudget::default() };
        let said = |stats, alike| budget.exceeded(&stats, alike).unwrap_or_default();
        assert!(said(stats(3, 3, 0), None).contains("3 of 3 calls failed"));
        assert!(said(stats(900, 0, 10), None).contains("more than 250 ms"));
        let alike = |tasks, kendall_tau| Some(Alike { tasks, kendall_tau });
        assert!(said(stats(9, 0, 0), alike(1_000, 0.4)).contains("tau is 0.400"));
        assert_eq!(said(stats(9, 0, 0), alike(999, -1.0)), "");
        assert_eq!(said(stats(9, 0, 0), alike(1_000, 0.5)), "");
    }
}
