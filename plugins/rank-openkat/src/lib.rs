//! Boefjes of OpenKAT: what tells most for the least work goes first. See `README.md`.

use hinny_plugin::ranker::*;

use crate::head_start::{HeadStart, Past};

mod head_start;

/// What the rule reads of a task.
#[derive(Inputs)]
pub struct Task<'a> {
    #[input(base_priority)]
    asked: Option<i64>,
    #[input(created_at)]
    created_ms: i64,
    #[input("/boefje/scan_level")]
    scan_level: Option<i64>,
    #[input(last_run_at)]
    last_run_ms: Option<i64>,
    #[input(last_run_status)]
    last_run_status: Option<&'a str>,
    #[input(last_run_duration)]
    last_run_duration_ms: Option<i64>,
}

/// Age, less a head start that is bounded.
pub struct OpenKat {
    head_start: HeadStart,
    /// Priorities up to this are somebody's wish; greater ones are times of creation.
    asked_max: i64,
}

impl Ranker for OpenKat {
    type Task<'a> = Task<'a>;

    fn configure(settings: &Settings) -> Result<Self, String> {
        const DAYS_31: i64 = 31 * 24;
        settings.deny_unknown(&[
            "new_hours",
            "stale_hours",
            "light_hours",
            "short_hours",
            "failed_hours",
            "most_hours",
            "asked_max",
        ])?;
        let hours = |key, default| {
            settings.integer_in(key, default, 0..=DAYS_31).map(|hours| hours as f64 * 3600.0)
        };
        Ok(Self {
            head_start: HeadStart {
                new: hours("new_hours", 12)?,
                stale: hours("stale_hours", 6)?,
                light: hours("light_hours", 6)?,
                short: hours("short_hours", 3)?,
                failed: hours("failed_hours", 6)?,
                most: hours("most_hours", 24)?,
            },
            asked_max: settings.integer_in("asked_max", 1_000_000, PRIORITY_MIN..=PRIORITY_MAX)?,
        })
    }

    fn rank(&self, task: &Task<'_>, _context: &Context) -> i64 {
        self.wish(task).unwrap_or_else(|| {
            let head_start = self.head_start.of(&Past::of(task));
            round_priority(created_seconds(task) - head_start)
        })
    }

    fn explain(&self, task: &Task<'_>, context: &Context) -> Explanation {
        let explanation = Explanation::new(self.rank(task, context));
        if let Some(wish) = self.wish(task) {
            return explanation.input_term("asked priority", wish as f64, "asked");
        }
        let past = Past::of(task);
        let explanation = explanation.input_term(
            "time of creation in seconds",
            created_seconds(task),
            "created_ms",
        );
        let terms = self.head_start.terms(&past);
        let sum: f64 = terms.iter().map(|term| term.seconds).sum();
        let explanation =
            terms.iter().filter(|term| term.seconds != 0.0).fold(explanation, |so_far, term| {
                so_far.input_term(term.label, -term.seconds, term.input)
            });
        let head_start = self.head_start.of(&past);
        let bounded = sum - head_start;
        if bounded == 0.0 { explanation } else { explanation.term("bounds", bounded) }
            .note(format!("{:.1} h ahead of its age", head_start / 3600.0))
    }
}

impl OpenKat {
    /// The priority that somebody asked for.
    fn wish(&self, task: &Task<'_>) -> Option<i64> {
        task.asked.filter(|asked| *asked <= self.asked_max)
    }
}

fn created_seconds(task: &Task<'_>) -> f64 {
    task.created_ms.div_euclid(1000) as f64
}

impl Past {
    fn of(task: &Task<'_>) -> Self {
        let age_ms = |last_ms: i64| task.created_ms.saturating_sub(last_ms).max(0);
        Self {
            scan_level: task.scan_level,
            rested_seconds: task.last_run_ms.map(|last_ms| age_ms(last_ms) as f64 / 1000.0),
            failed: task.last_run_status == Some("failed"),
            took_seconds: task.last_run_duration_ms.map(|took_ms| took_ms.max(0) as f64 / 1000.0),
        }
    }
}

hinny_plugin::export_ranker!(OpenKat);

#[cfg(test)]
mod tests;
