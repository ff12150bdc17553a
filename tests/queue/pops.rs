//! Handing out tasks.

use std::{collections::HashSet, sync::Arc, time::Duration};

use hinny_core::{
    TaskStatus,
    filter::{Condition, Filter, Operator},
    queue::{PopRequest, PushRefusal, Queues},
};
use serde_json::json;

use super::harness::{Rig, eventually, name, named, request};

fn kind(kind: &str) -> Filter {
    only("kind", Operator::Eq, json!(kind))
}

fn only(field: &str, operator: Operator, value: serde_json::Value) -> Filter {
    let condition =
        Condition { column: "data".to_owned(), path: vec![field.to_owned()], operator, value };
    Filter { and: vec![condition], ..Filter::default() }
}

fn waiting(filter: Filter) -> PopRequest {
    PopRequest { limit: Some(1), filter, wait: Duration::from_secs(30), worker: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_task_is_handed_out_twice() {
    let rig = Arc::new(Rig::start().await);
    let requests = (0..400).map(|at| request(None, &named(&at.to_string()))).collect();
    rig.push_all(requests).await.unwrap();
    let workers: Vec<_> = (0..16)
        .map(|_| {
            let rig = Arc::clone(&rig);
            tokio::task::spawn(async move {
                let mut got = Vec::new();
                while let Some(task) = rig.pop().await {
                    got.push(task.id);
                }
                got
            })
        })
        .collect();
    let mut got = Vec::new();
    for worker in workers {
        got.extend(worker.await.unwrap());
    }
    assert_eq!(got.len(), 400);
    assert_eq!(got.iter().collect::<HashSet<_>>().len(), 400);
}

#[tokio::test]
async fn equal_work_is_queued_once_but_may_be_queued_again_while_it_is_done() {
    let rig = Rig::start().await;
    let first = rig.push(named("a")).await.unwrap();
    let refused = rig.push(named("a")).await.unwrap_err();
    assert!(matches!(refused, PushRefusal::Duplicate { live, .. } if live == first.id));
    assert_eq!(rig.pop().await.unwrap().id, first.id);
    rig.push(named("a")).await.unwrap();
    assert_eq!(rig.queued().await, 1);
}

#[tokio::test]
async fn a_waiting_worker_gets_the_task_that_comes() {
    let rig = Arc::new(Rig::start().await);
    let worker = {
        let rig = Arc::clone(&rig);
        tokio::task::spawn(
            async move { rig.queues.pop(&rig.jobs, waiting(Filter::default())).await },
        )
    };
    eventually("the worker waits", async || {
        rig.queues.stats(&rig.jobs).await.unwrap().waiting == 1
    })
    .await;
    rig.push(named("a")).await.unwrap();
    let got = worker.await.unwrap().unwrap();
    assert_eq!(name(&got[0]), "a");
    assert_eq!(rig.queues.stats(&rig.jobs).await.unwrap().waiting, 0);
}

#[tokio::test]
async fn every_waiting_worker_gets_the_kind_it_wants() {
    let rig = Arc::new(Rig::start().await);
    let filters = [kind("x"), kind("y"), only("name", Operator::Like, json!("other%"))];
    let workers: Vec<_> = filters
        .into_iter()
        .map(|filter| {
            let rig = Arc::clone(&rig);
            tokio::task::spawn(async move { rig.queues.pop(&rig.jobs, waiting(filter)).await })
        })
        .collect();
    eventually("all wait", async || rig.queues.stats(&rig.jobs).await.unwrap().waiting == 3).await;
    for data in [
        json!({"name": "for-y", "kind": "y"}),
        json!({"name": "for-x", "kind": "x"}),
        json!({"name": "other-1", "kind": "z"}),
    ] {
        rig.push(data).await.unwrap();
    }
    let mut got = Vec::new();
    for worker in workers {
        got.push(name(&worker.await.unwrap().unwrap()[0]));
    }
    assert_eq!(got, ["for-x", "for-y", "other-1"]);
}

#[tokio::test]
async fn a_filter_on_any_field_takes_the_first_that_matches() {
    let rig = Rig::start().await;
    for (at, size) in [(0, 5), (1, 20), (2, 30)] {
        let data = json!({"name": format!("task-{at}"), "size": size});
        rig.push_as(Some(at), data).await.unwrap();
    }
    let request = PopRequest {
        limit: Some(5),
        filter: only("size", Operator::Gt, json!(10)),
        ..PopRequest::default()
    };
    let got = rig.queues.pop(&rig.jobs, request).await.unwrap();
    assert_eq!(got.iter().map(name).collect::<Vec<_>>(), ["task-1", "task-2"]);
    assert_eq!(rig.line().await, ["task-0"]);
}

#[tokio::test]
async fn a_match_far_behind_the_head_is_found() {
    let rig = Rig::start().await;
    let mut requests: Vec<_> = (0..1500)
        .map(|at| request(Some(at), &json!({"name": at.to_string(), "size": 1})))
        .collect();
    requests.push(request(Some(9_999), &json!({"name": "last", "size": 99})));
    rig.push_all(requests).await.unwrap();
    let request =
        PopRequest { filter: only("size", Operator::Eq, json!(99)), ..PopRequest::default() };
    let got = rig.queues.pop(&rig.jobs, request).await.unwrap();
    assert_eq!(got.iter().map(name).collect::<Vec<_>>(), ["last"]);
}

#[tokio::test]
async fn a_worker_that_goes_away_while_it_waits_loses_nothing() {
    let rig = Rig::start().await;
    let pop = rig.queues.pop(&rig.jobs, waiting(Filter::default()));
    assert!(tokio::time::timeout(Duration::from_millis(20), pop).await.is_err());
    rig.push(named("a")).await.unwrap();
    assert_eq!(rig.pop().await.map(|task| name(&task)), Some("a".to_owned()));
}

#[tokio::test]
async fn a_worker_that_goes_away_before_the_answer_gives_its_task_back() {
    let rig = Rig::start().await;
    let task = rig.push(named("a")).await.unwrap();
    {
        // One step: it takes the task and sends the claim. Then nobody is there for the answer.
        let mut pop = Box::pin(rig.queues.pop(&rig.jobs, PopRequest::default()));
        assert!(futures_once(&mut pop).await.is_none());
    }
    eventually("it is queued again", async || {
        rig.task(task.id).await.status == TaskStatus::Queued && rig.queued().await == 1
    })
    .await;
    assert_eq!(rig.pop().await.unwrap().id, task.id);
}

/// Polls once.
async fn futures_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|context| match std::pin::Pin::new(&mut *future).poll(context) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn a_stop_answers_waiting_workers_and_refuses_new_ones() {
    let rig = Arc::new(Rig::start().await);
    let worker = {
        let rig = Arc::clone(&rig);
        tokio::task::spawn(
            async move { rig.queues.pop(&rig.jobs, waiting(Filter::default())).await },
        )
    };
    eventually("the worker waits", async || {
        rig.queues.stats(&rig.jobs).await.is_ok_and(|stats| stats.waiting == 1)
    })
    .await;
    rig.queues.stop().await;
    assert!(worker.await.unwrap().unwrap().is_empty());
    let refused = rig.queues.pop(&rig.jobs, PopRequest::default()).await.unwrap_err();
    assert!(matches!(refused, hinny_core::queue::QueueError::Stopping));
}
