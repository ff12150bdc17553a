//! Pops tasks of a scheduler and hands them over.

use std::{sync::Arc, time::Duration};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use hinny_core::{
    SchedulerId, TaskStatus,
    filter::Filter,
    health::Health,
    queue::{PopRequest, QueueError, Queues},
    store::{Store, StoreError},
    task::{Task, TaskChange},
};
use tokio::time::sleep;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Address,
    celery::CeleryMessage,
    link::{self, Link, LinkError},
    status::{self, Status},
};

/// Which tasks to hand over, and where to.
#[derive(Debug, Clone)]
pub struct DispatcherOptions {
    /// Whose tasks.
    pub scheduler: SchedulerId,
    /// Where the broker is.
    pub address: Address,
    /// The queue that Celery workers read.
    pub queue: String,
    /// The Celery task that they run.
    pub task: String,
    /// Most tasks of the scheduler that are dispatched or running. What waits in the queue of the
    /// broker is not ranked any more, so fewer are better.
    pub in_flight_max: u32,
}

/// Hands the tasks of a scheduler over.
pub struct Dispatcher {
    options: DispatcherOptions,
    queues: Arc<dyn Queues>,
    store: Arc<dyn Store>,
    status: Arc<Status>,
    stop: CancellationToken,
}

/// Longest wait of one pop.
const LOOK: Duration = Duration::from_secs(1);

/// Between two looks whether one of those in flight has ended, when there are as many as may be.
const FULL_LOOK: Duration = Duration::from_millis(100);

/// Most tasks that are popped at once: those that cannot be handed over have to go back.
const POP_MAX: u32 = 32;

/// Why a round of handing over ended.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Dispatcher {
    /// Starts handing tasks over, for as long as it takes: whatever the broker does, it is tried
    /// again. What comes back says how it is doing.
    ///
    /// Ends when `stop` is cancelled, after the tasks that it has popped.
    pub fn start(
        options: DispatcherOptions,
        queues: Arc<dyn Queues>,
        store: Arc<dyn Store>,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) -> Arc<dyn Health> {
        status::describe_metrics();
        let status = Arc::new(Status::new(&options));
        let health = Arc::clone(&status);
        let dispatcher = Self { options, queues, store, status, stop: stop.clone() };
        tracker.spawn(dispatcher.run());
        health
    }

    async fn run(self) {
        let mut pauses = pauses();
        while !self.stop.is_cancelled() {
            let opening = link::open(&self.options.address, &self.options.queue);
            let opened = tokio::select! {
                opened = opening => opened,
                () = self.stop.cancelled() => return,
            };
            let ended = match opened {
                Ok(link) => {
                    self.status.works();
                    let ended = self.hand_over_all(&link, &mut pauses).await;
                    link.close().await;
                    ended
                }
                Err(error) => Err(error.into()),
            };
            let Err(trouble) = ended else { return };
            self.status.fails(&trouble);
            tokio::select! {
                () = sleep(pauses.next().unwrap_or(LOOK)) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// Hands tasks over until the stop, or until something does not work.
    async fn hand_over_all(
        &self,
        link: &Link,
        pauses: &mut ExponentialBackoff,
    ) -> Result<(), Trouble> {
        while !self.stop.is_cancelled() {
            let free = self.free().await?;
            if free == 0 || !link.is_up() {
                tokio::select! {
                    () = sleep(FULL_LOOK) => {}
                    () = self.stop.cancelled() => {}
                }
                if !link.is_up() {
                    return Err(LinkError::Mute(self.options.address.clone()).into());
                }
                continue;
            }
            let tasks = self.pop(free).await?;
            if !tasks.is_empty() {
                self.hand_over(link, tasks).await?;
                *pauses = self::pauses();
            }
        }
        Ok(())
    }

    /// How many more may be in flight.
    async fn free(&self) -> Result<u32, StoreError> {
        let held = |status| matches!(status, TaskStatus::Dispatched | TaskStatus::Running);
        let counts = self.store.counts().await?;
        let ours = counts.iter().filter(|row| row.scheduler == self.options.scheduler);
        let in_flight: i64 = ours.filter(|row| held(row.status)).map(|row| row.count).sum();
        let in_flight = u32::try_from(in_flight.max(0)).unwrap_or(u32::MAX);
        Ok(self.options.in_flight_max.saturating_sub(in_flight).min(POP_MAX))
    }

    async fn pop(&self, limit: u32) -> Result<Vec<Task>, QueueError> {
        let request = PopRequest {
            limit: Some(limit),
            filter: Filter::default(),
            wait: LOOK,
            worker: Some(self.origin()),
        };
        self.queues.pop(&self.options.scheduler, request).await
    }

    /// Hands tasks over, those that rank first first. Those that cannot be go back.
    async fn hand_over(&self, link: &Link, tasks: Vec<Task>) -> Result<(), Trouble> {
        let mut sent = Vec::with_capacity(tasks.len());
        let by = link::confirmed_by();
        for task in tasks {
            let message = CeleryMessage::of(&task, &self.options.task, &self.origin());
            sent.push((task, link.send(&message, by).await));
        }
        let mut trouble = Ok(());
        for (task, sent) in sent {
            match link.confirmed(sent, by).await {
                Ok(()) => self.status.count("handed over"),
                Err(error) => {
                    self.give_back(task, &error).await;
                    trouble = trouble.and(Err(error.into()));
                }
            }
        }
        trouble
    }

    /// Puts a task back on the queue. Where even that does not work, its lease does it later.
    async fn give_back(&self, task: Task, why: &LinkError) {
        let change = TaskChange {
            status: Some(TaskStatus::Queued),
            attempt: Some(task.attempt),
            reason: Some(format!("could not be handed over: {why}")),
            ..TaskChange::default()
        };
        let mut tries = pauses().take(5);
        while let Err(error) = self.queues.update(task.id, change.clone()).await {
            let Some(pause) = tries.next().filter(|_| is_passing(&error)) else {
                tracing::warn!(
                    task.id = %task.id,
                    "task `{}` was not handed over and does not go back before its lease ends: {error}",
                    task.id
                );
                return;
            };
            sleep(pause).await;
        }
        self.status.count("gone back");
    }

    fn origin(&self) -> String {
        format!("hinny dispatcher of {}", self.options.scheduler)
    }
}

/// Whether it may work later.
fn is_passing(error: &QueueError) -> bool {
    matches!(error, QueueError::Store(_))
}

fn pauses() -> ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(250))
        .with_max_delay(Duration::from_secs(15))
        .without_max_times()
        .with_jitter()
        .build()
}
