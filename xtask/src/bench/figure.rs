//! What was measured, as a table for docs/performance.md.

use std::{fmt, thread};

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    figures: Vec<Figure>,
    /// Promises that were broken while measuring.
    pub(crate) violations: Vec<String>,
}

/// One figure.
#[derive(Debug)]
struct Figure {
    what: String,
    value: String,
    goal: &'static str,
}

impl Report {
    /// Adds a figure, and shows it at once.
    pub(crate) fn add(&mut self, what: &str, value: String, goal: &'static str) {
        println!(
            "  {what}: {value}{}",
            if goal.is_empty() { String::new() } else { format!(" (goal: {goal})") }
        );
        self.figures.push(Figure { what: what.to_owned(), value, goal });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cores = thread::available_parallelism().map_or(0, usize::from);
        writeln!(f, "Measured on {cores} cores, host and load generator on the same ones.\n")?;
        writeln!(f, "| what | measured | goal |\n|---|---|---|")?;
        for Figure { what, value, goal } in &self.figures {
            writeln!(f, "| {what} | {value} | {goal} |")?;
        }
        for violation in self.violations.iter().take(20) {
            writeln!(f, "BROKEN: {violation}")?;
        }
        Ok(())
    }
}

/// A rate for people: `12,300/s`.
pub(crate) fn rate(per_second: f64) -> String {
    format!("{}/s", grouped(per_second.round() as u64))
}

/// A number with thousands apart: `12,300`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration in nanoseconds, for people.
pub(crate) fn duration(nanos: f64) -> String {
    match nanos {
        nanos if nanos < 1e3 => format!("{nanos:.1} ns"),
        nanos if nanos < 1e6 => format!("{:.2} µs", nanos / 1e3),
        nanos if nanos < 1e9 => format!("{:.2} ms", nanos / 1e6),
        nanos => format!("{:.2} s", nanos / 1e9),
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
    fn figures_are_written_for_people() {
        assert_eq!([7, 999, 1000, 1_234_567].map(grouped), ["7", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [12.34, 1_234.0, 5_000_000.0, 2e9].map(duration),
            ["12.3 ns", "1.23 µs", "5.00 ms", "2.00 s"]
        );
        assert_eq!(rate(15_000.4), "15,000/s");
    }

    #[test]
    fn a_report_is_a_table() {
        let mut report = Report::default();
        report.add("push", rate(10.0), "5,000/s");
        assert!(report.to_string().contains("| push | 10/s | 5,000/s |"));
    }
}
