//! A ranker that takes its time: a set number of rounds per task. See `../README.md`.

use std::hint::black_box;

use hinny_plugin::ranker::*;

/// What the rule reads of a task.
#[derive(Inputs)]
pub struct Task {
    #[input(created_at)]
    created_ms: i64,
}

/// First come, first served, with detours.
pub struct Slow {
    rounds: i64,
}

impl Ranker for Slow {
    type Task<'a> = Task;

    fn configure(settings: &Settings) -> Result<Self, String> {
        settings.deny_unknown(&["rounds"])?;
        let rounds = settings.integer("rounds")?;
        let rounds = rounds.ok_or_else(|| SettingError::missing("rounds", "a number of rounds"))?;
        Ok(Self { rounds })
    }

    fn rank(&self, task: &Task, _context: &Context) -> i64 {
        for round in 0..self.rounds {
            black_box(round);
        }
        task.created_ms / 1000
    }
}

hinny_plugin::export_ranker!(Slow);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::{RankerTest, TestTask};
    use serde_json::json;

    use super::*;

    #[test]
    fn rounds_do_not_change_the_order() {
        for rounds in [0, 1, 10_000] {
            let order = RankerTest::<Slow>::new(json!({"rounds": rounds}))
                .unwrap()
                .task(TestTask::new("late", json!({})).created_at(9_000))
                .task(TestTask::new("early", json!({})).created_at(1_000))
                .order();
            assert_eq!(order.unwrap(), ["early", "late"]);
        }
    }
}
