//! Single pushes.

use std::{sync::Arc, time::Instant};

use clap::Args;

use super::shift::{Whistle, begin, end, push_until};
use crate::{outcome::Outcome, target::Target, work::Work};

/// Push single tasks for a while.
#[derive(Debug, Args)]
pub(crate) struct Push {
    /// For how long.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
}

impl Push {
    /// Does it. Every acknowledged task must be on the queue afterwards.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        let mut client = target.connect().await?;
        let before = target.queue(&mut client).await?.queued;
        let (work, whistle) = (Arc::new(Work::new(target.work)), Whistle::default());
        let began = Instant::now();
        let shifts = begin(target, target.connections, |client| {
            push_until(client, target.path("/push"), Arc::clone(&work), whistle.clone())
        })
        .await?;
        whistle.blow_after(self.seconds).await;
        let mut shift = end(shifts).await?;
        let seconds = began.elapsed().as_secs_f64();
        let pushed = shift.ledger.acknowledged();
        let after = target.queue(&mut client).await?.queued;
        Ok(Outcome::new("push", pushed, pushed as f64 / seconds, &mut shift.timing)
            .violated_by(shift.failures)
            .violated_by(miscount(before, pushed as u64, 0, after)))
    }
}

/// What is wrong when a queue is not as long as it must be.
pub(crate) fn miscount(before: u64, pushed: u64, popped: u64, after: u64) -> Vec<String> {
    let expected = (before + pushed).saturating_sub(popped);
    if after == expected {
        return Vec::new();
    }
    vec![format!(
        "{before} queued, {pushed} pushed, {popped} popped: expected {expected} queued, got {after}"
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_that_is_too_short_is_a_violation() {
        assert!(miscount(10, 5, 3, 12).is_empty());
        assert_eq!(
            miscount(10, 5, 3, 11),
            ["10 queued, 5 pushed, 3 popped: expected 12 queued, got 11"]
        );
    }
}
