//! A plain rule over four inputs, one of them text: what a batch of tasks costs. See `../README.md`.

use hinny_plugin::ranker::*;

/// What the rule reads of a task.
#[derive(Inputs)]
pub struct Scan<'a> {
    #[input(created_at)]
    created_ms: i64,
    #[input("/level")]
    level: i64,
    #[input("/urgent")]
    urgent: bool,
    #[input("/team")]
    team: Option<&'a str>,
}

/// The rule.
pub struct FourInputs;

impl Ranker for FourInputs {
    type Task<'a> = Scan<'a>;

    no_settings!();

    fn rank(&self, scan: &Scan<'_>, _context: &Context) -> i64 {
        let team = if matches!(scan.team, Some("red" | "rød")) { 50 } else { 0 };
        let urgent = if scan.urgent { 500 } else { 0 };
        scan.created_ms / 60_000 - 100 * scan.level.clamp(0, 4) - urgent - team
    }
}

hinny_plugin::export_ranker!(FourInputs);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::{RankerTest, TestTask};
    use serde_json::json;

    use super::*;

    #[test]
    fn every_input_counts() {
        let priorities = RankerTest::<FourInputs>::new(json!({}))
            .unwrap()
            .task(TestTask::new("age", json!({})).created_at(120_000))
            .task(TestTask::new("level", json!({"level": 2})).created_at(0))
            .task(TestTask::new("urgent", json!({"urgent": true})).created_at(0))
            .task(TestTask::new("team", json!({"team": "rød"})).created_at(0))
            .priorities();
        assert_eq!(priorities.unwrap(), [2, -200, -500, -50]);
    }
}
