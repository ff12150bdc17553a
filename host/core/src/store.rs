//! What the host asks of a database: a log and a referee, never an order.

use std::collections::HashMap;

use async_trait::async_trait;

use crate::{
    EventId, Organisation, PluginDigest, Priority, ScheduleId, SchedulerId, TaskHash, TaskId,
    TaskStatus, TaskType, Timestamp,
    command::StateWrite,
    event::{EventState, KeptEvent},
    filter::{Filter, FilterError},
    input::LastRun,
    plugin::{Activation, PluginSignature, PluginVersion, Refusal, Slot},
    schedule::{NewSchedule, Schedule, ScheduleChange, ScheduleQuery},
    status::{IllegalMove, StatusRule},
    task::{NewTask, Page, RankedBy, Task, TaskChange, TaskEvent, TaskQuery, Window},
};

/// Writes that happen together or not at all.
///
/// A store commits many units in one transaction. Within a commit it works in phases, over all
/// units: guards, updates, claims, schedules, pushes, kept events. So a cancellation in a unit
/// frees its hash for a push in the same unit.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    /// All must hold, or nothing of the unit happens.
    pub guards: Vec<Guard>,
    /// Changes to tasks.
    pub updates: Vec<TaskUpdate>,
    /// Tasks handed to workers.
    pub claims: Vec<Claim>,
    /// Changes to schedules.
    pub schedules: Vec<ScheduleWrite>,
    /// New tasks.
    pub pushes: Vec<NewTask>,
    /// Changes to kept messages.
    pub events: Vec<EventWrite>,
}

/// What must be so for a unit to happen. Holding has an effect, so that it can hold only once.
#[derive(Debug, Clone)]
pub enum Guard {
    /// Always holds; from now on this scheduler has handled this message, and did so now. For a
    /// message that certainly was not handled before, though an equal one may have been.
    Delivery {
        /// The scheduler.
        scheduler: SchedulerId,
        /// The message.
        event: EventId,
        /// Now.
        at: Timestamp,
    },
    /// A try at a [`Guard::Delivery`] of this moment did not happen, though its answer was lost. The
    /// mark of another moment is of an equal message and does not count.
    DeliveryInDoubt {
        /// The scheduler.
        scheduler: SchedulerId,
        /// The message.
        event: EventId,
        /// The moment that the earlier try had.
        at: Timestamp,
    },
    /// This scheduler has not handled this message; from now on it has.
    FirstDelivery {
        /// The scheduler.
        scheduler: SchedulerId,
        /// The message.
        event: EventId,
        /// Now.
        at: Timestamp,
    },
    /// The schedule is enabled and its deadline is the expected one; from now on it is the next.
    Deadline {
        /// The schedule.
        schedule: ScheduleId,
        /// Its deadline, as it was read.
        expected: Timestamp,
        /// Its deadline from then on.
        next: Option<Timestamp>,
    },
    /// The plugin's value has the expected revision; from now on it is the new one.
    State {
        /// Whose value.
        slot: Slot,
        /// The value.
        write: StateWrite,
    },
}

/// A task handed to a worker. Holds only while the task is queued.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The task.
    pub task: TaskId,
    /// Its rank at that moment.
    pub priority: Priority,
    /// Who gave it that rank.
    pub ranked_by: RankedBy,
    /// Who gets it.
    pub worker: Option<String>,
    /// When the worker loses it; `None`: never.
    pub lease_until: Option<Timestamp>,
    /// Now.
    pub at: Timestamp,
}

/// A change to a task.
#[derive(Debug, Clone)]
pub struct TaskUpdate {
    /// The task.
    pub task: TaskId,
    /// What changes.
    pub change: TaskChange,
    /// Which moves are legal.
    pub rule: StatusRule,
    /// The change happens only from one of these; empty: from any.
    pub only_from: Vec<TaskStatus>,
    /// The change happens only when the lease ended at or before this.
    pub lease_ended_by: Option<Timestamp>,
    /// Now.
    pub at: Timestamp,
}

/// A change to a schedule.
#[derive(Debug, Clone)]
pub enum ScheduleWrite {
    /// Make it; refused when the scheduler has one with that hash.
    Create(NewSchedule),
    /// Make it, or change organisation, data, cron, zone, deadline and policy of the one with that
    /// hash. A disabled one stays as it is.
    Upsert(NewSchedule),
    /// Change it.
    Change {
        /// Which.
        schedule: ScheduleId,
        /// What.
        change: Box<ScheduleChange>,
        /// Now.
        at: Timestamp,
    },
    /// Stop the one with that hash from firing.
    Disable {
        /// Whose.
        scheduler: SchedulerId,
        /// Which.
        hash: TaskHash,
    },
    /// Remove it. Its tasks stay, with the link cut.
    Delete(ScheduleId),
}

/// A change to the messages that the host keeps.
#[derive(Debug, Clone)]
pub enum EventWrite {
    /// Keep it, or change state, time, reason and delivery of the one kept.
    Keep(Box<KeptEvent>),
    /// Forget it.
    Drop {
        /// Whose.
        scheduler: SchedulerId,
        /// Which.
        event: EventId,
    },
    /// Forget that it was handled: its sender cannot send it again. The mark goes after all
    /// guards of the commit held; what is kept stays.
    Unmark {
        /// Whose.
        scheduler: SchedulerId,
        /// Which.
        event: EventId,
    },
}

/// What became of a unit.
#[derive(Debug)]
pub struct UnitOutcome {
    /// The first guard that did not hold, by place; then nothing of the unit happened.
    pub refused_by: Option<usize>,
    /// One per update.
    pub updates: Vec<UpdateOutcome>,
    /// One per claim.
    pub claims: Vec<ClaimOutcome>,
    /// One per schedule write.
    pub schedules: Vec<ScheduleOutcome>,
    /// One per push.
    pub pushes: Vec<PushOutcome>,
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// Queued, with the schedule that its link led to.
    Pushed {
        /// The schedule, if the link led to one.
        schedule: Option<ScheduleId>,
    },
    /// A live task of the scheduler has the same hash.
    Duplicate {
        /// That task.
        live: TaskId,
    },
    /// A task with that id exists.
    IdTaken,
}

/// What became of a claim.
#[derive(Debug)]
pub enum ClaimOutcome {
    /// The worker has it. The task is as it was just before, but for its attempt, lease and rank.
    Claimed(Box<Task>),
    /// It is not queued any more: not handed out.
    Gone,
}

/// What became of an update.
#[derive(Debug)]
pub enum UpdateOutcome {
    /// Done.
    Updated {
        /// Status before.
        from: TaskStatus,
        /// The task now.
        task: Box<Task>,
    },
    /// No such task.
    NotFound,
    /// The status is not one that the update wants, or the lease has not ended.
    NotNow(TaskStatus),
    /// The table of moves does not have it.
    Illegal(IllegalMove),
    /// It reports on an attempt that is not the current one.
    Stale {
        /// The current attempt.
        current: u32,
    },
    /// It cannot go back on the queue: a live task has the same hash.
    Duplicate {
        /// That task.
        live: TaskId,
    },
}

/// What became of a schedule write.
#[derive(Debug)]
pub enum ScheduleOutcome {
    /// Done; the schedule as it is now, unless it was deleted.
    Done(Option<Box<Schedule>>),
    /// No such schedule.
    NotFound,
    /// The scheduler has another one with that hash.
    HashTaken(ScheduleId),
}

/// Tasks by scheduler, organisation, status and hour of modification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountRow {
    /// Of this scheduler.
    pub scheduler: SchedulerId,
    /// Of this organisation.
    pub organisation: Organisation,
    /// With this status.
    pub status: TaskStatus,
    /// Modified in the hour that starts here.
    pub hour: Timestamp,
    /// How many; never negative in sum over the hours.
    pub count: i64,
}

/// The database did not do it. Nothing was acknowledged; nothing is half done.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or it is locked. Later it may work.
    #[error("the database cannot be used now: {why}; hint: {hint}")]
    Unavailable {
        /// What it said.
        why: String,
        /// What to do.
        hint: &'static str,
    },
    /// It is full, or may not be written.
    #[error("the database cannot be written: {why}; hint: {hint}")]
    ReadOnly {
        /// What it said.
        why: String,
        /// What to do.
        hint: &'static str,
    },
    /// It was made by a newer hinny.
    #[error(
        "the database has schema {found}, this hinny knows up to {known}; hint: start the newer hinny, or restore the backup from before its first start"
    )]
    NewerSchema {
        /// In the database.
        found: i64,
        /// In this program.
        known: i64,
    },
    /// The filter cannot be turned into a query.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A stored value cannot be read.
    #[error("the database holds {what} that cannot be read: {why}")]
    Corrupt {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

/// What rankers may read of a stored task.
#[derive(Debug, Clone)]
pub struct StoredFacts {
    /// Identity.
    pub id: TaskId,
    /// What makes it the same work as another.
    pub hash: TaskHash,
    /// Whose work it is.
    pub organisation: Organisation,
    /// Kind of work.
    pub kind: TaskType,
    /// The priority that was asked for.
    pub base_priority: Option<Priority>,
    /// How often it was handed out.
    pub attempt: u32,
    /// When it was pushed.
    pub created_at: Timestamp,
    /// What to do: JSON.
    pub data: String,
}

impl From<Task> for StoredFacts {
    fn from(task: Task) -> Self {
        Self {
            id: task.id,
            hash: task.hash,
            organisation: task.organisation,
            kind: task.kind,
            base_priority: task.base_priority,
            attempt: task.attempt,
            created_at: task.created_at,
            data: task.data.get().to_owned(),
        }
    }
}

/// Storage of tasks, schedules and kept messages.
#[async_trait]
pub trait Store: Send + Sync {
    /// Commits units in one durable transaction; one outcome per unit, in the same order.
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<UnitOutcome>, StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;

    /// The queued tasks of a scheduler, by id, after an id: for filling the queue at start.
    async fn queued_tasks(
        &self,
        scheduler: &SchedulerId,
        after: Option<TaskId>,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError>;

    /// Tasks by id, in any order; unknown ids are left out.
    async fn tasks_by_id(&self, ids: &[TaskId]) -> Result<Vec<Task>, StoreError>;

    /// What rankers may read of tasks, by id, in any order; unknown ids are left out. A swap asks
    /// this of everything queued, so a store answers it with as little as it can.
    async fn facts_by_id(&self, ids: &[TaskId]) -> Result<Vec<StoredFacts>, StoreError> {
        Ok(self.tasks_by_id(ids).await?.into_iter().map(StoredFacts::from).collect())
    }

    /// The data of tasks, in the order of the ids; none where there is no such task. A swap to a
    /// ranker that reads only data asks this of everything queued.
    async fn data_by_id(&self, ids: &[TaskId]) -> Result<Vec<Option<String>>, StoreError> {
        let facts = self.facts_by_id(ids).await?;
        let mut data: HashMap<_, _> =
            facts.into_iter().map(|facts| (facts.id, facts.data)).collect();
        Ok(ids.iter().map(|id| data.remove(id)).collect())
    }

    /// A page of tasks, newest first.
    async fn list_tasks(&self, query: &TaskQuery, window: Window)
    -> Result<Page<Task>, StoreError>;

    /// The ids of queued tasks that match, among `among` if given, else among all; at most `limit`.
    async fn match_queued(
        &self,
        scheduler: &SchedulerId,
        filter: &Filter,
        among: Option<&[TaskId]>,
        limit: u64,
    ) -> Result<Vec<TaskId>, StoreError>;

    /// The steps in the life of a task, oldest first.
    async fn task_events(&self, id: TaskId) -> Result<Vec<TaskEvent>, StoreError>;

    /// The tasks whose lease ended at or before a moment.
    async fn ended_leases(
        &self,
        scheduler: &SchedulerId,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError>;

    /// The newest task with a hash.
    async fn newest_by_hash(
        &self,
        scheduler: &SchedulerId,
        hash: &TaskHash,
    ) -> Result<Option<Task>, StoreError>;

    /// The newest task of each hash, in the same order.
    async fn newest_by_hashes(
        &self,
        scheduler: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<Task>>, StoreError> {
        let mut found = Vec::with_capacity(hashes.len());
        for hash in hashes {
            found.push(self.newest_by_hash(scheduler, hash).await?);
        }
        Ok(found)
    }

    /// The last finished task of each hash, in the same order.
    async fn last_runs(
        &self,
        scheduler: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<LastRun>>, StoreError>;

    /// The maintained counts.
    async fn counts(&self) -> Result<Vec<CountRow>, StoreError>;

    /// One schedule.
    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>, StoreError>;

    /// The schedule of each hash, in the same order.
    async fn schedules_by_hash(
        &self,
        scheduler: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<Schedule>>, StoreError> {
        let mut found = Vec::with_capacity(hashes.len());
        for hash in hashes {
            let query = ScheduleQuery {
                scheduler: Some(scheduler.clone()),
                hash: Some(hash.clone()),
                ..ScheduleQuery::default()
            };
            // The number of matches is not asked for, so it is not counted.
            let window = Window { offset: 0, limit: 1, count_max: Some(0) };
            found.push(self.list_schedules(&query, window).await?.items.pop());
        }
        Ok(found)
    }

    /// A page of schedules, newest first.
    async fn list_schedules(
        &self,
        query: &ScheduleQuery,
        window: Window,
    ) -> Result<Page<Schedule>, StoreError>;

    /// Enabled schedules whose deadline is at or before a moment, earliest deadline first.
    async fn due_schedules(
        &self,
        scheduler: &SchedulerId,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Schedule>, StoreError>;

    /// One kept message.
    async fn kept_event(
        &self,
        scheduler: &SchedulerId,
        event: EventId,
    ) -> Result<Option<KeptEvent>, StoreError>;

    /// A page of kept messages, newest first.
    async fn list_kept_events(
        &self,
        scheduler: Option<&SchedulerId>,
        state: Option<EventState>,
        window: Window,
    ) -> Result<Page<KeptEvent>, StoreError>;

    /// Messages to be tried again at or before a moment, earliest first.
    async fn due_events(&self, by: Timestamp, limit: u32) -> Result<Vec<KeptEvent>, StoreError>;

    /// Finished tasks whose scheduler has yet to be told, oldest first. Telling is a unit whose
    /// guard is [`Guard::FirstDelivery`] with the id from [`crate::event::finished_event`].
    async fn untold_finished(
        &self,
        scheduler: &SchedulerId,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError>;

    /// A small value of a plugin, with its revision.
    async fn state(&self, slot: &Slot, key: &str) -> Result<Option<(Vec<u8>, u64)>, StoreError>;

    /// Forgets marks of handled messages from before a moment, and merges old counters.
    async fn tidy(&self, before: Timestamp) -> Result<(), StoreError>;
}

/// How many plugins that were not let in are remembered.
pub const REFUSALS_KEPT: u32 = 1_000;

/// Storage of plugins. Versions are never changed; slots only through activations.
#[async_trait]
pub trait PluginStore: Send + Sync {
    /// Keeps a version with its component. Storing one again changes nothing.
    async fn put_version(
        &self,
        version: &PluginVersion,
        component: &[u8],
    ) -> Result<(), StoreError>;

    /// One version.
    async fn version(&self, digest: &PluginDigest) -> Result<Option<PluginVersion>, StoreError>;

    /// All versions, newest first.
    async fn versions(&self) -> Result<Vec<PluginVersion>, StoreError>;

    /// The component of a version.
    async fn component(&self, digest: &PluginDigest) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps a signature of a version, instead of an earlier one by the same key.
    async fn put_signature(&self, signature: &PluginSignature) -> Result<(), StoreError>;

    /// The signatures of a version, or of all, in the order in which they came.
    async fn signatures(
        &self,
        digest: Option<&PluginDigest>,
    ) -> Result<Vec<PluginSignature>, StoreError>;

    /// Keeps what was not let in, and of those the last [`REFUSALS_KEPT`].
    async fn put_refusal(&self, refusal: &Refusal) -> Result<(), StoreError>;

    /// What was not let in, newest first.
    async fn refusals(&self) -> Result<Vec<Refusal>, StoreError>;

    /// Appends an activation to a slot. Its generation must be one more than the slot's last.
    async fn activate(&self, activation: &Activation) -> Result<(), StoreError>;

    /// The activations of a slot, newest first.
    async fn activations(&self, slot: &Slot, limit: u32) -> Result<Vec<Activation>, StoreError>;
}
