//! Reports and changes.

use hinny_core::{
    Priority, TaskStatus,
    filter::{Condition, Filter, Operator},
    queue::{CancelRequest, QueueError, Queues},
    task::TaskChange,
};
use serde_json::json;

use super::harness::{Rig, named};

fn to(status: TaskStatus) -> TaskChange {
    TaskChange { status: Some(status), ..TaskChange::default() }
}

#[tokio::test]
async fn a_finished_task_stays_finished() {
    let rig = Rig::start().await;
    rig.push(named("a")).await.unwrap();
    let task = rig.pop().await.unwrap();
    rig.queues.update(task.id, to(TaskStatus::Running)).await.unwrap();
    let done = rig.queues.update(task.id, to(TaskStatus::Completed)).await.unwrap();
    assert_eq!(done.finished_at, Some(hinny_core::Clock::now(&*rig.clock)));
    let refused = rig.queues.update(task.id, to(TaskStatus::Failed)).await.unwrap_err();
    assert_eq!(refused.to_string(), "a task that is `completed` cannot become `failed`");
}

#[tokio::test]
async fn under_the_open_rule_any_status_may_follow() {
    let rig = Rig::builder()
        .config(|config| config.status_rule = hinny_core::status::StatusRule::Open)
        .start()
        .await;
    let task = rig.push(named("a")).await.unwrap();
    rig.pop().await.unwrap();
    rig.queues.update(task.id, to(TaskStatus::Completed)).await.unwrap();
    // It is there with the answer.
    rig.queues.update(task.id, to(TaskStatus::Queued)).await.unwrap();
    assert_eq!(rig.pop().await.unwrap().id, task.id);
}

#[tokio::test]
async fn a_cancelled_task_is_not_handed_out_and_frees_its_hash() {
    let rig = Rig::start().await;
    let task = rig.push(named("a")).await.unwrap();
    rig.queues.update(task.id, to(TaskStatus::Cancelled)).await.unwrap();
    assert_eq!(rig.queued().await, 0);
    assert!(rig.pop().await.is_none());
    rig.push(named("a")).await.unwrap();
}

#[tokio::test]
async fn a_task_cannot_come_back_beside_an_equal_one() {
    let rig = Rig::start().await;
    let task = rig.push(named("a")).await.unwrap();
    rig.pop().await.unwrap();
    let live = rig.push(named("a")).await.unwrap();
    let refused = rig.queues.update(task.id, to(TaskStatus::Queued)).await.unwrap_err();
    assert!(matches!(refused, QueueError::DuplicateHash { live: there, .. } if there == live.id));
}

#[tokio::test]
async fn a_new_priority_moves_a_queued_task() {
    let rig = Rig::start().await;
    rig.push_as(Some(1), named("a")).await.unwrap();
    let task = rig.push_as(Some(2), named("b")).await.unwrap();
    let change = TaskChange { priority: Some(Priority(0)), ..TaskChange::default() };
    rig.queues.update(task.id, change).await.unwrap();
    assert_eq!(rig.line().await, ["b", "a"]);
}

#[tokio::test]
async fn many_are_cancelled_by_filter_after_a_dry_run() {
    let rig = Rig::start().await;
    for at in 0..5 {
        let data = json!({"name": at.to_string(), "kind": if at < 3 { "x" } else { "y" }});
        rig.push(data).await.unwrap();
    }
    let condition = Condition {
        column: "data".to_owned(),
        path: vec!["kind".to_owned()],
        operator: Operator::Eq,
        value: json!("x"),
    };
    let request = |dry_run| CancelRequest {
        filter: Filter { and: vec![condition.clone()], ..Filter::default() },
        dry_run,
        reason: "a test".to_owned(),
    };
    assert_eq!(rig.queues.cancel(&rig.jobs, request(true)).await.unwrap(), 3);
    assert_eq!(rig.queued().await, 5);
    assert_eq!(rig.queues.cancel(&rig.jobs, request(false)).await.unwrap(), 3);
    assert_eq!(rig.line().await, ["3", "4"]);
}
