//! A new ranker on a long queue.

use std::time::{Duration, Instant};

use anyhow::bail;
use clap::Args;

use super::{
    shift::{Whistle, begin, end, pop_until},
    version::Version,
};
use crate::{client::Client, outcome::Outcome, target::Target};

/// How often the queue is asked for its generation.
const LOOK: Duration = Duration::from_millis(5);

/// How long a switch may take before it counts as stuck.
const SWITCH_MAX: Duration = Duration::from_mins(2);

/// Activate a ranker on a long queue while tasks are popped.
#[derive(Debug, Args)]
pub(crate) struct Rerank {
    /// The ranker: a digest, a name or `name@version`, with `=` and its settings as JSON.
    #[arg(long)]
    to: Version,
    /// For how long tasks are popped before and after.
    #[arg(long, default_value_t = 1.0)]
    around: f64,
}

impl Rerank {
    /// Does it.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        let mut client = target.connect().await?;
        let queued = target.queue(&mut client).await?.queued;
        let whistle = Whistle::default();
        let began = Instant::now();
        let path = target.path("/pop?limit=1");
        let shifts = begin(target, target.connections, |client| {
            pop_until(client, path.clone(), whistle.clone())
        })
        .await?;
        tokio::time::sleep(Duration::from_secs_f64(self.around)).await;
        let asked = Instant::now();
        let Some(activated) = self.to.activate(target, &mut client).await? else {
            bail!("the host refused the ranker");
        };
        let switched = wait_for(target, &mut client, activated.generation).await?;
        whistle.blow_after(self.around).await;
        let mut shift = end(shifts).await?;
        let seconds = began.elapsed().as_secs_f64();
        let popped = shift.ledger.handed_out();
        let pause = shift.timing.longest_pause_between(asked, switched);
        let double = shift.ledger.double_hand_outs();
        Ok(Outcome::new("rerank", popped, popped as f64 / seconds, &mut shift.timing)
            .with("queued when it began", queued as f64)
            .with("activate, ms", activated.took_ms)
            .with("until the new order, ms", (switched - asked).as_secs_f64() * 1000.0)
            .with("longest pause in pops, ms", pause.as_secs_f64() * 1000.0)
            .violated_by(shift.failures)
            .violated_by(double))
    }
}

/// Waits until the order is of a generation; the result is when.
pub(crate) async fn wait_for(
    target: &Target,
    client: &mut Client,
    generation: u64,
) -> anyhow::Result<Instant> {
    let since = Instant::now();
    while since.elapsed() < SWITCH_MAX {
        if target.queue(client).await?.generation >= generation {
            return Ok(Instant::now());
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("the order is not of generation {generation} after {} s", SWITCH_MAX.as_secs())
}
