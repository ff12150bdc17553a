//! The queues, as the API and the listeners see them.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use serde::Serialize;

use crate::{
    Organisation, Priority, SchedulerId, TaskHash, TaskId, TaskStatus, TaskType, Timestamp,
    dry_run::DryRun,
    event::EventOutcome,
    filter::{Filter, FilterError},
    preview::{Preview, PreviewOptions},
    ranker::{Explanation, PluginFailure, Ranker},
    scheduler::{Admitted, HandleFailure},
    status::{IllegalMove, StatusRule},
    store::{StoreError, Unit},
    task::{RankedBy, Task, TaskChange},
    trigger::Trigger,
};

/// How a scheduler's queue behaves.
#[derive(Debug, Clone)]
pub struct QueueConfig {
    /// The scheduler.
    pub scheduler: SchedulerId,
    /// Most queued tasks; 0: no limit. Asked priorities of 1 or lower pass a full queue.
    pub tasks_max: u64,
    /// How long a worker has a task without a heartbeat; `None`: for ever.
    pub lease: Option<Duration>,
    /// How often a task is handed out before it is given up.
    pub attempts_max: u32,
    /// Wait before a lost task is handed out again: doubles with each attempt.
    pub backoff: Duration,
    /// Longest such wait.
    pub backoff_max: Duration,
    /// Which moves between statuses are taken from clients.
    pub status_rule: StatusRule,
    /// Places in the data, as JSON pointers, on which workers filter: such pops cost no scan.
    pub classes: Vec<String>,
    /// Place in the data, as a JSON pointer: queued tasks with the same text there are a group. The
    /// first task of a pop brings the others of its group with it, as far as the filter admits
    /// them.
    pub group: Option<String>,
    /// How many tasks a pop without a limit hands out. A group is handed out whole.
    pub pop_default: u32,
    /// Most tasks that one pop hands out.
    pub pop_max: u32,
}

impl QueueConfig {
    /// The places in the data that the queue itself reads.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.classes.iter().chain(&self.group).map(String::as_str)
    }
}

/// A task that is pushed over the API.
#[derive(Debug, Clone)]
pub struct PushRequest {
    /// The id that was sent.
    pub id: Option<TaskId>,
    /// Whose work it is.
    pub organisation: Organisation,
    /// The priority that was asked for.
    pub priority: Option<Priority>,
    /// What to do: a JSON document, as it was sent.
    pub data: String,
    /// Not handed out earlier than this.
    pub not_before: Option<Timestamp>,
}

/// A push that was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushRefusal {
    /// A live task of the scheduler has the same hash.
    #[error(
        "a task with hash `{hash}` is queued already, as `{live}`; hint: wait for it, or cancel it"
    )]
    Duplicate {
        /// The hash of both.
        hash: TaskHash,
        /// The live one.
        live: TaskId,
    },
    /// A task with that id exists.
    #[error("a task with id `{0}` exists already; hint: leave the id out and the host makes one")]
    IdTaken(TaskId),
    /// The queue is full.
    #[error(
        "the queue of `{scheduler}` is full with {queued} tasks, its limit is {max}; hint: try again later, or raise `tasks_max`"
    )]
    Full {
        /// The scheduler.
        scheduler: SchedulerId,
        /// How many are queued.
        queued: u64,
        /// The limit.
        max: u64,
    },
    /// The data does not fit the scheduler's schema.
    #[error("data does not fit the schema of `{scheduler}` at `{field}`: {reason}")]
    Schema {
        /// The scheduler.
        scheduler: SchedulerId,
        /// The place in the data.
        field: String,
        /// Why.
        reason: String,
    },
    /// The scheduler plugin does not take it.
    #[error("refused by the plugin of `{scheduler}` at `{field}`: {reason}")]
    Rejected {
        /// The scheduler.
        scheduler: SchedulerId,
        /// The place in the data.
        field: String,
        /// Why.
        reason: String,
    },
    /// The priority is outside of what every client can read.
    #[error("priority {0} is out of range, expected {min} to {max}", min = Priority::MIN, max = Priority::MAX)]
    PriorityRange(Priority),
}

/// A request that the queues could not carry out. Nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// No such scheduler.
    #[error("no scheduler `{0}`")]
    UnknownScheduler(SchedulerId),
    /// No such task.
    #[error("no task `{0}`")]
    UnknownTask(TaskId),
    /// The scheduler has no plugin to ask.
    #[error("scheduler `{0}` has no plugin; hint: `hinny plugin activate {0}/scheduler NAME`")]
    NoPlugin(SchedulerId),
    /// The plugin failed.
    #[error(transparent)]
    Plugin(#[from] PluginFailure),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The filter cannot be used.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The move is not in the table.
    #[error(transparent)]
    Illegal(#[from] IllegalMove),
    /// It reports on an attempt that is over.
    #[error(
        "the report is on attempt {reported}, the task is at attempt {current}; hint: it was lost to another worker, drop the result"
    )]
    StaleAttempt {
        /// In the report.
        reported: u32,
        /// Now.
        current: u32,
    },
    /// A worker does not hold the task.
    #[error(
        "task `{task}` is `{status}`, a heartbeat needs a task that a worker holds; hint: stop working on it"
    )]
    NotHeld {
        /// The task.
        task: TaskId,
        /// Its status.
        status: TaskStatus,
    },
    /// It cannot go back on the queue.
    #[error("task `{task}` cannot go back on the queue: `{live}` with the same hash is there")]
    DuplicateHash {
        /// The task.
        task: TaskId,
        /// The live one.
        live: TaskId,
    },
    /// The host is stopping.
    #[error("hinny is stopping; hint: try again in a moment")]
    Stopping,
}

/// What a worker asks for.
#[derive(Debug, Clone, Default)]
pub struct PopRequest {
    /// Most tasks; `None`: the queue's default.
    pub limit: Option<u32>,
    /// Only such tasks.
    pub filter: Filter,
    /// How long to wait for a task when there is none.
    pub wait: Duration,
    /// Who asks, by its own word.
    pub worker: Option<String>,
}

/// What became of a trigger.
#[derive(Debug)]
pub enum TriggerOutcome {
    /// Its commands are committed.
    Done {
        /// Tasks queued.
        pushed: u64,
        /// Tasks not queued, since a live one has the same hash.
        duplicates: u64,
        /// Tasks cancelled.
        cancelled: u64,
        /// Messages that the plugin sent to itself; the store has them, waiting.
        messages: u64,
    },
    /// A guard did not hold: handled before, or by another. Nothing happened.
    Repeated,
    /// The scheduler's plugin did not ask for such triggers. Nothing happened.
    Unwanted,
    /// The plugin did not handle it. Nothing happened.
    Failed(HandleFailure),
    /// Its tasks do not fit on the queue; nothing happened.
    Full {
        /// How much later there may be room, in milliseconds.
        after_ms: u64,
        /// How full it is.
        reason: String,
    },
}

/// How a queue is doing.
#[derive(Debug, Clone, Serialize)]
pub struct QueueStats {
    /// The scheduler.
    pub scheduler: SchedulerId,
    /// Kind of its tasks, while a plugin is active.
    pub task_type: Option<TaskType>,
    /// Queued tasks, delayed ones too.
    pub queued: u64,
    /// Most queued tasks; 0: no limit.
    pub tasks_max: u64,
    /// Of the queued tasks, those not to be handed out yet.
    pub delayed: u64,
    /// Workers that wait for a task.
    pub waiting: u64,
    /// The generation that the order is of; 0: the host's own rule.
    pub generation: u64,
    /// Tasks ranked so far under the next generation, while the queue is switched.
    pub switching: Option<Progress>,
    /// Last push or pop.
    pub last_activity: Option<Timestamp>,
}

/// How far something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// So far.
    pub done: u64,
    /// In all.
    pub total: u64,
}

/// One place of the order, as people look at it.
#[derive(Debug, Clone)]
pub struct Place {
    /// 1 for the next task to go.
    pub position: u64,
    /// The task.
    pub task: Task,
}

/// Why a task is where it is.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    /// The task.
    pub task: TaskId,
    /// 1 for the next to go; none when it is not queued or delayed.
    pub position: Option<u64>,
    /// Its rank in the order now.
    pub priority: Priority,
    /// Who gave it that rank.
    pub ranked_by: RankedBy,
    /// What the ranker says now; none without a ranker.
    pub explanation: Option<Explanation>,
    /// What would move it up; empty when it is first, or not up for a worker.
    pub ahead: Vec<Rung>,
}

/// A place in the order that a task would have with a lower rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rung {
    /// The place: 1 is the next to go.
    pub position: u64,
    /// The rank of the task that has it now: any lower one would be before it.
    pub below: Priority,
}

/// Which queued tasks to cancel.
#[derive(Debug, Clone)]
pub struct CancelRequest {
    /// Which.
    pub filter: Filter,
    /// Only count them.
    pub dry_run: bool,
    /// Why, for people.
    pub reason: String,
}

/// The queues of all schedulers.
#[async_trait]
pub trait Queues: Send + Sync {
    /// The schedulers, in the order of the configuration.
    fn schedulers(&self) -> Vec<SchedulerId>;

    /// How a queue is doing. Costs no query.
    async fn stats(&self, scheduler: &SchedulerId) -> Result<QueueStats, QueueError>;

    /// Takes tasks through admission, rank and commit; one answer per task.
    async fn push(
        &self,
        scheduler: &SchedulerId,
        requests: Vec<PushRequest>,
    ) -> Result<Vec<Result<Task, PushRefusal>>, QueueError>;

    /// Asks the scheduler plugin about data as `push` does, without queueing anything: for its hash
    /// and a check, before a schedule is made of it.
    async fn admit(
        &self,
        scheduler: &SchedulerId,
        organisation: &Organisation,
        data: &str,
    ) -> Result<Result<Admitted, PushRefusal>, QueueError>;

    /// Hands out the first tasks.
    async fn pop(
        &self,
        scheduler: &SchedulerId,
        request: PopRequest,
    ) -> Result<Vec<Task>, QueueError>;

    /// Changes a task; the answer is the task afterwards.
    async fn update(&self, task: TaskId, change: TaskChange) -> Result<Task, QueueError>;

    /// Extends a worker's lease; the answer is its new end.
    async fn heartbeat(
        &self,
        task: TaskId,
        attempt: Option<u32>,
    ) -> Result<Option<Timestamp>, QueueError>;

    /// Cancels queued tasks; the answer is how many.
    async fn cancel(
        &self,
        scheduler: &SchedulerId,
        request: CancelRequest,
    ) -> Result<u64, QueueError>;

    /// Has the scheduler plugin handle a trigger, and commits what it answers together with a unit:
    /// the unit's guards hold for the whole, its writes happen with the commands or not at all.
    async fn trigger(
        &self,
        scheduler: &SchedulerId,
        trigger: Trigger,
        with: Unit,
    ) -> Result<TriggerOutcome, QueueError>;

    /// What a trigger would do now: the plugin handles it, and nothing is committed.
    async fn dry_run(
        &self,
        scheduler: &SchedulerId,
        trigger: Trigger,
    ) -> Result<DryRun, QueueError>;

    /// The first places of the order; of an organisation, counted among its tasks.
    async fn head(
        &self,
        scheduler: &SchedulerId,
        organisation: Option<&Organisation>,
        limit: u32,
    ) -> Result<Vec<Place>, QueueError>;

    /// The priorities that the queue knows of tasks; none for those not queued.
    async fn priorities(
        &self,
        tasks: &[(SchedulerId, TaskId)],
    ) -> Vec<Option<(Priority, RankedBy)>>;

    /// Why a task is where it is.
    async fn explain(&self, task: TaskId) -> Result<Explained, QueueError>;

    /// What the queue would be like under another ranker. Changes nothing.
    async fn preview(
        &self,
        scheduler: &SchedulerId,
        candidate: Arc<dyn Ranker>,
        options: PreviewOptions,
    ) -> Result<Preview, QueueError>;

    /// Ranks everything queued under another ranker, then switches in one step. Returns at once.
    /// A later call supersedes one that is still ranking.
    fn swap_ranker(
        &self,
        scheduler: &SchedulerId,
        ranker: Option<Arc<dyn Ranker>>,
    ) -> Result<(), QueueError>;
}

/// The way in for messages, as the API sees it.
#[async_trait]
pub trait Events: Send + Sync {
    /// Handles messages of a source; one outcome per message and scheduler that wants it.
    async fn submit(
        &self,
        source: &str,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<SubmittedEvent>, QueueError>;

    /// Handles a message in quarantine (or waiting) again, now.
    async fn replay(
        &self,
        scheduler: &SchedulerId,
        event: crate::EventId,
    ) -> Result<Option<EventOutcome>, QueueError>;
}

/// A message that is submitted.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Identity: a repeated one is handled once. The host makes one when there is none.
    pub id: Option<crate::EventId>,
    /// MIME type of the body.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// Headers and the like.
    pub attributes: Vec<(String, String)>,
}

/// What became of a submitted message.
#[derive(Debug, Clone)]
pub struct SubmittedEvent {
    /// Its identity.
    pub event: crate::EventId,
    /// Per scheduler that wants it; empty when none does.
    pub outcomes: Vec<(SchedulerId, EventOutcome)>,
}
