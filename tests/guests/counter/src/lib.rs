//! A ranker that tells whether its instance was used before: every priority is 0, as purity asks
//! for, but its explanations count the `rank` calls of the instance. See `../README.md`.

use std::sync::atomic::{AtomicI64, Ordering};

use hinny_plugin::bindings::ranker::exports::hinny::plugin::ranker::{
    Batch, Context, Descriptor, Explanation, Guest, RankError, Refresh,
};
use hinny_plugin::settings::Setting;

static CALLS: AtomicI64 = AtomicI64::new(0);

/// The ranker.
pub struct Counter;

impl Guest for Counter {
    fn configure(_settings: Vec<Setting>) -> Result<(), String> {
        Ok(())
    }

    fn describe() -> Descriptor {
        Descriptor {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            inputs: Vec::new(),
            refresh: Refresh::Never,
        }
    }

    fn rank(_context: Context, batch: Batch) -> Result<Vec<i64>, RankError> {
        CALLS.fetch_add(1, Ordering::Relaxed);
        Ok(vec![0; batch.len as usize])
    }

    fn explain(_context: Context, batch: Batch) -> Result<Vec<Explanation>, RankError> {
        let calls = CALLS.load(Ordering::Relaxed);
        let explanation = Explanation::new(0).term("rank calls of this instance", calls as f64);
        Ok(vec![explanation; batch.len as usize])
    }
}

#[cfg(target_arch = "wasm32")]
hinny_plugin::bindings::ranker::export!(Counter with_types_in hinny_plugin::bindings::ranker);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_stay_and_explanations_count() {
        let context = || Context { now: 0, scheduler: "test".to_owned(), seed: 0 };
        let batch = || Batch { len: 2, columns: Vec::new() };
        for calls in 1..=2 {
            assert_eq!(Counter::rank(context(), batch()).unwrap(), [0, 0]);
            let explained = Counter::explain(context(), batch()).unwrap();
            assert_eq!(explained[1].terms[0].contribution as i64, calls);
        }
    }
}
