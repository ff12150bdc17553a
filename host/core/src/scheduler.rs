//! Which tasks to make: the contract of a scheduler plugin inside the host.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::{
    Organisation, Priority, TaskHash, TaskId, TaskType, Timestamp,
    command::Handled,
    ranker::PluginFailure,
    trigger::{Interest, Trigger},
};

/// One activated version of a scheduler plugin.
#[async_trait]
pub trait SchedulerPlugin: Send + Sync {
    /// Which generation of its slot it is.
    fn generation(&self) -> u64;

    /// What it says of itself.
    fn description(&self) -> &SchedulerDescription;

    /// Identity, normalised data and default priority of tasks that are pushed over the API, one
    /// answer per draft. Data that does not fit the schema never gets this far.
    async fn admit(
        &self,
        now: Timestamp,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Result<Admitted, Rejection>>, PluginFailure>;

    /// What to do about a trigger.
    async fn handle(&self, now: Timestamp, trigger: &Trigger) -> Result<Handled, HandleFailure>;
}

/// What a scheduler plugin says of itself.
#[derive(Debug, Clone)]
pub struct SchedulerDescription {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Kind of the tasks that it makes.
    pub task_type: TaskType,
    /// JSON Schema of their data; `true` when it takes anything.
    pub data_schema: Arc<Value>,
    /// Which triggers it wants.
    pub interests: Vec<Interest>,
}

/// A task that is pushed over the API.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The id that was sent.
    pub sent_id: Option<TaskId>,
    /// An unused id.
    pub fresh_id: TaskId,
    /// Whose work it is.
    pub organisation: Organisation,
    /// The priority that was asked for.
    pub priority: Option<Priority>,
    /// What to do: a JSON document, as it was sent.
    pub data: String,
    /// Not handed out earlier than this.
    pub not_before: Option<Timestamp>,
}

/// A draft that the plugin takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admitted {
    /// Its id: the one sent, the fresh one, or another.
    pub id: TaskId,
    /// What makes it the same work as another.
    pub hash: TaskHash,
    /// Its data; may differ from what was sent.
    pub data: String,
    /// The priority to ask the ranker for.
    pub priority: Option<Priority>,
    /// What becomes of its schedule; `None`: it belongs to none.
    pub plan: Option<SchedulePlan>,
}

/// What becomes of a task's schedule when the task is queued: the schedule with its hash is made,
/// or changed unless it is disabled, and the task belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchedulePlan {
    /// Cron expression, already checked; `None` leaves the schedule without one.
    pub cron: Option<String>,
    /// IANA zone of the expression, already checked.
    pub time_zone: String,
    /// When it fires next.
    pub deadline_at: Option<Timestamp>,
}

/// A draft that the plugin does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Rejection {
    /// Why, and how to mend it.
    pub reason: String,
    /// The place in the data, as a JSON pointer; empty for the whole.
    pub field: String,
}

/// A trigger that the plugin did not handle.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandleFailure {
    /// Try again later.
    #[error("asks to be called again in {after_ms} ms: {reason}")]
    Retry {
        /// How much later, in milliseconds.
        after_ms: u64,
        /// Why.
        reason: String,
    },
    /// Never try again.
    #[error("{reason}")]
    Reject {
        /// Why.
        reason: String,
    },
    /// The call itself failed.
    #[error(transparent)]
    Failed(#[from] PluginFailure),
}
