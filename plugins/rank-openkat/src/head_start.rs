//! How far a task goes ahead of its age.

/// What is known of a task, beside its age.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past {
    pub(crate) scan_level: Option<i64>,
    /// Since the last run of the same work; none: it never ran.
    pub(crate) rested_seconds: Option<f64>,
    /// Whether that one failed.
    pub(crate) failed: bool,
    /// How long that one took.
    pub(crate) took_seconds: Option<f64>,
}

/// What each reason is worth, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadStart {
    pub(crate) new: f64,
    pub(crate) stale: f64,
    pub(crate) light: f64,
    pub(crate) short: f64,
    pub(crate) failed: f64,
    /// Most in all: so long a task waits at most for others that came after it.
    pub(crate) most: f64,
}

/// One reason, and what it is worth to a task.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Term {
    pub(crate) label: &'static str,
    pub(crate) seconds: f64,
    /// The input that it comes from.
    pub(crate) input: &'static str,
}

/// Rested for as long as this, work is as stale as it gets.
const STALE_SECONDS: f64 = 7.0 * 86_400.0;

/// A run that takes as long as this is not short at all.
const LONG_SECONDS: f64 = 3600.0;

/// What a run is taken to last before the first: most are done in a minute.
const UNKNOWN_SECONDS: f64 = 60.0;

/// The highest scan level that there is.
const LEVEL_MAX: f64 = 4.0;

impl HeadStart {
    /// All reasons together, within bounds.
    pub(crate) fn of(&self, past: &Past) -> f64 {
        let sum: f64 = self.terms(past).iter().map(|term| term.seconds).sum();
        sum.clamp(0.0, self.most)
    }

    /// Each reason by itself.
    pub(crate) fn terms(&self, past: &Past) -> [Term; 4] {
        let rested = match past.rested_seconds {
            None => Term { label: "never run before", seconds: self.new, input: "last_run_ms" },
            Some(rested) => {
                let part = (rested / STALE_SECONDS).min(1.0);
                Term { label: "not run lately", seconds: self.stale * part, input: "last_run_ms" }
            }
        };
        [
            rested,
            Term { label: "light", seconds: self.light * lightness(past), input: "scan_level" },
            Term {
                label: "short",
                seconds: self.short * shortness(past),
                input: "last_run_duration_ms",
            },
            Term {
                label: "failed last time",
                seconds: if past.failed { -self.failed } else { 0.0 },
                input: "last_run_status",
            },
        ]
    }
}

/// 1 at level 0, 0 at level 4 and where there is none.
fn lightness(past: &Past) -> f64 {
    let level = past.scan_level.map_or(LEVEL_MAX, |level| level as f64);
    1.0 - level.clamp(0.0, LEVEL_MAX) / LEVEL_MAX
}

/// 1 for no time at all, 0 for an hour and more; each doubling counts alike.
fn shortness(past: &Past) -> f64 {
    let took = past.took_seconds.unwrap_or(UNKNOWN_SECONDS);
    1.0 - ((1.0 + took).ln() / (1.0 + LONG_SECONDS).ln()).min(1.0)
}
