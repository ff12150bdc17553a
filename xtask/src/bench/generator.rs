//! The load generator, one scenario at a time, and what its outcomes become in the report.

use std::{path::Path, process::Command};

use anyhow::{Context, bail};
use serde_json::Value;

use super::figure::{Report, rate};
use crate::{host::Host, http::field};

/// The load generator.
pub(crate) struct Generator<'a> {
    /// The program.
    pub(crate) program: &'a Path,
    /// What it is told in every scenario.
    pub(crate) common: &'a [&'a str],
    /// Where figures go, and promises that were broken.
    pub(crate) report: &'a mut Report,
}

impl Generator<'_> {
    /// Runs a scenario against a host; the result is its outcome.
    pub(crate) fn run(&mut self, host: &Host, scenario: &[&str]) -> anyhow::Result<Value> {
        let output = Command::new(self.program)
            .args(["--json", "--url", host.url()])
            .args(self.common)
            .args(scenario)
            .output()
            .context("the load generator does not run")?;
        let Ok(outcome) = serde_json::from_slice::<Value>(&output.stdout) else {
            let complaint = String::from_utf8_lossy(&output.stderr);
            bail!("the load generator failed in {scenario:?}: {complaint}");
        };
        let violations = field(&outcome, "/violations").as_array().into_iter().flatten();
        let violations = violations.filter_map(Value::as_str).map(str::to_owned);
        self.report.violations.extend(violations);
        Ok(outcome)
    }

    /// Adds the rate of a scenario.
    pub(crate) fn add(&mut self, what: &str, outcome: &Value, goal: &'static str) {
        let value = format!("{}, {}", rate(per_second(outcome)), latencies(outcome));
        self.report.add(what, value, goal);
    }

    /// Adds a further figure of a scenario, which is in milliseconds.
    pub(crate) fn millis(&mut self, what: &str, outcome: &Value, figure: &str, goal: &'static str) {
        let value = self::figure(outcome, figure)
            .map_or("not measured".to_owned(), |millis| format!("{millis:.1} ms"));
        self.report.add(what, value, goal);
    }
}

/// A further figure of a scenario, if it was measured.
pub(crate) fn figure(outcome: &Value, name: &str) -> Option<f64> {
    let mut figures = field(outcome, "/figures").as_array().into_iter().flatten();
    figures.find(|pair| field(pair, "/0") == name).and_then(|pair| field(pair, "/1").as_f64())
}

/// Tasks per second of a scenario.
pub(crate) fn per_second(outcome: &Value) -> f64 {
    field(outcome, "/tasks_per_second").as_f64().unwrap_or_default()
}

/// How long the requests of a scenario took.
pub(crate) fn latencies(outcome: &Value) -> String {
    let millis = |place: &str| field(outcome, place).as_f64().unwrap_or_default();
    format!("p50 {:.1} ms, p99 {:.1} ms", millis("/p50_ms"), millis("/p99_ms"))
}
