//! What is deep goes ahead of what is shallow, but nothing waits forever. See `README.md`.

use hinny_plugin::ranker::*;

/// What it reads of each task; the host sends this and nothing else.
#[derive(Inputs)]
struct Task {
    #[input(created_at)]
    created_ms: i64,
    #[input("/level")]
    level: Option<i64>,
}

/// What the settings say.
struct Mine {
    seconds_per_level: i64,
}

impl Ranker for Mine {
    type Task<'a> = Task;

    fn configure(settings: &Settings) -> Result<Self, String> {
        settings.deny_unknown(&["seconds_per_level"])?;
        let seconds_per_level = settings.integer_in("seconds_per_level", 3600, 0..=86_400)?;
        Ok(Self { seconds_per_level })
    }

    // Lower goes first.
    fn rank(&self, task: &Task, _context: &Context) -> i64 {
        task.created_ms / 1000 - self.head_start(task)
    }

    fn explain(&self, task: &Task, context: &Context) -> Explanation {
        Explanation::new(self.rank(task, context))
            .input_term(
                "time of creation in seconds",
                (task.created_ms / 1000) as f64,
                "created_ms",
            )
            .input_term("head start for its level", -self.head_start(task) as f64, "level")
    }
}

impl Mine {
    /// In seconds. The level is kept within bounds: data is written by others.
    fn head_start(&self, task: &Task) -> i64 {
        task.level.unwrap_or(0).clamp(0, 10) * self.seconds_per_level
    }
}

hinny_plugin::export_ranker!(Mine);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::{RankerTest, TestTask};
    use serde_json::{Value, json};

    use super::*;

    fn queue(settings: Value) -> RankerTest<Mine> {
        RankerTest::new(settings)
            .unwrap()
            .task(TestTask::new("plain", json!({})).created_at(30_000))
            .task(TestTask::new("deep", json!({"level": 2})).created_at(90_000))
            .task(TestTask::new("deeper", json!({"level": 3})).created_at(99_000))
    }

    #[test]
    fn a_level_is_worth_as_many_seconds_as_the_settings_say() {
        let order = |seconds: i64| queue(json!({"seconds_per_level": seconds})).order().unwrap();
        assert_eq!(order(60), ["deeper", "deep", "plain"]);
        assert_eq!(order(5), ["plain", "deep", "deeper"]);
    }

    #[test]
    fn the_terms_of_an_explanation_add_up() {
        for explanation in queue(json!({})).explanations().unwrap() {
            let sum: f64 = explanation.terms.iter().map(|term| term.contribution).sum();
            assert_eq!(sum as i64, explanation.priority);
        }
    }

    #[test]
    fn a_setting_that_does_not_exist_is_refused() {
        let refused = RankerTest::<Mine>::new(json!({"seconds": 60})).unwrap_err();
        assert_eq!(refused, "setting `seconds` is unknown, expected one of `seconds_per_level`");
    }
}
