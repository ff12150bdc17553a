//! First come, first served, unless a priority is asked for. See `README.md`.

use hinny_plugin::ranker::*;

/// What the rule reads of a task.
#[derive(Inputs)]
pub struct Task {
    #[input(base_priority)]
    asked: Option<i64>,
    #[input(created_at)]
    created_ms: i64,
}

/// First come, first served.
pub struct Fifo;

impl Ranker for Fifo {
    type Task<'a> = Task;

    no_settings!();

    fn rank(&self, task: &Task, _context: &Context) -> i64 {
        task.asked.unwrap_or(task.created_ms / 1000)
    }

    fn explain(&self, task: &Task, context: &Context) -> Explanation {
        let explanation = Explanation::new(self.rank(task, context));
        match task.asked {
            Some(asked) => explanation.input_term("asked priority", asked as f64, "asked"),
            None => explanation.input_term(
                "time of creation in seconds",
                self.rank(task, context) as f64,
                "created_ms",
            ),
        }
    }
}

hinny_plugin::export_ranker!(Fifo);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::{RankerTest, TestTask};
    use serde_json::json;

    use super::*;

    fn queue() -> RankerTest<Fifo> {
        RankerTest::new(json!({}))
            .unwrap()
            .task(TestTask::new("second", json!({})).created_at(1_770_000_060_000))
            .task(TestTask::new("first", json!({})).created_at(1_770_000_000_999))
            .task(TestTask::new("asked", json!({})).created_at(1_770_000_090_000).base_priority(1))
    }

    #[test]
    fn first_come_is_first_served_unless_a_priority_is_asked_for() {
        assert_eq!(queue().order().unwrap(), ["asked", "first", "second"]);
        assert_eq!(queue().priorities().unwrap(), [1_770_000_060, 1_770_000_000, 1]);
    }

    #[test]
    fn an_explanation_names_the_input_that_decided() {
        let explanations = queue().explanations().unwrap();
        let inputs: Vec<_> =
            explanations.iter().map(|it| it.terms[0].input.clone().unwrap()).collect();
        assert_eq!(inputs, ["created_ms", "created_ms", "asked"]);
    }

    #[test]
    fn there_are_no_settings() {
        let refused = RankerTest::<Fifo>::new(json!({"grace": 1})).unwrap_err();
        assert_eq!(refused, "setting `grace` is unknown, there are none");
    }
}
