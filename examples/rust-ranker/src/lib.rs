//! A whole ranker: deep scans first, and the red team's before all others.

use hinny_plugin::ranker::*;

/// What it reads of each task; nothing else crosses the boundary.
#[derive(Inputs)]
pub struct Scan<'a> {
    #[input(created_at)]
    created_ms: i64,
    #[input("/scan_level")]
    level: Option<i64>,
    #[input("/team", default = "nobody")]
    team: &'a str,
}

/// Seconds that one level is worth.
pub struct Mine {
    weight: i64,
}

impl Ranker for Mine {
    type Task<'a> = Scan<'a>;

    fn configure(settings: &Settings) -> Result<Self, String> {
        settings.deny_unknown(&["weight"])?;
        Ok(Self { weight: settings.integer_in("weight", 3600, 0..=86_400)? })
    }

    fn rank(&self, task: &Scan<'_>, _context: &Context) -> i64 {
        let ahead = task.level.unwrap_or(0) * self.weight;
        task.created_ms / 1000 - if task.team == "red" { 2 * ahead } else { ahead }
    }
}

hinny_plugin::export_ranker!(Mine);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::{RankerTest, TestTask};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_deep_scan_of_the_red_team_goes_first() {
        let order = RankerTest::<Mine>::new(json!({"weight": 60}))
            .unwrap()
            .task(TestTask::new("plain", json!({})).created_at(30_000))
            .task(TestTask::new("deep", json!({"scan_level": 2})).created_at(90_000))
            .task(TestTask::new("red", json!({"scan_level": 2, "team": "red"})).created_at(99_000))
            .order();
        assert_eq!(order.unwrap(), ["red", "deep", "plain"]);
    }
}
