//! What was run long ago goes before what was run just now. See `README.md`.

use hinny_plugin::ranker::*;

/// Priority of what never ran before, and of what ran a whole period ago.
const FIRST: i64 = 2;

/// Priority of what is in its grace period: after all that the curve gives.
const LAST: i64 = 1003;

/// What the rule reads of a task.
#[derive(Inputs)]
pub struct Task {
    #[input(base_priority)]
    asked: Option<i64>,
    #[input(last_run_at)]
    last_run_ms: Option<i64>,
}

/// An exponential curve over the time since the last run.
pub struct Decay {
    grace_ms: i64,
    period_ms: f64,
    refresh_ms: u64,
    /// Greater priorities are no wish, but what a scheduler asks for by itself.
    asked_max: i64,
}

/// How a task got its place.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Asked(i64),
    NeverRun,
    InGrace { rest_ms: i64 },
    OnCurve { since_ms: i64, height: f64 },
}

impl Ranker for Decay {
    type Task<'a> = Task;

    fn configure(settings: &Settings) -> Result<Self, String> {
        const YEAR: i64 = 366 * 86_400;
        settings.deny_unknown(&[
            "grace_seconds",
            "period_seconds",
            "refresh_seconds",
            "asked_max",
        ])?;
        let period_seconds = settings.integer_in("period_seconds", 604_800, 1..=10 * YEAR)?;
        Ok(Self {
            grace_ms: settings.integer_in("grace_seconds", 86_400, 0..=10 * YEAR)? * 1000,
            period_ms: period_seconds as f64 * 1000.0,
            refresh_ms: settings.integer_in("refresh_seconds", 300, 0..=86_400)? as u64 * 1000,
            asked_max: settings.integer_in(
                "asked_max",
                PRIORITY_MAX,
                PRIORITY_MIN..=PRIORITY_MAX,
            )?,
        })
    }

    fn refresh(&self) -> Refresh {
        if self.refresh_ms == 0 { Refresh::Never } else { Refresh::EveryMs(self.refresh_ms) }
    }

    fn rank(&self, task: &Task, context: &Context) -> i64 {
        self.place(task, context.now).priority()
    }

    fn explain(&self, task: &Task, context: &Context) -> Explanation {
        let place = self.place(task, context.now);
        let explanation = Explanation::new(place.priority());
        match place {
            Place::Asked(asked) => explanation.input_term("asked priority", asked as f64, "asked"),
            Place::NeverRun => explanation.term("never run before", FIRST as f64),
            Place::InGrace { rest_ms } => explanation
                .input_term("in its grace period: last", LAST as f64, "last_run_ms")
                .note(format!("{} s of the grace period are left", rest_ms / 1000)),
            Place::OnCurve { since_ms, height } => explanation
                .input_term("run lately", height, "last_run_ms")
                .term("at least", FIRST as f64)
                .note(format!("{} s since the grace period ended", since_ms / 1000)),
        }
    }
}

impl Decay {
    fn place(&self, task: &Task, now: i64) -> Place {
        if let Some(asked) = task.asked.filter(|asked| *asked <= self.asked_max) {
            return Place::Asked(asked);
        }
        let Some(last_run_ms) = task.last_run_ms else { return Place::NeverRun };
        let since_ms = now.saturating_sub(last_run_ms).saturating_sub(self.grace_ms);
        if since_ms < 0 {
            return Place::InGrace { rest_ms: since_ms.saturating_neg() };
        }
        // 1000·e^(−(ln 1000 / period)·s), written so that both ends of the curve are exact.
        let height = 1000_f64.powf(1.0 - since_ms as f64 / self.period_ms);
        Place::OnCurve { since_ms, height }
    }
}

impl Place {
    fn priority(self) -> i64 {
        match self {
            Self::Asked(asked) => asked,
            Self::NeverRun => FIRST,
            Self::InGrace { .. } => LAST,
            Self::OnCurve { height, .. } => (height + FIRST as f64) as i64,
        }
    }
}

hinny_plugin::export_ranker!(Decay);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::{RankerTest, TestTask};
    use serde_json::json;

    use super::*;

    const HOUR: i64 = 3_600_000;
    const DAY: i64 = 24 * HOUR;
    const NOW: i64 = 1_770_000_000_000;

    fn priority(since_grace_ms: i64) -> i64 {
        let ended_at = NOW - DAY - since_grace_ms;
        let task = TestTask::new("it", json!({})).last_run(ended_at, "completed", 1000);
        let test = RankerTest::<Decay>::new(json!({})).unwrap().now(NOW).task(task);
        test.priorities().unwrap()[0]
    }

    #[test]
    fn the_curve_is_the_documented_one() {
        let table = [
            (0, 1002),
            (HOUR, 961),
            (12 * HOUR, 612),
            (DAY, 374),
            (2 * DAY, 140),
            (3 * DAY, 53),
            (4 * DAY, 21),
            (5 * DAY, 9),
            (6 * DAY, 4),
            (7 * DAY, 3),
            (7 * DAY + 1000, 2),
            (700 * DAY, 2),
        ];
        for (since, expected) in table {
            assert_eq!(priority(since), expected, "{} hours", since / HOUR);
        }
    }

    #[test]
    fn in_its_grace_period_a_task_goes_last() {
        assert_eq!(priority(-1), LAST);
        assert_eq!(priority(-DAY), LAST);
        assert!(priority(0) < LAST);
    }

    #[test]
    fn what_was_asked_for_first_goes_first_then_what_never_ran() {
        let order = RankerTest::<Decay>::new(json!({}))
            .unwrap()
            .now(NOW)
            .task(TestTask::new("just run", json!({})).last_run(NOW - HOUR, "completed", 1))
            .task(TestTask::new("run last week", json!({})).last_run(NOW - 5 * DAY, "failed", 1))
            .task(TestTask::new("never run", json!({})))
            .task(TestTask::new("asked for", json!({})).base_priority(1).last_run(
                NOW - HOUR,
                "completed",
                1,
            ));
        assert_eq!(order.order().unwrap(), ["asked for", "never run", "run last week", "just run"]);
        assert_eq!(order.explanations().unwrap()[3].terms[0].label, "asked priority");
    }

    #[test]
    fn what_a_scheduler_asks_for_by_itself_is_no_wish() {
        let order = |settings| {
            let asked_at = |name: &str, moment: i64| {
                TestTask::new(name, json!({})).base_priority(moment / 1000)
            };
            RankerTest::<Decay>::new(settings)
                .unwrap()
                .now(NOW)
                .task(asked_at("just run", NOW - HOUR).last_run(NOW - HOUR, "completed", 1))
                .task(asked_at("never run", NOW))
                .task(TestTask::new("a person's", json!({})).base_priority(1))
                .order()
                .unwrap()
        };
        assert_eq!(order(json!({})), ["a person's", "just run", "never run"]);
        let curve = order(json!({"asked_max": 1_000_000}));
        assert_eq!(curve, ["a person's", "never run", "just run"]);
    }

    #[test]
    fn the_terms_of_an_explanation_add_up() {
        let task = TestTask::new("it", json!({})).last_run(NOW - 3 * DAY, "completed", 1);
        let test = RankerTest::<Decay>::new(json!({})).unwrap().now(NOW).task(task);
        let explanation = test.explanations().unwrap().remove(0);
        let sum: f64 = explanation.terms.iter().map(|term| term.contribution).sum();
        assert_eq!(sum as i64, explanation.priority);
    }

    #[test]
    fn a_period_of_nothing_is_refused() {
        let refused = RankerTest::<Decay>::new(json!({"period_seconds": 0})).unwrap_err();
        assert_eq!(
            refused,
            "setting `period_seconds` is 0, expected an integer from 1 to 316224000"
        );
    }

    #[test]
    fn without_refresh_priorities_stay_as_they_were() {
        let settings = hinny_plugin::testing::flatten(&json!({"refresh_seconds": 0}));
        let decay = Decay::configure(&settings).unwrap();
        assert_eq!(decay.refresh(), Refresh::Never);
    }
}
