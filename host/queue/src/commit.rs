//! Group commit: one transaction for all that waits, and memory brought into line after it.
//!
//! There is one committer for all queues. It has no timer: it takes what has come since the last
//! transaction returned, so batches grow with load and a lone request waits for nobody. Between
//! transactions it also makes the last step of a switch of ranker, so that no commit falls into it.

mod apply;
mod doubt;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hinny_core::{
    TaskId,
    order::{Arrival, Taken},
    store::{StoreError, Unit, UnitOutcome},
};
use tokio::sync::{mpsc, oneshot};
use tracing::error;

pub(crate) use apply::{Applier, LateAnswer};
pub(crate) use doubt::Doubts;

use crate::{rerank::Switch, shard::Shard};

/// Most units of one transaction. Beyond it the latency of a batch grows and its throughput does
/// not.
const UNITS_MAX: usize = 512;

/// Requests that may wait for the committer before senders have to.
const CHANNEL_LEN: usize = 4096;

/// How soon doubts after a failed transaction are looked into when nothing else is to be committed.
const SETTLE_AGAIN: Duration = Duration::from_millis(200);

/// A unit to commit, and what it means for memory.
pub(crate) struct Submission {
    pub(crate) unit: Unit,
    pub(crate) effects: Effects,
    pub(crate) reply: oneshot::Sender<Result<UnitOutcome, StoreError>>,
}

/// What a unit means for memory, beside what its outcome tells.
#[derive(Default)]
pub(crate) struct Effects {
    /// One per push: where it goes, and under which generation it was ranked.
    pub(crate) arrivals: Vec<PreparedArrival>,
    /// One per claim: where it was taken from.
    pub(crate) taken: Vec<(Arc<Shard>, Taken)>,
    /// Give claimed tasks back when nobody is there any more to get them.
    pub(crate) return_unreceived: bool,
}

pub(crate) struct PreparedArrival {
    pub(crate) shard: Arc<Shard>,
    pub(crate) arrival: Arrival,
    pub(crate) generation: u64,
}

pub(crate) enum Message {
    Commit(Submission),
    /// The last step of a switch of ranker.
    Switch(Box<Switch>),
    /// Tasks that were ranked after their commit, and whom to tell that they are there.
    Arrive(Vec<PreparedArrival>, Option<LateAnswer>),
    /// Everything before this is done; the committer ends.
    Stop,
}

/// The way to the committer.
#[derive(Clone)]
pub(crate) struct CommitSender(mpsc::Sender<Message>);

impl CommitSender {
    /// Commits a unit. Once this is polled to its end the unit is decided, even if the caller has
    /// gone.
    pub(crate) async fn commit(
        &self,
        unit: Unit,
        effects: Effects,
    ) -> Result<UnitOutcome, StoreError> {
        let permit = self.reserve().await?;
        permit.commit(unit, effects).await
    }

    /// Room for one message, so that nothing has to be awaited between taking and sending.
    pub(crate) async fn reserve(&self) -> Result<CommitPermit<'_>, StoreError> {
        self.0.reserve().await.map(CommitPermit).map_err(|_| stopped())
    }

    pub(crate) async fn send(&self, message: Message) {
        // The receiver is gone only after a stop; then nobody needs the message, but for whoever
        // waits for what is committed.
        if let Err(mpsc::error::SendError(Message::Arrive(_, Some(answer)))) =
            self.0.send(message).await
        {
            answer.tell();
        }
    }
}

pub(crate) struct CommitPermit<'a>(mpsc::Permit<'a, Message>);

impl CommitPermit<'_> {
    /// Sends at once; the future waits for the outcome.
    pub(crate) fn commit(
        self,
        unit: Unit,
        effects: Effects,
    ) -> impl Future<Output = Result<UnitOutcome, StoreError>> + use<> {
        let (reply, outcome) = oneshot::channel();
        self.0.send(Message::Commit(Submission { unit, effects, reply }));
        async { outcome.await.unwrap_or_else(|_| Err(stopped())) }
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable { why: "hinny is stopping".to_owned(), hint: "try again in a moment" }
}

pub(crate) struct Committer {
    pub(crate) applier: Applier,
    pub(crate) messages: mpsc::Receiver<Message>,
    pub(crate) doubts: Doubts,
}

pub(crate) fn channel() -> (CommitSender, mpsc::Receiver<Message>) {
    let (sender, receiver) = mpsc::channel(CHANNEL_LEN);
    (CommitSender(sender), receiver)
}

impl Committer {
    /// Runs until [`Message::Stop`], and answers everything that came before it.
    pub(crate) async fn run(mut self) {
        let mut messages = Vec::with_capacity(UNITS_MAX);
        loop {
            tokio::select! {
                received = self.messages.recv_many(&mut messages, UNITS_MAX) => {
                    if received == 0 {
                        return;
                    }
                }
                () = tokio::time::sleep(SETTLE_AGAIN), if !self.doubts.is_empty() => {
                    self.doubts.settle(&self.applier).await;
                }
            }
            let mut group = Vec::with_capacity(messages.len());
            for message in messages.drain(..) {
                match message {
                    Message::Commit(submission) => group.push(submission),
                    Message::Arrive(arrivals, answer) => {
                        self.commit(std::mem::take(&mut group)).await;
                        self.applier.arrive_late(arrivals, answer);
                    }
                    Message::Switch(switch) => {
                        self.commit(std::mem::take(&mut group)).await;
                        switch.finish(&self.applier.preparer).await;
                    }
                    Message::Stop => {
                        self.commit(std::mem::take(&mut group)).await;
                        return;
                    }
                }
            }
            self.commit(group).await;
        }
    }

    async fn commit(&mut self, group: Vec<Submission>) {
        if group.is_empty() {
            return;
        }
        self.doubts.settle(&self.applier).await;
        let started = Instant::now();
        metrics::histogram!("hinny_commit_units").record(group.len() as f64);
        let mut units = Vec::with_capacity(group.len());
        let mut rest = Vec::with_capacity(group.len());
        for submission in group {
            rest.push((touched(&submission.unit), submission.effects, submission.reply));
            units.push(submission.unit);
        }
        let outcomes = self.applier.preparer.store.commit(units).await;
        metrics::histogram!("hinny_commit_seconds").record(started.elapsed().as_secs_f64());
        match outcomes {
            Ok(outcomes) => {
                for ((_, effects, reply), outcome) in rest.into_iter().zip(outcomes) {
                    self.applier.apply(effects, outcome, reply);
                }
            }
            Err(failure) => {
                error!(%failure, "a transaction failed; nothing in it was acknowledged");
                metrics::counter!("hinny_commit_failures_total").increment(1);
                for (ids, effects, reply) in rest {
                    self.doubts.add(ids, effects);
                    let _ = reply.send(Err(failure.clone()));
                }
            }
        }
    }
}

/// The tasks that a unit may put on the queue or take off it, but for its claims.
fn touched(unit: &Unit) -> Vec<TaskId> {
    let pushes = unit.pushes.iter().map(|task| task.id);
    pushes.chain(unit.updates.iter().map(|update| update.task)).collect()
}
