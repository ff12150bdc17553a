//! A whole ranker: the deepest scans first, and among equals the oldest, as always.

use hinny_plugin::ranker::*;

#[derive(Inputs)]
struct Scan {
    #[input("/scan_level")]
    level: i64,
}

struct DeepFirst;

impl Ranker for DeepFirst {
    type Task<'a> = Scan;

    no_settings!();

    fn rank(&self, scan: &Scan, _context: &Context) -> i64 {
        -scan.level.clamp(0, 4)
    }
}

hinny_plugin::export_ranker!(DeepFirst);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::{RankerTest, TestTask};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_deepest_scan_goes_first_and_among_equals_the_oldest() {
        let order = RankerTest::<DeepFirst>::new(json!({}))
            .unwrap()
            .task(TestTask::new("late", json!({"scan_level": 2})).created_at(3_000))
            .task(TestTask::new("early", json!({"scan_level": 2})).created_at(2_000))
            .task(TestTask::new("unknown level", json!({})).created_at(1_000))
            .task(TestTask::new("deepest", json!({"scan_level": 4})).created_at(4_000))
            .order();
        assert_eq!(order.unwrap(), ["deepest", "early", "late", "unknown level"]);
    }

    #[test]
    fn no_level_is_beyond_all_others() {
        let priorities = RankerTest::<DeepFirst>::new(json!({}))
            .unwrap()
            .task(TestTask::new("absurd", json!({"scan_level": i64::MIN})))
            .task(TestTask::new("absurd, too", json!({"scan_level": i64::MAX})))
            .priorities();
        assert_eq!(priorities.unwrap(), [0, -4]);
    }
}
