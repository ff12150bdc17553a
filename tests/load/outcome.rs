//! What a scenario found.

use std::fmt;

use serde::Serialize;

use crate::timing::Timing;

/// Most violations that are printed; the rest is counted.
const VIOLATIONS_SHOWN: usize = 10;

/// What a scenario found.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Outcome {
    /// Which one.
    pub(crate) scenario: String,
    /// Requests.
    pub(crate) requests: usize,
    /// Tasks in them.
    pub(crate) tasks: usize,
    /// Tasks per second: the median of the rounds, where there are several.
    pub(crate) tasks_per_second: f64,
    /// Half of the requests were answered within this.
    pub(crate) p50_ms: f64,
    /// 99 of 100 requests were answered within this.
    pub(crate) p99_ms: f64,
    /// The slowest request.
    pub(crate) max_ms: f64,
    /// Further figures, by name.
    pub(crate) figures: Vec<(String, f64)>,
    /// Promises that were broken; there should be none.
    pub(crate) violations: Vec<String>,
}

impl Outcome {
    /// An outcome with the figures of a timing.
    pub(crate) fn new(scenario: &str, tasks: usize, rate: f64, timing: &mut Timing) -> Self {
        Self {
            scenario: scenario.to_owned(),
            requests: timing.len(),
            tasks,
            tasks_per_second: rate,
            p50_ms: timing.percentile_ms(0.5),
            p99_ms: timing.percentile_ms(0.99),
            max_ms: timing.percentile_ms(1.0),
            ..Self::default()
        }
    }

    /// Adds a figure.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, figure: f64) -> Self {
        self.figures.push((name.to_owned(), figure));
        self
    }

    /// Adds broken promises.
    #[must_use]
    pub(crate) fn violated_by(mut self, violations: Vec<String>) -> Self {
        self.violations.extend(violations);
        self
    }

    /// As one line of JSON.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} requests, {} tasks, {:.0} tasks/s, p50 {:.2} ms, p99 {:.2} ms, max {:.1} ms",
            self.scenario,
            self.requests,
            self.tasks,
            self.tasks_per_second,
            self.p50_ms,
            self.p99_ms,
            self.max_ms
        )?;
        for (name, figure) in &self.figures {
            write!(f, "\n  {name}: {figure:.2}")?;
        }
        for violation in self.violations.iter().take(VIOLATIONS_SHOWN) {
            write!(f, "\n  VIOLATION: {violation}")?;
        }
        match self.violations.len().saturating_sub(VIOLATIONS_SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  … and {more} more violations"),
        }
    }
}
