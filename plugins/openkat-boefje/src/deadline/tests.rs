//! Deadlines as a table, and their spread.

use hinny_plugin::testing::FakeHost;
use openkat::testing::{boefje, schedule};
use serde_json::json;

use super::*;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// 2026-02-02T02:40:00Z.
const NOW: i64 = 1_770_000_000_000;

const DEADLINES: Deadlines = Deadlines { grace_ms: 24 * HOUR, jitter_ms: 0 };

#[test]
fn the_first_that_says_when_is_heard() {
    FakeHost::reset();
    let plain = boefje("b", json!({}));
    let cron = boefje("b", json!({"cron": "50 2 * * *", "interval": 60}));
    let bad = boefje("b", json!({"cron": "bad"}));
    let never = boefje("b", json!({"cron": "0 0 0 1 1 * 2020"}));
    let interval = boefje("b", json!({"interval": 60}));
    let without = schedule("h", json!({}), None);
    let daily = schedule("h", json!({}), Some("@daily"));
    let mut amsterdam = daily.clone();
    amsterdam.time_zone = "Europe/Amsterdam".to_owned();
    for (name, boefje, schedule, cron, after) in [
        ("the boefje's cron", &cron, None, Some("50 2 * * *"), 10 * MINUTE),
        ("it goes before the schedule's", &cron, Some(&daily), Some("50 2 * * *"), 10 * MINUTE),
        ("the schedule's cron", &plain, Some(&daily), Some("@daily"), 21 * HOUR + 20 * MINUTE),
        ("in its zone", &plain, Some(&amsterdam), Some("@daily"), 20 * HOUR + 20 * MINUTE),
        (
            "it goes before the interval",
            &interval,
            Some(&daily),
            Some("@daily"),
            21 * HOUR + 20 * MINUTE,
        ),
        ("the interval", &interval, None, None, HOUR),
        ("the grace period", &plain, None, None, 24 * HOUR),
        ("a schedule without cron says nothing", &plain, Some(&without), None, 24 * HOUR),
        ("a cron that is no good", &bad, None, None, 24 * HOUR),
        ("then the schedule's", &bad, Some(&daily), Some("@daily"), 21 * HOUR + 20 * MINUTE),
        ("a cron that never matches again", &never, None, None, 24 * HOUR),
    ] {
        let plan = DEADLINES.plan(Some(boefje), schedule, "h", NOW).unwrap();
        assert_eq!(plan.cron.as_deref(), cron, "{name}");
        assert_eq!(plan.deadline_at, Some(NOW + after), "{name}");
    }
    let plan = DEADLINES.plan(None, None, "h", NOW).unwrap();
    assert_eq!(plan.deadline_at, Some(NOW + 24 * HOUR), "a boefje that cannot be asked for");
}

#[test]
fn a_cron_that_is_no_good_is_told() {
    FakeHost::reset();
    DEADLINES.plan(Some(&boefje("b", json!({"cron": "bad"}))), None, "h", NOW).unwrap();
    let [(_, line)] = &FakeHost::lines()[..] else { panic!("{:?}", FakeHost::lines()) };
    let expected = r#"cron expression "bad" is passed over: `bad` is not a cron expression"#;
    assert!(line.starts_with(expected), "{line}");
}

#[test]
fn deadlines_are_spread_evenly_and_always_the_same() {
    let spread = Deadlines { jitter_ms: 5 * HOUR, ..DEADLINES };
    let plain = boefje("b", json!({}));
    let at =
        |hash: &str| spread.plan(Some(&plain), None, hash, NOW).unwrap().deadline_at.unwrap() - NOW;
    let spread_over: Vec<i64> = (0..1000).map(|n| at(&format!("hash-{n}"))).collect();
    for after in &spread_over {
        assert!((24 * HOUR..=29 * HOUR).contains(after), "{after}");
    }
    for hour in 24..29 {
        let within = spread_over.iter().filter(|after| **after / HOUR == hour).count();
        assert!((150..250).contains(&within), "{within} of 1000 in hour {hour}");
    }
    assert_eq!(at("hash-1"), at("hash-1"));
}

#[test]
fn an_interval_is_spread_by_a_tenth_at_most() {
    let spread = Deadlines { jitter_ms: 5 * HOUR, ..DEADLINES };
    let hourly = boefje("b", json!({"interval": 60}));
    for n in 0..1000 {
        let plan = spread.plan(Some(&hourly), None, &format!("hash-{n}"), NOW).unwrap();
        let after = plan.deadline_at.unwrap() - NOW;
        assert!((60 * MINUTE..=66 * MINUTE).contains(&after), "{after}");
    }
}

#[test]
fn the_interval_takes_the_place_of_the_grace_period() {
    for (interval, wait_ms) in [
        (json!(null), 24 * HOUR),
        (json!(0), 24 * HOUR),
        (json!(-5), 24 * HOUR),
        (json!(60), HOUR),
        (json!(60 * 48), 48 * HOUR),
    ] {
        let rest = DEADLINES.rest(&boefje("b", json!({"interval": interval})));
        assert_eq!((rest.wait_ms, rest.grace_ms), (wait_ms, 24 * HOUR), "{interval}");
    }
}
