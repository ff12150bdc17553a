//! How much a queue takes, and what it says to bad input.

use hinny_core::{
    SchedulerId,
    queue::{PushRefusal, QueueError, Queues},
};
use serde_json::json;

use super::harness::{Rig, named, request};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_refuses_all_but_urgent_tasks() {
    let rig = Rig::builder().config(|config| config.tasks_max = 10).start().await;
    let requests = (0..100).map(|at| request(Some(5), &named(&at.to_string()))).collect();
    let answers = rig.push_all(requests).await.unwrap();
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 10);
    let refused = answers.last().unwrap().as_ref().unwrap_err().to_string();
    insta::assert_snapshot!(refused, @"the queue of `jobs` is full with 10 tasks, its limit is 10; hint: try again later, or raise `tasks_max`");
    rig.push_as(Some(1), named("urgent")).await.unwrap();
    assert_eq!(rig.line().await[0], "urgent");
    rig.pop_many(2).await;
    rig.push(named("room again")).await.unwrap();
}

#[tokio::test]
async fn refused_pushes_give_their_room_back() {
    let rig = Rig::builder().config(|config| config.tasks_max = 2).start().await;
    rig.push(named("a")).await.unwrap();
    for _ in 0..5 {
        assert!(matches!(rig.push(named("a")).await, Err(PushRefusal::Duplicate { .. })));
    }
    rig.push(named("b")).await.unwrap();
}

#[tokio::test]
async fn one_bad_task_does_not_spoil_its_batch() {
    let rig = Rig::start().await;
    let requests =
        vec![request(None, &named("a")), request(None, &json!({})), request(None, &named("b"))];
    let answers = rig.push_all(requests).await.unwrap();
    let texts: Vec<_> = answers
        .iter()
        .map(|answer| answer.as_ref().map_or_else(ToString::to_string, super::harness::name))
        .collect();
    assert_eq!(
        texts,
        ["a", "refused by the plugin of `jobs` at `/name`: a task needs a name", "b"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_brings_the_plugin_down_fails_alone() {
    let rig = std::sync::Arc::new(Rig::start().await);
    let pushes: Vec<_> = (0..40)
        .map(|at| {
            let rig = std::sync::Arc::clone(&rig);
            let name = if at == 7 { "poison".to_owned() } else { at.to_string() };
            tokio::task::spawn(
                async move { rig.push_all(vec![request(None, &named(&name))]).await },
            )
        })
        .collect();
    let mut failed = 0;
    for push in pushes {
        failed += u32::from(matches!(push.await.unwrap(), Err(QueueError::Plugin(_))));
    }
    assert_eq!(failed, 1);
    assert_eq!(rig.queued().await, 39);
}

#[tokio::test]
async fn a_priority_that_clients_cannot_read_is_refused() {
    let rig = Rig::start().await;
    let refused = rig.push_as(Some(i64::MAX), named("a")).await.unwrap_err();
    insta::assert_snapshot!(refused.to_string(), @"priority 9223372036854775807 is out of range, expected -9007199254740991 to 9007199254740991");
}

#[tokio::test]
async fn an_unknown_scheduler_is_named() {
    let rig = Rig::start().await;
    let unknown = SchedulerId::new("nobody").unwrap();
    let refused = rig.queues.push(&unknown, Vec::new()).await.unwrap_err();
    assert_eq!(refused.to_string(), "no scheduler `nobody`");
}
