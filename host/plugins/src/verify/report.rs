//! The checks of a verification, as they are made.

use std::time::Instant;

use hinny_core::plugin::{Check, Verdict};

/// The checks of a verification, as they are made.
#[derive(Debug)]
pub(super) struct Report {
    started: Instant,
    checks: Vec<Check>,
    pub(super) imports: Vec<String>,
}

/// A check failed, and is in the report.
#[derive(Debug)]
pub(super) struct Ended;

impl Report {
    pub(super) fn start() -> Self {
        Self { started: Instant::now(), checks: Vec::new(), imports: Vec::new() }
    }

    /// Makes a check. It gives what later ones need, and a text on what was found.
    pub(super) fn check<T>(
        &mut self,
        name: &str,
        check: impl FnOnce() -> Result<(T, String), String>,
    ) -> Result<T, Ended> {
        let (value, passed, detail) = match check() {
            Ok((value, found)) => (Ok(value), true, found),
            Err(why) => (Err(Ended), false, why),
        };
        self.checks.push(Check { name: name.to_owned(), passed, detail });
        value
    }

    pub(super) fn verdict(self, accepted: bool) -> Verdict {
        Verdict {
            accepted,
            checks: self.checks,
            imports: self.imports,
            took_ms: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}
