//! Looking at a queue through another ranker.

use std::sync::{Arc, atomic::Ordering};

use hinny_core::{
    input::{InputSource, InputSpec, InputType},
    preview::{Preview, PreviewOptions},
    queue::Queues,
    ranker::Ranker,
};
use serde_json::json;

use super::harness::{FakeRanker, Rig, eventually};

const TASKS: i64 = 300;

fn pointer(place: &str) -> InputSpec {
    InputSpec {
        name: "x".to_owned(),
        source: InputSource::Pointer(place.to_owned()),
        kind: InputType::Integer,
    }
}

/// A queue by `/size`; `/weight` is another order, with ties.
async fn queue() -> Rig {
    let rig = Rig::builder().ranker(FakeRanker::new(1, pointer("/size"), 1)).start().await;
    for number in 0..TASKS {
        let (size, weight) = (number * 7919 % TASKS, number * 104_729 % 97);
        let data = json!({"name": format!("task-{number}"), "size": size, "weight": weight});
        rig.push(data).await.unwrap();
    }
    rig
}

fn candidate() -> FakeRanker {
    FakeRanker::new(2, pointer("/weight"), 1)
}

async fn preview(rig: &Rig, candidate: FakeRanker, movers: usize) -> Preview {
    let candidate: Arc<dyn Ranker> = Arc::new(candidate);
    rig.queues.preview(&rig.jobs, candidate, PreviewOptions { movers }).await.unwrap()
}

#[tokio::test]
async fn what_a_preview_says_is_what_a_swap_does() {
    let rig = queue().await;
    let said = preview(&rig, candidate(), TASKS as usize).await;
    assert_eq!((said.comparison.tasks, said.failed), (TASKS as u64, 0));
    assert_eq!(said.comparison.moved as usize, said.forward.len() + said.back.len());
    for mover in said.forward.iter().chain(&said.back) {
        let place = rig.queues.explain(mover.task).await.unwrap();
        assert_eq!((place.position, place.priority), (Some(mover.from), mover.priority));
    }
    rig.queues.swap_ranker(&rig.jobs, Some(Arc::new(candidate()))).unwrap();
    eventually("the switch is made", async || {
        rig.queues.stats(&rig.jobs).await.unwrap().generation == 2
    })
    .await;
    assert!(said.comparison.moved > TASKS as u64 / 2, "it would show nothing otherwise");
    for mover in said.forward.iter().chain(&said.back) {
        let place = rig.queues.explain(mover.task).await.unwrap();
        assert_eq!((place.position, place.priority), (Some(mover.to), mover.candidate_priority));
        let said = mover.candidate_explanation.as_ref().map(|said| said.priority);
        assert_eq!(said, Some(place.priority));
    }
    let after = preview(&rig, candidate(), 5).await;
    assert_eq!((after.comparison.moved, after.comparison.kendall_tau), (0, Some(1.0)));
}

#[tokio::test]
async fn a_preview_changes_nothing() {
    let rig = queue().await;
    let before = rig.queues.head(&rig.jobs, None, 50).await.unwrap();
    preview(&rig, candidate(), 5).await;
    let after = rig.queues.head(&rig.jobs, None, 50).await.unwrap();
    let ids = |places: &[hinny_core::queue::Place]| -> Vec<_> {
        places.iter().map(|place| (place.task.id, place.task.priority)).collect()
    };
    assert_eq!(ids(&before), ids(&after));
    assert_eq!(rig.queues.stats(&rig.jobs).await.unwrap().generation, 1);
}

#[tokio::test]
async fn a_candidate_that_fails_is_told_and_its_tasks_stay() {
    let rig = queue().await;
    let failing = candidate();
    failing.fails.store(true, Ordering::SeqCst);
    let said = preview(&rig, failing, 5).await;
    assert_eq!((said.failed, said.comparison.moved), (TASKS as u64, 0));
    assert_eq!(said.failure.as_deref(), Some("plugin `fake 1.0.0` failed in `rank`: as asked"));
}

#[tokio::test]
async fn only_tasks_that_a_worker_could_get_count() {
    let rig = queue().await;
    rig.pop_many(10).await;
    let said = preview(&rig, candidate(), 1).await;
    assert_eq!(said.comparison.tasks, TASKS as u64 - 10);
    let none = Rig::start().await;
    assert_eq!(preview(&none, candidate(), 1).await.comparison.tasks, 0);
}
