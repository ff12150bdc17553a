//! The checks as tables: one row per case. Times are in hours before now.

use openkat::{moment::Moment, testing::task};

use super::*;

const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_770_000_000_000;

/// A boefje with an interval of six hours; the grace period is a day.
const REST: Rest = Rest { wait_ms: 6 * HOUR, grace_ms: 24 * HOUR };

fn ago(hours: i64) -> i64 {
    NOW - hours * HOUR
}

/// A task, and how many hours ago it was handed out or pushed.
fn newest(status: &str, hours: i64) -> Task {
    task("hash", status, ago(hours))
}

fn run(started: Option<i64>, ended: Option<i64>) -> Run {
    let moment = |hours: Option<i64>| hours.map(|hours| Moment::from_millis(ago(hours)));
    Run { started_at: moment(started), ended_at: moment(ended) }
}

/// When it can pass, in hours from now.
fn hours(stop: Option<Stop>) -> Option<i64> {
    stop.map(|stop| (stop.until - NOW) / HOUR)
}

#[test]
fn the_newest_task_stops_the_same_work() {
    for (name, status, age, expected) in [
        ("completed within the wait", "completed", 5, Some(1)),
        ("failed within the wait", "failed", 1, Some(5)),
        ("cancelled within the wait", "cancelled", 1, Some(5)),
        ("completed, exactly rested", "completed", 6, None),
        ("completed long ago", "completed", 48, None),
        ("failed long ago", "failed", 7, None),
        ("cancelled is over", "cancelled", 7, None),
        ("queued within the wait", "queued", 2, Some(4)),
        ("queued for long, rests from its dispatch", "queued", 100, Some(6)),
        ("queued for exactly the wait", "queued", 6, Some(6)),
        ("pending is on its way to the queue", "pending", 100, Some(6)),
        ("dispatched within the wait", "dispatched", 2, Some(4)),
        ("dispatched within the grace period", "dispatched", 7, Some(17)),
        ("running within the grace period", "running", 23, Some(1)),
        ("dispatched and lost", "dispatched", 24, None),
        ("running and lost", "running", 25, None),
        ("a status of a later version is no obstacle", "archived", 7, None),
    ] {
        let stop = by_task(Some(&newest(status, age)), REST, NOW);
        assert_eq!(hours(stop), expected, "{name}");
    }
    assert_eq!(by_task(None, REST, NOW), None, "never made before");
}

#[test]
fn the_last_run_stops_the_same_work() {
    let completed = |age| Some(newest("completed", age));
    for (name, task, last, expected) in [
        ("never made, never run", None, None, None),
        ("run by hand, within the wait", None, Some(run(Some(3), Some(2))), Some(4)),
        ("exactly rested", completed(7), Some(run(Some(7), Some(6))), None),
        ("ended long ago", completed(30), Some(run(Some(30), Some(29))), None),
        ("has not ended", completed(30), Some(run(Some(1), None)), Some(23)),
        ("has not ended, and is lost", completed(30), Some(run(Some(24), None)), None),
        ("neither began nor ended", completed(30), Some(run(None, None)), None),
        ("ended in Bytes, whatever its beginning", None, Some(run(None, Some(1))), Some(5)),
        ("completed, not in Bytes yet", completed(7), None, Some(17)),
        ("failed, not in Bytes yet", Some(newest("failed", 23)), None, Some(1)),
        ("completed, never came to Bytes", completed(24), None, None),
        ("cancelled, so nothing came to Bytes", Some(newest("cancelled", 7)), None, None),
        ("lost, so nothing came to Bytes", Some(newest("dispatched", 25)), None, None),
    ] {
        let stop = by_run(task.as_ref(), last.as_ref(), REST, NOW);
        assert_eq!(hours(stop), expected, "{name}");
    }
}

#[test]
fn without_an_interval_the_grace_period_is_the_wait() {
    let rest = Rest { wait_ms: 24 * HOUR, grace_ms: 24 * HOUR };
    let stop = |status, age| hours(by_task(Some(&newest(status, age)), rest, NOW));
    assert_eq!(stop("completed", 23), Some(1));
    assert_eq!(stop("completed", 24), None);
    assert_eq!(stop("running", 24), None, "a worker that is silent for that long is lost");
}

#[test]
fn times_at_the_end_of_the_calendar_are_no_trap() {
    let far = Task { modified_at: i64::MAX, ..newest("completed", 0) };
    assert!(by_task(Some(&far), REST, i64::MAX).is_none());
    assert_eq!(by_task(Some(&far), REST, NOW).unwrap().until, i64::MAX);
}

/// Every task and run on a grid of ages, under several rests.
fn grid() -> impl Iterator<Item = (Option<Task>, Option<Run>, Rest)> {
    let statuses =
        ["pending", "queued", "dispatched", "running", "completed", "failed", "cancelled"];
    let tasks = statuses.into_iter().flat_map(|status| {
        [-1, 0, 1, 5, 6, 7, 23, 24, 25, 300].map(|age| Some(newest(status, age)))
    });
    let tasks: Vec<_> = tasks.chain([None]).collect();
    let ages = [None, Some(-1), Some(0), Some(6), Some(23), Some(24), Some(300)];
    let runs =
        ages.into_iter().flat_map(move |started| ages.map(|ended| Some(run(started, ended))));
    let runs: Vec<_> = runs.chain([None]).collect();
    let rests = [(0, 24), (6, 24), (24, 24), (72, 24), (24, 0)]
        .map(|(wait, grace)| Rest { wait_ms: wait * HOUR, grace_ms: grace * HOUR });
    tasks.into_iter().flat_map(move |task| {
        let (task, rests) = (task.clone(), rests);
        let with_task = runs.clone().into_iter().map(move |run| (task.clone(), run));
        with_task.flat_map(move |(task, run)| rests.map(|rest| (task.clone(), run, rest)))
    })
}

/// What stops work, with both checks in their order.
fn checked(task: Option<&Task>, run: Option<&Run>, rest: Rest, now: i64) -> Option<Stop> {
    by_task(task, rest, now).or_else(|| by_run(task, run, rest, now))
}

#[test]
fn what_is_stopped_is_stopped_until_then_and_passes_at_last() {
    for (task, run, rest) in grid() {
        let (task, run) = (task.as_ref(), run.as_ref());
        let check = |now| checked(task, run, rest, now);
        let (mut now, mut looks) = (NOW, 0);
        while let Some(stop) = check(now) {
            let case = || format!("{task:?} {run:?} {rest:?}: {stop:?}");
            assert!(stop.until > now, "it is looked at later: {}", case());
            assert!(check(stop.until - 1).is_some(), "and not too late: {}", case());
            if matches!(stop.why, "it is on the queue") {
                break;
            }
            (now, looks) = (stop.until, looks + 1);
            assert!(looks <= 4, "each look brings it on: {}", case());
        }
    }
}
