//! Pops from a queue of a length.

use std::{
    sync::Arc,
    sync::atomic::{AtomicI64, Ordering},
    time::Instant,
};

use clap::Args;

use super::{
    batch::fill,
    push::miscount,
    shift::{Shift, begin, end},
};
use crate::{
    client::Client,
    outcome::Outcome,
    target::Target,
    timing::{Timing, median},
};

/// Pop from a queue of a length, in rounds. Between rounds the queue is filled up again, which is
/// not measured.
#[derive(Debug, Args)]
pub(crate) struct Pop {
    /// How long the queue is when a round begins.
    #[arg(long, default_value_t = 10_000)]
    depth: u64,
    /// Tasks that are popped in a round.
    #[arg(long, default_value_t = 5_000)]
    pops: u64,
    /// Tasks per request.
    #[arg(long, default_value_t = 1)]
    limit: u32,
    /// Rounds; the rate is the median of them.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// What is asked for, as the body of a pop. Of several, each is asked for by as many connections
    /// and as often; at most half as many pops as there are tasks, or some find none.
    #[arg(long)]
    filter: Vec<String>,
}

impl Pop {
    /// Does it. No attempt may be handed out twice, and the queue gets shorter by what was popped.
    pub(crate) async fn run(&self, target: &Target) -> anyhow::Result<Outcome> {
        let mut all = Shift::default();
        let mut rates = Vec::with_capacity(self.rounds);
        let mut miscounts = Vec::new();
        for _ in 0..self.rounds.max(1) {
            let (filled, _, before) = fill(target, self.depth, 500).await?;
            all.failures.extend(filled.failures);
            let began = Instant::now();
            let mut round = self.round(target).await?;
            let popped = round.ledger.handed_out();
            rates.push(popped as f64 / began.elapsed().as_secs_f64());
            let after = target.queue_now().await?.queued;
            miscounts.extend(miscount(before, 0, popped as u64, after));
            all.failures.append(&mut round.failures);
            all.merge(round);
        }
        let double = all.ledger.double_hand_outs();
        let mut timing: Timing = all.timing;
        Ok(Outcome::new("pop", all.ledger.handed_out(), median(rates), &mut timing)
            .with("queued when a round begins", self.depth as f64)
            .violated_by(all.failures)
            .violated_by(miscounts)
            .violated_by(double))
    }

    async fn round(&self, target: &Target) -> anyhow::Result<Shift> {
        let questions = self.questions()?;
        let path = target.path(&format!("/pop?limit={}", self.limit));
        let mut turn = questions.iter().cycle();
        let shifts = begin(target, target.connections, |client| {
            let question = turn.next().cloned().unwrap_or_default();
            pop_some(client, path.clone(), question, i64::from(self.limit))
        })
        .await?;
        end(shifts).await
    }

    /// What is asked for in a round, and how often.
    fn questions(&self) -> anyhow::Result<Vec<Question>> {
        let bodies: Vec<_> = match self.filter.as_slice() {
            [] => vec![None],
            filters => filters.iter().map(|filter| Some(filter.clone().into_bytes())).collect(),
        };
        let each = i64::try_from(self.pops)? / i64::try_from(bodies.len())?;
        let question = |body| Question { body, left: Arc::new(AtomicI64::new(each)) };
        Ok(bodies.into_iter().map(question).collect())
    }
}

/// What some connections ask for.
#[derive(Clone, Default)]
struct Question {
    body: Option<Vec<u8>>,
    /// How many tasks are still to be popped by it.
    left: Arc<AtomicI64>,
}

/// Pops until nothing is left to be popped.
async fn pop_some(mut client: Client, path: String, question: Question, limit: i64) -> Shift {
    let mut shift = Shift::default();
    while question.left.fetch_sub(limit, Ordering::Relaxed) > 0 && !shift.is_hopeless() {
        if let Some(answer) = shift.call(&mut client, &path, question.body.clone(), 200).await {
            let noted = shift.ledger.hand_out(&answer.body);
            if shift.check(noted).is_some_and(|tasks| tasks.is_empty()) {
                shift.failures.push(format!("POST {path}: no task, though there are queued ones"));
            }
        }
    }
    shift
}
