//! Work beside a plugin that computes without end.

use std::{sync::Arc, time::Duration};

use clap::Args;
use hyper::Method;
use tokio::task::JoinSet;

use super::{
    drain::drain,
    shift::{Shift, Whistle, work_during},
};
use crate::{
    outcome::Outcome,
    target::Target,
    timing::{Timing, median},
    work::Work,
};

/// Push to one scheduler and pop from it, in turn alone and while the plugins of another one compute
/// without end.
#[derive(Debug, Args)]
pub(crate) struct Neighbours {
    /// The other scheduler.
    #[arg(long)]
    loud: String,
    /// What it is asked again and again: a path below it, to which a task is posted.
    #[arg(long, default_value = "/push")]
    path: String,
    /// How many ask at a time.
    #[arg(long, default_value_t = 4)]
    askers: usize,
    /// Rounds, each alone and then beside it.
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// How long each half of a round takes.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
}

/// What came of rounds of one kind.
#[derive(Default)]
struct Half {
    shift: Shift,
    p50_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    per_second: Vec<f64>,
}

impl Neighbours {
    /// Does it.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        drain(target).await?;
        let work = Arc::new(Work::new(target.work));
        let (mut alone, mut beside, mut asked) = (Half::default(), Half::default(), 0);
        for _ in 0..self.rounds.max(1) {
            self.half(target, &work, &mut alone).await?;
            let (whistle, askers) = self.ask(target, &work).await?;
            self.half(target, &work, &mut beside).await?;
            whistle.blow();
            asked += askers.join_all().await.into_iter().sum::<u64>();
        }
        let mut all = alone.shift;
        all.merge(beside.shift);
        all.merge(drain(target).await?);
        let (double, lost) = (all.ledger.double_hand_outs(), all.ledger.lost());
        let [alone_p99, beside_p99] = [median(alone.p99_ms), median(beside.p99_ms)];
        let popped = all.ledger.handed_out();
        Ok(Outcome::new("neighbours", popped, median(alone.per_second), &mut all.timing)
            .with("beside, tasks per second", median(beside.per_second))
            .with("alone, p50 ms", median(alone.p50_ms))
            .with("beside, p50 ms", median(beside.p50_ms))
            .with("alone, p99 ms", alone_p99)
            .with("beside, p99 ms", beside_p99)
            .with("p99 beside, of p99 alone", beside_p99 / alone_p99.max(f64::MIN_POSITIVE))
            .with("calls of the loud one", asked as f64)
            .violated_by(all.failures)
            .violated_by(double)
            .violated_by(lost))
    }

    async fn half(&self, target: &Target, work: &Arc<Work>, half: &mut Half) -> anyhow::Result<()> {
        let waited = tokio::time::sleep(Duration::from_secs_f64(self.seconds));
        let mut loaded = work_during(target, work, waited).await?;
        half.per_second.push(loaded.pops.ledger.handed_out() as f64 / self.seconds);
        let mut both = Timing::default();
        both.merge(std::mem::take(&mut loaded.pushes.timing));
        both.merge(std::mem::take(&mut loaded.pops.timing));
        half.p50_ms.push(both.percentile_ms(0.5));
        half.p99_ms.push(both.percentile_ms(0.99));
        half.shift.timing.merge(both);
        half.shift.merge(loaded.pushes);
        half.shift.merge(loaded.pops);
        Ok(())
    }

    /// Asks the other scheduler, whatever it answers; each tells how often it asked.
    async fn ask(
        &self,
        target: &Target,
        work: &Arc<Work>,
    ) -> anyhow::Result<(Whistle, JoinSet<u64>)> {
        let (whistle, mut askers) = (Whistle::default(), JoinSet::new());
        let loud = Target { scheduler: self.loud.clone(), ..target.clone() };
        for _ in 0..self.askers {
            let mut client = loud.connect().await?;
            let (path, work, whistle) = (loud.path(&self.path), Arc::clone(work), whistle.clone());
            askers.spawn(async move {
                let mut asked = 0;
                while !whistle.blown() {
                    if client.send(Method::POST, &path, Some(work.task())).await.is_err() {
                        break;
                    }
                    asked += 1;
                }
                asked
            });
        }
        Ok((whistle, askers))
    }
}
