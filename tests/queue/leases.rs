//! What becomes of tasks whose worker is lost.

use std::time::Duration;

use hinny_core::{
    TaskStatus,
    queue::{QueueError, Queues},
    task::TaskChange,
};

use super::harness::{Rig, eventually, named};

const LEASE: Duration = Duration::from_mins(1);

async fn back_in_line(rig: &Rig, queued: u64) {
    eventually("the task is back", async || rig.queued().await == queued).await;
}

#[tokio::test]
async fn a_lost_task_comes_back_after_its_lease_and_a_pause() {
    let rig = Rig::start().await;
    let task = rig.push(named("a")).await.unwrap();
    rig.pop().await.unwrap();
    rig.pass(LEASE.checked_sub(Duration::from_secs(1)).unwrap()).await;
    assert_eq!(rig.queued().await, 0);
    rig.pass(Duration::from_secs(1)).await;
    back_in_line(&rig, 1).await;
    assert!(rig.pop().await.is_none(), "it is delayed");
    rig.pass(Duration::from_secs(10)).await;
    let again = rig.pop().await.unwrap();
    assert_eq!((again.id, again.attempt), (task.id, 2));
}

#[tokio::test]
async fn after_its_last_attempt_a_lost_task_is_given_up() {
    let rig = Rig::start().await;
    let task = rig.push(named("a")).await.unwrap();
    for attempt in 1..=3 {
        assert_eq!(rig.pop().await.unwrap().attempt, attempt);
        rig.pass(LEASE).await;
        if attempt < 3 {
            back_in_line(&rig, 1).await;
            rig.pass(Duration::from_secs(15)).await;
        }
    }
    let dead = rig.task(task.id).await;
    assert_eq!((dead.status, dead.dead), (TaskStatus::Failed, true));
    assert_eq!(
        dead.reason.as_deref(),
        Some("given up after 3 lost attempts, the last by unknown worker")
    );
    rig.push(named("a")).await.unwrap();
}

#[tokio::test]
async fn a_heartbeat_keeps_a_task() {
    let rig = Rig::start().await;
    rig.push(named("a")).await.unwrap();
    let task = rig.pop().await.unwrap();
    for _ in 0..5 {
        rig.pass(LEASE / 2).await;
        rig.queues.heartbeat(task.id, Some(1)).await.unwrap();
    }
    assert_eq!(rig.task(task.id).await.status, TaskStatus::Dispatched);
    let done = TaskChange { status: Some(TaskStatus::Completed), ..TaskChange::default() };
    rig.queues.update(task.id, done).await.unwrap();
    let refused = rig.queues.heartbeat(task.id, None).await.unwrap_err();
    assert!(matches!(refused, QueueError::NotHeld { status: TaskStatus::Completed, .. }));
}

#[tokio::test]
async fn a_late_report_on_a_lost_attempt_is_refused() {
    let rig = Rig::start().await;
    rig.push(named("a")).await.unwrap();
    let first = rig.pop().await.unwrap();
    rig.pass(LEASE).await;
    back_in_line(&rig, 1).await;
    rig.pass(Duration::from_secs(15)).await;
    let second = rig.pop().await.unwrap();
    let report = |attempt| TaskChange {
        status: Some(TaskStatus::Completed),
        attempt: Some(attempt),
        ..TaskChange::default()
    };
    let refused = rig.queues.update(first.id, report(first.attempt)).await.unwrap_err();
    assert!(matches!(refused, QueueError::StaleAttempt { reported: 1, current: 2 }));
    rig.queues.update(second.id, report(second.attempt)).await.unwrap();
}

#[tokio::test]
async fn a_lost_task_that_was_queued_again_is_given_up() {
    let rig = Rig::start().await;
    let lost = rig.push(named("a")).await.unwrap();
    rig.pop().await.unwrap();
    let live = rig.push(named("a")).await.unwrap();
    rig.pass(LEASE).await;
    eventually("it is given up", async || rig.task(lost.id).await.dead).await;
    assert_eq!(
        rig.task(lost.id).await.reason,
        Some(format!("lost, and queued again as `{}`", live.id))
    );
    assert_eq!(rig.queued().await, 1);
}

#[tokio::test]
async fn a_clock_that_is_set_back_loses_nothing() {
    let rig = Rig::start().await;
    rig.push(named("a")).await.unwrap();
    let task = rig.pop().await.unwrap();
    rig.clock.set(hinny_core::Timestamp::from_micros(super::harness::START / 2));
    rig.queues.look_after(&rig.jobs).await.unwrap();
    rig.push(named("b")).await.unwrap();
    assert_eq!(rig.line().await, ["b"]);
    rig.queues.heartbeat(task.id, None).await.unwrap();
    let done = TaskChange { status: Some(TaskStatus::Completed), ..TaskChange::default() };
    rig.queues.update(task.id, done).await.unwrap();
}
