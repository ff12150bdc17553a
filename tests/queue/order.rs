//! What goes first.

use hinny_core::queue::{Queues, Rung};
use serde_json::json;

use super::harness::{Rig, named, request};

#[tokio::test]
async fn tasks_go_by_priority_and_then_by_age() {
    let rig = Rig::start().await;
    for (name, priority) in [("c", 5), ("a", 2), ("d", 5), ("b", 2)] {
        rig.push_as(Some(priority), named(name)).await.unwrap();
    }
    assert_eq!(rig.line().await, ["a", "b", "c", "d"]);
}

#[tokio::test]
async fn without_a_priority_the_older_goes_first() {
    let rig = Rig::start().await;
    rig.push(named("first")).await.unwrap();
    rig.clock.advance(std::time::Duration::from_secs(2));
    rig.push(named("second")).await.unwrap();
    rig.push_as(Some(1), named("urgent")).await.unwrap();
    assert_eq!(rig.line().await, ["urgent", "first", "second"]);
}

#[tokio::test]
async fn tasks_of_one_request_keep_their_order() {
    let rig = Rig::start().await;
    let names: Vec<_> = (0..50).map(|at| format!("task-{at:02}")).collect();
    let requests = names.iter().map(|name| request(Some(1), &named(name))).collect();
    rig.push_all(requests).await.unwrap();
    assert_eq!(rig.line().await, names);
}

#[tokio::test]
async fn a_restart_brings_back_the_same_line() {
    let rig = Rig::start().await;
    for (at, priority) in [3, 1, 2, 1, 9].into_iter().enumerate() {
        rig.push_as(Some(priority), named(&format!("task-{at}"))).await.unwrap();
    }
    rig.pop().await.unwrap();
    let line = rig.line().await;
    assert_eq!(line.len(), 4);
    rig.queues.stop().await;
    assert_eq!(rig.restarted().await.line().await, line);
}

#[tokio::test]
async fn an_explanation_says_who_ranked_a_task_and_where_it_stands() {
    let rig = Rig::start().await;
    rig.push_as(Some(1), named("a")).await.unwrap();
    let second = rig.push_as(Some(2), json!({"name": "b"})).await.unwrap();
    let explained = Queues::explain(&*rig.queues, second.id).await.unwrap();
    assert_eq!(explained.position, Some(2));
    assert_eq!(explained.ranked_by, hinny_core::task::RankedBy::Host);
}

#[tokio::test]
async fn an_explanation_says_what_would_move_a_task_up() {
    let rig = Rig::start().await;
    let mut last = None;
    for at in 0..15 {
        last = Some(rig.push_as(Some(at * 10), named(&format!("task-{at}"))).await.unwrap());
    }
    let explain = async |id| Queues::explain(&*rig.queues, id).await.unwrap();
    let rungs = |ahead: Vec<Rung>| -> Vec<_> {
        ahead.into_iter().map(|rung| (rung.position, rung.below.0)).collect()
    };
    let last = last.unwrap();
    assert_eq!(rungs(explain(last.id).await.ahead), [(1, 0), (10, 90)]);
    // It is as it says.
    let moved = rig.push_as(Some(89), named("moved")).await.unwrap();
    assert_eq!(explain(moved.id).await.position, Some(10));
    let first = rig.push_as(Some(-1), named("first")).await.unwrap();
    let explained = explain(first.id).await;
    assert_eq!((explained.position, explained.ahead), (Some(1), Vec::new()));
}
