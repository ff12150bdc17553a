//! Tests of the whole ranker.

use hinny_plugin::testing::{RankerTest, TestTask};
use serde_json::{Value, json};

use super::*;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const NOW: i64 = 1_770_000_000_000;

fn test(settings: Value) -> RankerTest<OpenKat> {
    RankerTest::new(settings).unwrap().now(NOW)
}

/// An automatic task of a boefje, made now: it asks for its time of creation.
fn boefje(name: &str, scan_level: i64) -> TestTask {
    TestTask::new(name, json!({"boefje": {"scan_level": scan_level}}))
        .created_at(NOW)
        .base_priority(NOW / 1000)
}

/// How many seconds a task goes ahead of its age.
fn ahead(settings: Value, task: TestTask) -> i64 {
    NOW / 1000 - test(settings).task(task).priorities().unwrap()[0]
}

#[test]
fn the_worked_examples_are_right() {
    for (name, task, hours) in [
        ("never run, level 1", boefje("a", 1), 18.0),
        ("never run, level 4", boefje("a", 4), 13.5),
        (
            "a week ago, level 1, 1 s",
            boefje("a", 1).last_run(NOW - 7 * DAY, "completed", 1000),
            13.2,
        ),
        ("a day ago, level 1, 1 s", boefje("a", 1).last_run(NOW - DAY, "completed", 1000), 8.1),
        ("a day ago, level 2, an hour", boefje("a", 2).last_run(NOW - DAY, "completed", HOUR), 3.9),
        ("a day ago, level 1, failed", boefje("a", 1).last_run(NOW - DAY, "failed", 1000), 2.1),
        ("a day ago, level 4, failed", boefje("a", 4).last_run(NOW - DAY, "failed", HOUR), 0.0),
    ] {
        let given = ahead(json!({}), task) as f64 / 3600.0;
        assert!((given - hours).abs() <= 0.051, "{name}: {given:.3} h");
    }
}

#[test]
fn what_a_person_asks_for_goes_first_in_the_order_that_was_asked() {
    let asked = |name: &str, priority| {
        TestTask::new(name, json!({})).created_at(NOW + DAY).base_priority(priority)
    };
    let order = test(json!({}))
        .task(boefje("automatic", 0).created_at(NOW - 365 * DAY).base_priority(1))
        .task(boefje("never run", 0))
        .task(asked("later", 10))
        .task(asked("at once", -1));
    assert_eq!(order.order().unwrap(), ["at once", "automatic", "later", "never run"]);
}

#[test]
fn the_order_is_new_then_stale_then_fresh_then_failed() {
    let order = test(json!({}))
        .task(boefje("failed", 1).last_run(NOW - DAY, "failed", 1000))
        .task(boefje("fresh", 1).last_run(NOW - DAY, "completed", 1000))
        .task(boefje("stale", 1).last_run(NOW - 7 * DAY, "completed", 1000))
        .task(boefje("new", 1));
    assert_eq!(order.order().unwrap(), ["new", "stale", "fresh", "failed"]);
}

#[test]
fn light_and_short_go_before_heavy_and_long() {
    let run = |name: &str, level, ms| boefje(name, level).last_run(NOW - DAY, "completed", ms);
    let order = test(json!({}))
        .task(run("heavy", 4, 1000))
        .task(run("long", 1, HOUR))
        .task(run("light", 1, 1000));
    assert_eq!(order.order().unwrap(), ["light", "long", "heavy"]);
    let same = test(json!({"light_hours": 0, "short_hours": 0}))
        .task(run("heavy", 4, HOUR))
        .task(run("light", 1, 1));
    let priorities = same.priorities().unwrap();
    assert_eq!(priorities[0], priorities[1]);
}

#[test]
fn nobody_waits_for_longer_than_the_bound_for_what_came_later() {
    let worst = |age: i64| {
        TestTask::new("old", json!({"boefje": {"scan_level": 4}}))
            .created_at(NOW - age)
            .base_priority((NOW - age) / 1000)
            .last_run(NOW - age - 1, "failed", 10 * HOUR)
    };
    let generous = json!({"new_hours": 744, "light_hours": 744, "most_hours": 24});
    let order =
        |age| test(generous.clone()).task(boefje("new", 0)).task(worst(age)).order().unwrap();
    assert_eq!(order(23 * HOUR), ["new", "old"]);
    assert_eq!(order(25 * HOUR), ["old", "new"]);
}

#[test]
fn strange_values_stay_within_the_bounds() {
    for level in [i64::MIN, -1, 0, 4, 5, i64::MAX] {
        for (ended_at, took) in [(i64::MIN, i64::MIN), (NOW + DAY, -1), (i64::MAX, i64::MAX)] {
            let task = boefje("a", level).last_run(ended_at, "lost", took);
            let ahead = ahead(json!({}), task);
            assert!((0..=86_400).contains(&ahead), "{level} {ended_at} {took}: {ahead}");
        }
    }
}

#[test]
fn the_terms_of_an_explanation_add_up() {
    let generous = json!({"new_hours": 744, "most_hours": 24});
    for (settings, task) in [
        (json!({}), boefje("a", 1)),
        (json!({}), boefje("a", 2).last_run(NOW - DAY, "completed", 90_000)),
        (json!({}), boefje("a", 4).last_run(NOW - DAY, "failed", HOUR)),
        (json!({}), TestTask::new("a", json!({})).base_priority(1)),
        (generous, boefje("a", 1)),
    ] {
        let explanation = test(settings).task(task).explanations().unwrap().remove(0);
        let sum: f64 = explanation.terms.iter().map(|term| term.contribution).sum();
        assert_eq!(sum.round() as i64, explanation.priority, "{:?}", explanation.terms);
    }
}

#[test]
fn settings_that_make_no_sense_are_told_by_name() {
    let refused = RankerTest::<OpenKat>::new(json!({"new_hours": 745})).unwrap_err();
    assert_eq!(refused, "setting `new_hours` is 745, expected an integer from 0 to 744");
    let refused = RankerTest::<OpenKat>::new(json!({"level": 1})).unwrap_err();
    assert!(refused.starts_with("setting `level` is unknown, expected one of"), "{refused}");
}
