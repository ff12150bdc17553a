//! Tests of the whole ranker.

use hinny_plugin::testing::{RankerTest, TestTask, flatten};
use serde_json::{Value, json};

use super::*;

fn test(settings: Value) -> RankerTest<Weighted> {
    RankerTest::new(settings).unwrap()
}

fn refusal(settings: Value) -> String {
    RankerTest::<Weighted>::new(settings).unwrap_err()
}

fn scans() -> Value {
    json!({
        "base": 1000,
        "terms": [
            {"input": "/scan_level", "weight": -100},
            {"input": "/urgent", "type": "flag", "weight": -500},
            {"input": "/team", "values": {"red": -50, "blue": 25}, "others": 5, "absent": 7},
            {"input": "attempts", "weight": 10, "max": 3, "label": "tries so far"},
        ],
    })
}

#[test]
fn the_priority_is_the_sum_of_all_terms() {
    let priorities = test(scans())
        .task(TestTask::new("bare", json!({})))
        .task(TestTask::new("deep", json!({"scan_level": 4, "team": "red"})))
        .task(TestTask::new("urgent", json!({"urgent": true, "team": "green"})).attempts(9))
        .priorities();
    assert_eq!(priorities.unwrap(), [1007, 550, 535]);
}

#[test]
fn an_explanation_lists_what_counted_the_most_first() {
    let task = TestTask::new("it", json!({"scan_level": 2, "team": "red"})).attempts(1);
    let explanation = test(scans()).task(task).explanations().unwrap().remove(0);
    let terms: Vec<_> =
        explanation.terms.iter().map(|term| (term.label.as_str(), term.contribution)).collect();
    assert_eq!(
        terms,
        [("/scan_level", -200.0), ("/team", -50.0), ("tries so far", 10.0), ("base", 1000.0)]
    );
    assert_eq!(explanation.priority, 760);
}

#[test]
fn each_hour_of_age_moves_a_task_forward_and_needs_no_refresh() {
    const HOUR: i64 = 3_600_000;
    let settings = json!({
        "age_per_hour": 5,
        "terms": [{"input": "/level", "weight": -1}],
    });
    let start = 1_770_000_000_000;
    let order = test(settings.clone())
        .task(TestTask::new("old", json!({"level": 0})).created_at(start))
        .task(TestTask::new("new, 4 ahead", json!({"level": 4})).created_at(start + HOUR))
        .task(TestTask::new("new, 6 ahead", json!({"level": 6})).created_at(start + HOUR))
        .order();
    assert_eq!(order.unwrap(), ["new, 6 ahead", "old", "new, 4 ahead"]);
    let ranker = Weighted::configure(&flatten(&settings)).unwrap();
    assert_eq!(ranker.refresh(), Refresh::Never);
}

#[test]
fn an_asked_priority_counts_as_it_is_if_the_settings_say_so() {
    let mut settings = scans();
    settings["asked_first"] = json!(true);
    let task = TestTask::new("it", json!({"scan_level": 4})).base_priority(1);
    let explained = test(settings).task(task).explanations().unwrap().remove(0);
    assert_eq!((explained.priority, explained.terms[0].label.as_str()), (1, "asked priority"));
}

#[test]
fn a_sum_beyond_all_bounds_stays_in_range() {
    let settings = json!({"terms": [{"input": "/x", "weight": 1e300}]});
    let priorities = test(settings)
        .task(TestTask::new("far", json!({"x": 1e300})))
        .task(TestTask::new("near", json!({"x": -1e300})))
        .priorities();
    assert_eq!(priorities.unwrap(), [PRIORITY_MAX, PRIORITY_MIN]);
}

#[test]
fn without_settings_the_older_goes_first() {
    const HOUR: i64 = 3_600_000;
    let start = 1_770_000_000_000;
    let order = test(json!({}))
        .task(TestTask::new("new", json!({})).created_at(start + 2 * HOUR))
        .task(TestTask::new("old", json!({})).created_at(start))
        .order();
    assert_eq!(order.unwrap(), ["old", "new"]);
}

#[test]
fn settings_that_make_no_sense_are_told_by_name() {
    for (terms, expected) in [
        (json!([{"input": "scan_level", "weight": 1}]), "expected a JSON pointer"),
        (json!([{"input": "/a"}]), "it needs a `weight`"),
        (json!([{"input": "/a", "weight": 1, "per": 0}]), "`per` is 0, expected more than 0"),
        (json!([{"input": "/a", "type": "text", "weight": 1}]), "`weight` means nothing"),
        (json!([{"input": "/a", "values": {}, "min": 1}]), "`min` means nothing for a text"),
        (json!([{"input": "wait", "type": "text"}]), "its type is integer, not text"),
        (json!([{"input": "/a", "weight": 1, "min": 2, "max": 1}]), "more than `max`"),
    ] {
        let refused = refusal(json!({"terms": terms}));
        assert!(refused.starts_with("setting `terms`, number 1 ("), "{refused}");
        assert!(refused.contains(expected), "{refused}");
    }
    assert!(refusal(json!({"terms": [{"inputs": "/a"}]})).contains("unknown field `inputs`"));
    assert!(refusal(json!({"weights": {"age": 1}})).contains("`weights.age` is unknown"));
    assert!(refusal(json!({"base": 1e300, "age_per_hour": 1})).starts_with("setting `base`"));
}
