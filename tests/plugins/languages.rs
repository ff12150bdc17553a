//! The same ranker in every language gives the same priorities on the same batch.

use hinny_core::{plugin::World, ranker::Ranker};
use hinny_plugins::Limits;
use serde_json::{Value, json};

use super::{
    guests::{batch, context},
    harness::{Rig, Setup, patient, rank},
};

/// The examples that are the same as `rust-ranker`.
const EXAMPLES: [&str; 5] =
    ["python-ranker", "javascript-ranker", "c-ranker", "go-ranker", "assemblyscript-ranker"];

/// The rule of `four-inputs`, in other languages.
const FOUR_INPUTS: [&str; 5] = [
    "four-inputs-python",
    "four-inputs-javascript",
    "four-inputs-c",
    "four-inputs-go",
    "four-inputs-assemblyscript",
];

/// Without optimisation of the engine itself, an interpreter takes a minute to compile.
fn setup() -> Setup {
    Setup::default().limits(Limits { verify_seconds: 600, ..patient() })
}

async fn started(guest: &str) -> Rig {
    let rig = setup().start().await;
    rig.activate(guest, json!({})).await.unwrap();
    rig
}

/// Tasks that lack some inputs, have strange ones, and speak more than ASCII.
fn tasks() -> Vec<Value> {
    let strange = [
        json!({}),
        json!({"level": null, "scan_level": null, "urgent": null, "team": null}),
        json!({"level": "3", "scan_level": "3", "urgent": 1, "team": ["red"]}),
        json!({"level": 2.0, "scan_level": 2.0, "team": "rød"}),
        json!({"level": 2.5, "scan_level": 2.5, "team": "røde"}),
        json!({"level": i64::MAX, "scan_level": i64::MAX, "team": "レッド"}),
        json!({"level": i64::MIN, "scan_level": i64::MIN, "urgent": true, "team": ""}),
        json!({"level": u64::MAX, "scan_level": u64::MAX, "team": "\u{0}red"}),
        json!({"level": 1, "scan_level": 1, "team": "red\u{1F98C}"}),
        json!("no table"),
    ];
    let usual = (0..1_490_i64).map(|at| {
        let team = ["red", "rød", "blå", "red"][at as usize % 4];
        match at % 5 {
            0 => json!({"level": at % 9 - 2, "scan_level": at % 9 - 2, "team": team}),
            1 => json!({"scan_level": at % 7, "urgent": at % 2 == 0}),
            _ => json!({"level": at % 6, "urgent": at % 3 == 0, "team": team}),
        }
    });
    strange.into_iter().chain(usual).collect()
}

/// Ranks the tasks, alone and together: batches of other lengths have other columns.
async fn priorities(ranker: &dyn Ranker) -> Vec<i64> {
    let tasks = tasks();
    let mut all = rank(ranker, batch(ranker, &tasks)).await.unwrap();
    for task in &tasks[..10] {
        all.extend(rank(ranker, batch(ranker, std::slice::from_ref(task))).await.unwrap());
    }
    all
}

/// Both rank alike, explain alike, and refuse alike.
async fn gives_the_same(rust: &str, guest: &str) {
    let (rust, other) = (started(rust).await, started(guest).await);
    let expected = priorities(&*rust.ranker()).await;
    let distinct: std::collections::BTreeSet<_> = expected.iter().collect();
    assert!(distinct.len() >= 5, "the rule tells tasks apart");
    let ranker = other.ranker();
    assert_eq!(priorities(&*ranker).await, expected);
    // What people are told is the same, too.
    let explained = ranker.explain(&context(), batch(&*ranker, &tasks()[..10])).await.unwrap();
    let explained: Vec<_> = explained.iter().map(|why| why.priority.0).collect();
    assert_eq!(explained, expected[..10]);
    let refused = other.activate(guest, json!({"weight": 1})).await.unwrap_err().to_string();
    assert!(refused.contains("setting `weight` is unknown, there are none"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_in_each_language_ranks_as_the_one_in_rust() {
    for example in EXAMPLES {
        gives_the_same("examples/rust-ranker", &format!("examples/{example}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_inputs_in_each_language_rank_as_those_in_rust() {
    for guest in FOUR_INPUTS {
        gives_the_same("guests/four-inputs", &format!("guests/{guest}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_with_a_language_runtime_keeps_its_instances_and_one_in_c_does_not() {
    for (guest, kept) in [("examples/javascript-ranker", true), ("examples/c-ranker", false)] {
        let rig = started(guest).await;
        let ranker = rig.ranker();
        for _ in 0..5 {
            rank(&*ranker, batch(&*ranker, &tasks()[..10])).await.unwrap();
        }
        let made = rig.status(World::Ranker).await.stats.instances;
        assert_eq!(made <= 1, kept, "{guest}: {made} instances for 5 batches");
    }
}
