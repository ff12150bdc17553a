//! One ranker after the other, under load.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;

use super::{
    drain::drain,
    rerank::wait_for,
    shift::{Loaded, Shift, work_during},
    version::Version,
};
use crate::{
    client::Client,
    outcome::Outcome,
    target::Target,
    timing::{Timing, median},
    work::Work,
};

/// Every so many swaps, a failing candidate comes in between.
const FAILING_EVERY: usize = 4;

/// Activate one ranker after the other while tasks are pushed and popped. At the end everything is
/// popped, and compared with what was acknowledged.
#[derive(Debug, Args)]
pub(crate) struct Swap {
    /// How many activations.
    #[arg(long, default_value_t = 200)]
    swaps: usize,
    /// The rankers, in turn: a digest, a name or `name@version`, with `=` and settings as JSON.
    #[arg(long = "version", required = true)]
    versions: Vec<Version>,
    /// Candidates that the host must refuse or survive, in turn.
    #[arg(long = "failing")]
    failing: Vec<Version>,
    /// How long the first ranker works before, for comparison, in seconds; 0: not at all.
    #[arg(long, default_value_t = 0.0)]
    before: f64,
    /// How long to wait after each activation, in seconds.
    #[arg(long, default_value_t = 0.0)]
    pause: f64,
}

/// What came of the activations.
#[derive(Default)]
struct Swaps {
    made: usize,
    refused: usize,
    took_ms: Vec<f64>,
    problems: Vec<String>,
}

impl Swap {
    /// Does it.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        // What others left on the queue was acknowledged to them: it must not count here.
        drain(target).await?;
        // Only now: a host closes connections that are silent for as long as a drain may take.
        let mut client = target.connect().await?;
        let work = Arc::new(Work::new(target.work));
        let mut before = match self.versions.first() {
            Some(first) if self.before > 0.0 => {
                self.activate_and_wait(first, target, &mut client).await?;
                let quiet = tokio::time::sleep(Duration::from_secs_f64(self.before));
                work_during(target, &work, quiet).await?
            }
            _ => Loaded::default(),
        };
        let began = Instant::now();
        let Loaded { mut pushes, mut pops, came } =
            work_during(target, &work, self.swap_all(target, &mut client)).await?;
        let seconds = began.elapsed().as_secs_f64();
        let swaps = came?;

        let popped = pops.ledger.handed_out();
        let pause = pops.timing.longest_pause();
        let (push_p99, pop_p99) = (p99(&mut pushes.timing), p99(&mut pops.timing));
        let before_p99 = p99(&mut before.pops.timing);
        pushes.merge(pops);
        pushes.merge(Shift { timing: Timing::default(), ..before.pushes });
        pushes.merge(Shift { timing: Timing::default(), ..before.pops });
        pushes.merge(drain(target).await?);
        let (double, lost) = (pushes.ledger.double_hand_outs(), pushes.ledger.lost());
        Ok(Outcome::new("swap", popped, popped as f64 / seconds, &mut pushes.timing)
            .with("swaps", swaps.made as f64)
            .with("refused candidates", swaps.refused as f64)
            .with("activate, median ms", median(swaps.took_ms))
            .with("push p99, ms", push_p99)
            .with("pop p99, ms", pop_p99)
            .with("pop p99 before, ms", before_p99)
            .with("longest pause in pops, ms", pause.as_secs_f64() * 1000.0)
            .violated_by(pushes.failures)
            .violated_by(swaps.problems)
            .violated_by(double)
            .violated_by(lost))
    }

    async fn activate_and_wait(
        &self,
        version: &Version,
        target: &Target,
        client: &mut Client,
    ) -> anyhow::Result<()> {
        let activated = version.activate(target, client).await?;
        let activated = activated.context("the first ranker was refused")?;
        wait_for(target, client, activated.generation).await.map(|_| ())
    }

    async fn swap_all(&self, target: &Target, client: &mut Client) -> anyhow::Result<Swaps> {
        let mut swaps = Swaps::default();
        let mut versions = self.versions.iter().cycle();
        let mut failing = self.failing.iter().cycle();
        let mut last = 0;
        for at in 1..=self.swaps {
            let candidate = if at % FAILING_EVERY == 0 { failing.next() } else { None };
            let is_failing = candidate.is_some();
            let Some(version) = candidate.or_else(|| versions.next()) else { break };
            match version.activate(target, client).await? {
                Some(activated) => {
                    swaps.made += 1;
                    swaps.took_ms.push(activated.took_ms);
                    if activated.generation <= last {
                        swaps
                            .problems
                            .push(format!("generation {} came after {last}", activated.generation));
                    }
                    last = activated.generation;
                    tokio::time::sleep(Duration::from_secs_f64(self.pause)).await;
                }
                None if is_failing => swaps.refused += 1,
                None => swaps.problems.push("a good version was refused".to_owned()),
            }
        }
        if last > 0 {
            wait_for(target, client, last).await?;
        }
        Ok(swaps)
    }
}

fn p99(timing: &mut Timing) -> f64 {
    timing.percentile_ms(0.99)
}
