//! What reaches a ranker, what comes back, and what one ranker may cost the others.

use std::time::{Duration, Instant};

use hinny_core::{
    input::InputType,
    plugin::{Plugins, World},
    ranker::FailureKind,
};
use hinny_plugins::Limits;
use serde_json::{Value, json};
use tokio::task::{JoinHandle, spawn};

use super::{
    guests::{batch, good, poisoned, sin},
    harness::{Rig, Setup, patient, rank, slot, strict, warm},
};

/// Long enough that a test which waits for it has failed.
const NEVER: Duration = Duration::from_secs(10);

fn weights() -> Value {
    json!({
        "asked_first": true,
        "terms": [
            {"input": "/level", "type": "integer", "weight": 1},
            {"input": "/ratio", "type": "float", "weight": 100},
            {"input": "/urgent", "type": "flag", "weight": 10_000},
            {"input": "/team", "values": {"red": 1_000_000, "blué": 2_000_000}, "others": 9, "absent": 5},
            {"input": "attempts", "weight": 100_000_000},
        ],
    })
}

#[tokio::test]
async fn a_ranker_gets_what_it_declared_by_type_and_nothing_else() {
    let rig = Rig::start().await;
    rig.activate("plugins/rank-weighted", weights()).await.unwrap();
    let ranker = rig.ranker();
    let declared: Vec<_> =
        ranker.inputs().iter().map(|input| (input.source.to_string(), input.kind)).collect();
    assert_eq!(
        declared,
        [
            ("/level".to_owned(), InputType::Integer),
            ("/ratio".to_owned(), InputType::Float),
            ("/urgent".to_owned(), InputType::Flag),
            ("/team".to_owned(), InputType::Text),
            ("attempts".to_owned(), InputType::Integer),
            ("base-priority".to_owned(), InputType::Integer),
        ]
    );
    let tasks = [
        json!({"level": 3, "ratio": 0.5, "urgent": true, "team": "red"}),
        json!({"level": "3", "ratio": "0.5", "urgent": 1, "team": null}),
        json!({"team": "blué", "level": 4}),
        json!({"asked": -7, "level": 3}),
        json!({"team": "green", "urgent": false}),
    ];
    let ranked = rank(&*ranker, batch(&*ranker, &tasks)).await.unwrap();
    // Every task was handed out twice before.
    let tries = 200_000_000;
    assert_eq!(
        ranked,
        [1_000_000 + 10_000 + 50 + 3 + tries, 5 + tries, 2_000_000 + 4 + tries, -7, 9 + tries]
    );
}

#[tokio::test]
async fn a_batch_above_the_limit_is_cut_and_its_answers_come_in_order() {
    let limits = Limits { batch_tasks: 7, ..patient() };
    let rig = Setup::default().limits(limits).start().await;
    rig.activate("plugins/rank-weighted", weights()).await.unwrap();
    let ranker = rig.ranker();
    let task = |at: i64| {
        let team = ["red", "blué", "green"][at as usize % 3];
        if at % 4 == 0 { json!({"level": at}) } else { json!({"level": at, "team": team}) }
    };
    let weight = |at: i64| match (at % 4, at % 3) {
        (0, _) => 5,
        (_, 0) => 1_000_000,
        (_, 1) => 2_000_000,
        _ => 9,
    };
    let tasks: Vec<_> = (0..50).map(task).collect();
    let ranked = rank(&*ranker, batch(&*ranker, &tasks)).await.unwrap();
    let expected: Vec<_> = (0..50).map(|at| 200_000_000 + at + weight(at)).collect();
    assert_eq!(ranked, expected);
    let stats = rig.status(World::Ranker).await.stats;
    assert_eq!((stats.calls, stats.tasks, stats.failures), (8, 50, 0), "50 is 7 times 7 and 1");
}

#[tokio::test]
async fn an_empty_batch_needs_no_call() {
    let rig = Rig::start().await;
    rig.activate("plugins/rank-fifo", json!({})).await.unwrap();
    let ranker = rig.ranker();
    assert_eq!(rank(&*ranker, good(&*ranker, 0)).await, Ok(Vec::new()));
    assert_eq!(rig.status(World::Ranker).await.stats.calls, 0);
}

#[tokio::test]
async fn calls_are_counted_with_their_failures() {
    let rig = Setup::default().start_with("guests/evil-ranker", sin("trap-on-poison")).await;
    let ranker = rig.ranker();
    rank(&*ranker, good(&*ranker, 3)).await.unwrap();
    rank(&*ranker, poisoned(&*ranker)).await.unwrap_err();
    let stats = rig.status(World::Ranker).await.stats;
    assert_eq!((stats.calls, stats.failures, stats.tasks, stats.instances), (2, 1, 4, 2));
}

/// Calls that never end.
fn spin(rig: &Rig, calls: usize) -> Vec<JoinHandle<()>> {
    let call = || {
        let ranker = rig.ranker();
        let batch = poisoned(&*ranker);
        spawn(async move { drop(rank(&*ranker, batch).await) })
    };
    std::iter::repeat_with(call).take(calls).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ranker_that_spins_leaves_the_others_a_thread_and_ends_when_nobody_waits() {
    // Deadlines of 20 s: whatever ends sooner was not ended by them.
    let rig = Setup::default().start_with("guests/evil-ranker", sin("spin-on-poison")).await;
    rig.activate_for("others", "plugins/rank-fifo", json!({})).await.unwrap();
    let spinning = spin(&rig, 16);
    let started = Instant::now();
    let other = rig.ranker_of("others");
    for _ in 0..100 {
        rank(&*other, good(&*other, 100)).await.unwrap();
    }
    assert!(spinning.iter().all(|call| !call.is_finished()), "they spin to this moment");
    for call in &spinning {
        call.abort();
    }
    // Its own calls had all the threads that it may have: one that is answered shows that they
    // were given back.
    let ranker = rig.ranker();
    rank(&*ranker, good(&*ranker, 1)).await.unwrap();
    assert!(started.elapsed() < NEVER, "{:?}", started.elapsed());
    let stats = rig.status(World::Ranker).await.stats;
    assert_eq!(stats.failures, 0, "that nobody waited is no fault of the plugin");
}

#[tokio::test]
async fn a_guest_that_computes_never_holds_up_the_reactor() {
    let rig = Setup::default().start_with("guests/evil-ranker", sin("spin-on-poison")).await;
    let ranker = rig.ranker();
    let spin = rank(&*ranker, poisoned(&*ranker));
    // The test has one thread. If the guest ran on it, the other branch would never be polled.
    let others = async {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        ranked = spin => panic!("the guest came to an end: {ranked:?}"),
        () = others => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runaway_ends_at_its_deadline() {
    let rig = Setup::default()
        .limits(strict())
        .start_with("guests/evil-ranker", sin("spin-on-poison"))
        .await;
    let ranker = rig.ranker();
    for _ in 0..2 {
        let started = Instant::now();
        let failed = rank(&*ranker, poisoned(&*ranker)).await.unwrap_err();
        assert_eq!(failed.kind, FailureKind::Deadline);
        let (took, deadline) = (started.elapsed(), Duration::from_millis(250));
        assert!((deadline..NEVER).contains(&took), "{took:?}");
    }
    assert_eq!(rank(&*ranker, good(&*ranker, 2)).await, Ok(vec![0, 1]));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_quick_and_then_spins_ends_at_its_deadline_all_the_same() {
    let rig = Setup::default()
        .limits(strict())
        .start_with("guests/evil-ranker", sin("spin-on-poison"))
        .await;
    let ranker = rig.ranker();
    for _ in 0..3 {
        // Of the same length as the one that spins, so that it may be called at once.
        for _ in 0..200 {
            rank(&*ranker, good(&*ranker, 1)).await.unwrap();
        }
        let failed = rank(&*ranker, poisoned(&*ranker)).await.unwrap_err();
        assert_eq!(failed.kind, FailureKind::Deadline);
        assert!(failed.message.contains("its deadline of 250 ms"), "{failed}");
    }
    let failures = rig.status(World::Ranker).await.stats.failures;
    assert_eq!(failures, 3, "a call that is made again on a thread counts once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_starts_with_the_call_and_not_with_the_instance() {
    let rig = Setup::default()
        .limits(strict())
        .instances(warm(100))
        .start_with("guests/evil-ranker", sin("spin-on-poison"))
        .await;
    rig.activate_for("others", "plugins/rank-fifo", json!({})).await.unwrap();
    // Its instance waits, while another uses up more ticks than it has for a call.
    let spinning = rig.ranker();
    for _ in 0..2 {
        rank(&*spinning, poisoned(&*spinning)).await.unwrap_err();
    }
    let waiting = rig.ranker_of("others");
    rank(&*waiting, good(&*waiting, 1)).await.unwrap();
    let slots = rig.registry.slots().await.unwrap();
    let made: u64 = slots
        .iter()
        .filter(|status| status.slot == slot("others", World::Ranker))
        .map(|status| status.stats.instances)
        .sum();
    assert_eq!(made, 0, "it was the instance that had waited");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_traps_leave_nothing_behind() {
    let rig = Setup::default().start_with("guests/evil-ranker", sin("trap-on-poison")).await;
    let ranker = rig.ranker();
    let batch = poisoned(&*ranker);
    for _ in 0..1_000 {
        let failed = rank(&*ranker, batch.clone()).await.unwrap_err();
        assert_eq!(failed.kind, FailureKind::Trap);
    }
    assert_eq!(rig.registry.instances(), 0);
    assert_eq!(rig.status(World::Ranker).await.stats.failures, 1_000);
    rank(&*ranker, good(&*ranker, 1)).await.unwrap();
}
