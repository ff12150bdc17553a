//! Queues with real rankers: a failing one loses and blocks nothing, and a swap reaches the queue.

use std::{sync::Arc, time::Duration};

use hinny_core::{
    Clock, ManualClock, Organisation, Priority,
    id::IdGenerator,
    plugin::World,
    queue::{PopRequest, PushRequest, QueueConfig, Queues},
    ranker::Ranker,
    status::StatusRule,
    task::{RankedBy, Task},
};
use hinny_queue::{HostQueues, QueueParts};
use serde_json::{Value, json};

use super::{
    guests::{base, now, scheduler, sin},
    harness::{Rig, Setup},
};

/// The queue of `jobs`, built as a host builds it.
async fn queues(rig: &Rig) -> Arc<HostQueues> {
    let ranker = rig.registry.initial_ranker(&scheduler("jobs"));
    build(rig, ranker).await
}

async fn build(rig: &Rig, ranker: Option<Arc<dyn Ranker>>) -> Arc<HostQueues> {
    let config = QueueConfig {
        scheduler: scheduler("jobs"),
        tasks_max: 0,
        lease: None,
        attempts_max: 3,
        backoff: Duration::from_secs(1),
        backoff_max: Duration::from_secs(1),
        status_rule: StatusRule::Strict,
        classes: Vec::new(),
        group: None,
        pop_default: 1,
        pop_max: 1_000,
    };
    let parts = QueueParts {
        store: Arc::clone(&rig.store) as _,
        clock: Arc::new(ManualClock::at(now())) as Arc<dyn Clock>,
        ids: Arc::new(IdGenerator::default()),
        plugins: Arc::new(rig.registry.clone()),
        queues: vec![(config, ranker)],
    };
    HostQueues::start(parts).await.unwrap()
}

async fn push(queues: &HostQueues, priority: Option<i64>, data: Value) -> Task {
    let request = PushRequest {
        id: None,
        organisation: Organisation::new("acme").unwrap(),
        priority: priority.map(Priority),
        data: data.to_string(),
        not_before: None,
    };
    let mut answers = queues.push(&scheduler("jobs"), vec![request]).await.unwrap();
    answers.pop().unwrap().unwrap()
}

/// Waits until the order is of a generation.
async fn generation(queues: &HostQueues, wanted: u64) {
    let follow = async {
        while queues.stats(&scheduler("jobs")).await.unwrap().generation != wanted {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), follow).await.expect("the queue follows");
}

async fn head(queues: &HostQueues) -> Vec<(i64, RankedBy)> {
    let places = queues.head(&scheduler("jobs"), None, 100).await.unwrap();
    places.iter().map(|place| (place.task.priority.0, place.task.ranked_by)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_its_ranker_cannot_rank_goes_by_what_was_asked_or_else_by_age() {
    let rig = Setup::default().start_with("guests/evil-ranker", sin("trap-on-poison")).await;
    rig.activate("plugins/jobs", json!({})).await.unwrap();
    let queues = queues(&rig).await;
    let good = push(&queues, None, json!({"n": 1})).await;
    let seconds = now().as_seconds();
    assert_eq!((good.priority, good.ranked_by), (Priority(seconds), RankedBy::Generation(1)));
    let asked = push(&queues, Some(5), json!({"n": 2, "poison": true})).await;
    assert_eq!((asked.priority, asked.ranked_by), (Priority(5), RankedBy::Fallback(1)));
    let plain = push(&queues, None, json!({"n": 3, "poison": true})).await;
    assert_eq!((plain.priority, plain.ranked_by), (Priority(seconds), RankedBy::Fallback(1)));
    let popped = queues.pop(&scheduler("jobs"), PopRequest::default()).await.unwrap();
    assert_eq!(popped[0].id, asked.id, "handed out like any other");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_was_ranked_keeps_its_rank_under_a_ranker_that_fails() {
    let rig = Rig::start().await;
    rig.activate("plugins/jobs", json!({})).await.unwrap();
    rig.activate("plugins/rank-weighted", base(700)).await.unwrap();
    let queues = queues(&rig).await;
    push(&queues, Some(5), json!({"x": 1})).await;
    push(&queues, None, json!({"x": 2})).await;
    assert_eq!(head(&queues).await.iter().map(|it| it.0).collect::<Vec<_>>(), [701, 702]);
    // Verification would not have it; it stands for one that begins to fail one day.
    let evil = Setup::default().start_with("guests/evil-ranker", sin("trap")).await;
    let evil = evil.with_row("guests/evil-ranker", sin("trap")).await;
    queues.swap_ranker(&scheduler("jobs"), Some(evil.ranker())).unwrap();
    generation(&queues, 2).await;
    let last_good = [(701, RankedBy::Fallback(2)), (702, RankedBy::Fallback(2))];
    assert_eq!(head(&queues).await, last_good);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_follows_a_switch_and_a_rollback() {
    let rig = Rig::start().await;
    rig.activate("plugins/jobs", json!({})).await.unwrap();
    rig.activate("plugins/rank-weighted", base(100)).await.unwrap();
    let queues = queues(&rig).await;
    rig.registry.attach(Arc::clone(&queues) as _);
    push(&queues, None, json!({"x": 1})).await;
    assert_eq!(head(&queues).await, [(101, RankedBy::Generation(1))]);
    rig.activate("plugins/rank-weighted", base(200)).await.unwrap();
    generation(&queues, 2).await;
    assert_eq!(head(&queues).await, [(201, RankedBy::Generation(2))]);
    rig.roll_back(World::Ranker).await.unwrap();
    generation(&queues, 3).await;
    assert_eq!(head(&queues).await, [(101, RankedBy::Generation(3))]);
    let pushed = push(&queues, None, json!({"x": 2})).await;
    assert_eq!((pushed.priority.0, pushed.ranked_by), (102, RankedBy::Generation(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_was_built_while_its_slot_was_switched_follows_when_it_is_attached() {
    let rig = Rig::start().await;
    rig.activate("plugins/jobs", json!({})).await.unwrap();
    for first in [true, false] {
        let rig = rig.restarted().await;
        let ranker = rig.registry.initial_ranker(&scheduler("jobs"));
        assert_eq!(ranker.is_none(), first);
        let switched = rig.activate("plugins/rank-weighted", base(300)).await.unwrap();
        let queues = build(&rig, ranker).await;
        rig.registry.attach(Arc::clone(&queues) as _);
        generation(&queues, switched.generation).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_was_built_with_what_is_active_is_not_ranked_again() {
    let rig = Rig::start().await;
    rig.activate("plugins/jobs", json!({})).await.unwrap();
    rig.activate("plugins/rank-weighted", base(100)).await.unwrap();
    let queues = queues(&rig).await;
    push(&queues, None, json!({"x": 1})).await;
    let calls = rig.status(World::Ranker).await.stats.calls;
    rig.registry.attach(Arc::clone(&queues) as _);
    // Whatever came of attaching would be done before this switch.
    rig.activate("plugins/rank-weighted", base(200)).await.unwrap();
    generation(&queues, 2).await;
    rig.roll_back(World::Ranker).await.unwrap();
    generation(&queues, 3).await;
    assert_eq!((calls, rig.status(World::Ranker).await.stats.calls), (1, 1));
}
