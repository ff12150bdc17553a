//! Batch pushes.

use std::{sync::Arc, time::Instant};

use clap::Args;

use super::{
    push::miscount,
    shift::{Shift, Whistle, begin, end},
};
use crate::{client::Client, outcome::Outcome, target::Target, work::Work};

/// Push tasks in batches for a while.
#[derive(Debug, Args)]
pub(crate) struct Batch {
    /// Tasks per request.
    #[arg(long, default_value_t = 500)]
    size: usize,
    /// For how long.
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
}

/// Push tasks in batches until the queue has a length.
#[derive(Debug, Args)]
pub(crate) struct Fill {
    /// Tasks per request.
    #[arg(long, default_value_t = 500)]
    size: usize,
    /// How long the queue shall be.
    #[arg(long)]
    until: u64,
}

impl Batch {
    /// Does it.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        let mut client = target.connect().await?;
        let before = target.queue(&mut client).await?.queued;
        let (work, whistle) = (Arc::new(Work::new(target.work)), Whistle::default());
        let began = Instant::now();
        let shifts = begin(target, target.connections, |client| {
            let (work, whistle) = (Arc::clone(&work), whistle.clone());
            push_batches(client, target.path("/push/batch"), work, self.size, move |_| {
                whistle.blown()
            })
        })
        .await?;
        whistle.blow_after(self.seconds).await;
        let mut shift = end(shifts).await?;
        let seconds = began.elapsed().as_secs_f64();
        let pushed = shift.ledger.acknowledged();
        let after = target.queue(&mut client).await?.queued;
        Ok(Outcome::new("batch", pushed, pushed as f64 / seconds, &mut shift.timing)
            .violated_by(shift.failures)
            .violated_by(miscount(before, pushed as u64, 0, after)))
    }
}

impl Fill {
    /// Does it.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        let began = Instant::now();
        let (mut shift, before, after) = fill(target, self.until, self.size).await?;
        let pushed = shift.ledger.acknowledged();
        let rate = pushed as f64 / began.elapsed().as_secs_f64();
        Ok(Outcome::new("fill", pushed, rate, &mut shift.timing)
            .violated_by(shift.failures)
            .violated_by(miscount(before, pushed as u64, 0, after)))
    }
}

/// Pushes until the queue has a length; the result is its length before and after, too.
pub(crate) async fn fill(
    target: &Target,
    until: u64,
    size: usize,
) -> anyhow::Result<(Shift, u64, u64)> {
    let before = target.queue_now().await?.queued;
    let missing = usize::try_from(until.saturating_sub(before))?;
    let size = size.clamp(1, missing.max(1));
    // Few connections: batches keep the host busy without 64 of them in its memory.
    let connections = target.connections.min(8).min(missing.div_ceil(size)).max(1);
    let work = Arc::new(Work::new(target.work));
    let each = missing.div_ceil(connections);
    let shifts = begin(target, connections, |client| {
        let work = Arc::clone(&work);
        push_batches(client, target.path("/push/batch"), work, size, move |pushed| pushed >= each)
    })
    .await?;
    let shift = end(shifts).await?;
    let after = target.queue_now().await?.queued;
    Ok((shift, before, after))
}

async fn push_batches(
    mut client: Client,
    path: String,
    work: Arc<Work>,
    size: usize,
    is_over: impl Fn(usize) -> bool,
) -> Shift {
    let mut shift = Shift::default();
    while !is_over(shift.ledger.acknowledged()) && !shift.is_hopeless() {
        if let Some(answer) = shift.call(&mut client, &path, Some(work.batch(size)), 200).await {
            let noted = shift.ledger.acknowledge_batch(&answer.body);
            if let Some(refused) = shift.check(noted).filter(|refused| *refused > 0) {
                shift.failures.push(format!("POST {path}: {refused} tasks were not taken"));
            }
        }
    }
    shift
}
