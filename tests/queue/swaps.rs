//! Changing the ranker of a queue in use.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hinny_core::{
    Priority,
    input::{InputSource, InputSpec, InputType},
    queue::Queues,
    ranker::Ranker,
    task::RankedBy,
};
use serde_json::json;

use super::harness::{FakeRanker, Gate, Rig, eventually, name};

fn size() -> InputSpec {
    pointer("/size")
}

fn pointer(place: &str) -> InputSpec {
    InputSpec {
        name: "x".to_owned(),
        source: InputSource::Pointer(place.to_owned()),
        kind: InputType::Integer,
    }
}

async fn push_sizes(rig: &Rig, sizes: impl IntoIterator<Item = i64>) {
    for size in sizes {
        let data = json!({"name": format!("size-{size}"), "size": size, "weight": -size});
        rig.push(data).await.unwrap();
    }
}

async fn until_generation(rig: &Rig, generation: u64) {
    eventually("the switch is made", async || {
        rig.queues.stats(&rig.jobs).await.unwrap().generation == generation
    })
    .await;
}

fn swap(rig: &Rig, ranker: FakeRanker) {
    let ranker: Arc<dyn Ranker> = Arc::new(ranker);
    rig.queues.swap_ranker(&rig.jobs, Some(ranker)).unwrap();
}

#[tokio::test]
async fn a_swap_reorders_what_is_queued_and_what_comes() {
    let rig = Rig::builder().ranker(FakeRanker::new(1, size(), 1)).start().await;
    push_sizes(&rig, [2, 1, 3]).await;
    assert_eq!(rig.line().await, ["size-1", "size-2", "size-3"]);
    swap(&rig, FakeRanker::new(2, size(), -1));
    until_generation(&rig, 2).await;
    push_sizes(&rig, [4]).await;
    assert_eq!(rig.line().await, ["size-4", "size-3", "size-2", "size-1"]);
    assert_eq!(rig.pop().await.unwrap().ranked_by, RankedBy::Generation(2));
}

#[tokio::test]
async fn a_swap_to_other_inputs_reads_them_from_the_data() {
    let rig = Rig::builder().ranker(FakeRanker::new(1, size(), 1)).start().await;
    push_sizes(&rig, [2, 1, 3]).await;
    swap(&rig, FakeRanker::new(2, pointer("/weight"), 1));
    until_generation(&rig, 2).await;
    assert_eq!(rig.line().await, ["size-3", "size-2", "size-1"]);
    rig.queues.swap_ranker(&rig.jobs, None).unwrap();
    until_generation(&rig, 0).await;
    assert_eq!(rig.line().await, ["size-2", "size-1", "size-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn pops_and_pushes_go_on_under_the_old_order_until_the_switch() {
    let rig = Rig::builder().ranker(FakeRanker::new(1, size(), 1)).start().await;
    push_sizes(&rig, 1..=5).await;
    let gate = Arc::new(Gate::default());
    let mut slow = FakeRanker::new(2, size(), -1);
    slow.gate = Some(Arc::clone(&gate));
    swap(&rig, slow);
    gate.reached.notified().await;
    assert_eq!(name(&rig.pop().await.unwrap()), "size-1");
    push_sizes(&rig, [0, 9]).await;
    assert_eq!(name(&rig.pop().await.unwrap()), "size-0");
    assert_eq!(rig.queues.stats(&rig.jobs).await.unwrap().generation, 1);
    gate.open();
    until_generation(&rig, 2).await;
    assert_eq!(rig.line().await, ["size-9", "size-5", "size-4", "size-3", "size-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swap_that_is_superseded_has_no_effect() {
    let rig = Rig::builder().ranker(FakeRanker::new(1, size(), 1)).start().await;
    push_sizes(&rig, 1..=3).await;
    let gate = Arc::new(Gate::default());
    let mut stuck = FakeRanker::new(2, size(), 7);
    stuck.gate = Some(Arc::clone(&gate));
    swap(&rig, stuck);
    gate.reached.notified().await;
    swap(&rig, FakeRanker::new(3, size(), -1));
    until_generation(&rig, 3).await;
    gate.open();
    push_sizes(&rig, [4]).await;
    assert_eq!(rig.line().await, ["size-4", "size-3", "size-2", "size-1"]);
}

#[tokio::test]
async fn a_ranker_that_fails_leaves_tasks_where_they_were() {
    let rig = Rig::builder().ranker(FakeRanker::new(1, size(), 1)).start().await;
    push_sizes(&rig, [2, 1]).await;
    let broken = FakeRanker::new(2, size(), 1);
    broken.fails.store(true, Ordering::SeqCst);
    swap(&rig, broken);
    until_generation(&rig, 2).await;
    assert_eq!(rig.line().await, ["size-1", "size-2"]);
    let data = json!({"name": "urgent", "size": 1});
    let pushed = rig.push_as(Some(-5), data).await.unwrap();
    assert_eq!((pushed.priority, pushed.ranked_by), (Priority(-5), RankedBy::Fallback(2)));
    assert_eq!(name(&rig.pop().await.unwrap()), "urgent");
    assert_eq!(rig.pop().await.unwrap().ranked_by, RankedBy::Fallback(2));
}

#[tokio::test]
async fn priorities_that_move_with_time_are_refreshed() {
    let wait =
        InputSpec { name: "wait".to_owned(), source: InputSource::Wait, kind: InputType::Integer };
    let mut ageing = FakeRanker::new(1, wait, 1);
    ageing.refresh = Some(Duration::from_secs(5));
    let rig = Rig::builder().ranker(ageing).start().await;
    let task = rig.push(json!({"name": "a"})).await.unwrap();
    assert_eq!(task.priority, Priority(0));
    rig.clock.advance(Duration::from_secs(6));
    eventually("it is ranked anew", async || {
        let ranks = rig.queues.priorities(&[(rig.jobs.clone(), task.id)]).await;
        ranks[0].map(|(priority, _)| priority) == Some(Priority(6_000))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_swaps_under_load_lose_and_mix_nothing() {
    let rig = Arc::new(Rig::builder().ranker(FakeRanker::new(1, size(), 1)).start().await);
    let pusher = {
        let rig = Arc::clone(&rig);
        tokio::task::spawn(async move { push_sizes(&rig, 0..600).await })
    };
    let popper = {
        let rig = Arc::clone(&rig);
        tokio::task::spawn(async move {
            let mut popped = Vec::new();
            while popped.len() < 500 {
                popped.extend(rig.pop_many(3).await);
                tokio::task::yield_now().await;
            }
            popped
        })
    };
    for generation in 2..=201 {
        let ranker = FakeRanker::new(generation, size(), if generation % 2 == 0 { -1 } else { 1 });
        ranker.fails.store(generation % 10 == 0, Ordering::SeqCst);
        swap(&rig, ranker);
        tokio::task::yield_now().await;
    }
    pusher.await.unwrap();
    let popped = popper.await.unwrap();
    until_generation(&rig, 201).await;
    let mut names: Vec<_> = popped.iter().map(name).collect();
    names.extend(rig.line().await);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 600);
    let sizes: Vec<i64> = rig.line().await.iter().map(|name| name[5..].parse().unwrap()).collect();
    assert!(sizes.is_sorted(), "{sizes:?}");
}
