//! Swaps while calls go on: every call is answered by one generation, and by all of it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use hinny_core::plugin::World;
use tokio::task::spawn;

use super::{
    guests::{base, good, sin},
    harness::{Rig, rank},
};

const SWAPS: i64 = 200;
const CALLERS: usize = 4;
const BATCH: usize = 50;

/// What a caller saw: the generation that it asked, and what all tasks of the batch got.
type Seen = (u64, i64);

async fn call_until(rig: Arc<Rig>, done: Arc<AtomicBool>) -> Vec<Seen> {
    let mut seen = Vec::new();
    while !done.load(Ordering::Relaxed) {
        let ranker = rig.ranker();
        let ranked = rank(&*ranker, good(&*ranker, BATCH)).await.unwrap();
        assert_eq!(ranked.len(), BATCH);
        assert!(ranked.iter().all(|priority| *priority == ranked[0]), "mixed: {ranked:?}");
        seen.push((ranker.generation(), ranked[0]));
    }
    seen
}

/// Swaps, and keeps what each generation gives for a task.
async fn swap(rig: &Rig) -> HashMap<u64, i64> {
    let mut sums = HashMap::new();
    for nth in 1..=SWAPS {
        let activation = match nth % 10 {
            // A candidate that fails on the way changes nothing.
            3 => {
                rig.activate("guests/evil-ranker", sin("trap")).await.unwrap_err();
                continue;
            }
            7 => rig.roll_back(World::Ranker).await.unwrap(),
            _ => rig.activate("plugins/rank-weighted", base(nth * 1_000)).await.unwrap(),
        };
        sums.insert(activation.generation, activation.settings["base"].as_i64().unwrap() + 1);
    }
    sums
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_call_is_lost_or_mixed_over_two_hundred_swaps() {
    let rig = Arc::new(Rig::start().await);
    rig.activate("plugins/rank-weighted", base(0)).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> =
        (0..CALLERS).map(|_| spawn(call_until(Arc::clone(&rig), Arc::clone(&done)))).collect();
    let mut sums = swap(&rig).await;
    sums.insert(1, 1);
    done.store(true, Ordering::Relaxed);
    let mut generations = BTreeSet::new();
    for caller in callers {
        let seen = caller.await.unwrap();
        assert!(seen.is_sorted_by_key(|(generation, _)| *generation), "back to a retired one");
        for (generation, sum) in seen {
            assert_eq!(sums.get(&generation), Some(&sum), "generation {generation}");
            generations.insert(generation);
        }
    }
    assert!(generations.len() > 2, "calls and swaps went on side by side: {generations:?}");
    assert_eq!(rig.registry.instances(), 0);
}
