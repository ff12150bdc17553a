//! Changes to a task, as they come in.

use hinny_core::{
    SchedulerId, TaskId, TaskType,
    task::{Task, TaskChange},
};
use utoipa::ToSchema;

use super::{REASON_MAX, WORKER_MAX};
use crate::{
    body::JsonFields,
    error::ApiError,
    input::{Document, Fields, FromFields, Limited, Noted},
    wire::{Moment, StatusSchema},
};

/// A change to a task. Fields that are left out stay as they are; unknown ones are ignored.
#[derive(ToSchema)]
#[schema(as = TaskPatch)]
#[expect(dead_code, reason = "it describes what `TaskPatch` reads")]
pub(super) struct TaskPatchSchema {
    /// New status.
    status: Option<StatusSchema>,
    /// The attempt that is reported on; when it is not the current one, nothing changes.
    attempt: Option<u32>,
    /// Who reports; the name from `X-Worker` when it is left out.
    worker: Option<String>,
    /// Why.
    reason: Option<String>,
    /// New priority.
    priority: Option<i64>,
    /// New data.
    #[schema(value_type = Option<Object>)]
    data: Option<()>,
    /// New hash.
    hash: Option<String>,
    /// New organisation.
    organisation: Option<String>,
    /// New schedule; null cuts the link.
    schedule_id: Option<uuid::Uuid>,
    /// New time of creation.
    created_at: Option<Moment>,
    /// New time of modification.
    modified_at: Option<Moment>,
}

/// A change to a task, as it was sent.
#[derive(Debug)]
pub(in crate::routes) struct TaskPatch {
    pub(super) identity: Identity,
    pub(super) change: TaskChange,
    pub(super) has_change: bool,
}

/// What a task keeps for life; clients that send a whole task send this too.
#[derive(Debug)]
pub(in crate::routes) struct Identity {
    id: Option<TaskId>,
    scheduler: Option<SchedulerId>,
    kind: Option<TaskType>,
}

impl FromFields for TaskPatch {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (id, scheduler, kind) =
            (fields.given("id"), fields.given("scheduler_id"), fields.given("type"));
        let (status, attempt) = (fields.given("status"), fields.optional("attempt"));
        let (worker, reason) = (fields.optional("worker"), fields.optional("reason"));
        let (priority, data) = (fields.given("priority"), fields.given("data"));
        let (hash, organisation) = (fields.given("hash"), fields.given("organisation"));
        let schedule = fields.given("schedule_id");
        let (created_at, modified_at) = (fields.given("created_at"), fields.given("modified_at"));
        let worker: Option<Limited<WORKER_MAX>> = worker?;
        let reason: Option<Limited<REASON_MAX>> = reason?;
        let data: Option<Document> = data?;
        let change = TaskChange {
            status: status?,
            attempt: attempt?,
            priority: priority?,
            data: data.map(|Document(data)| data),
            hash: hash?,
            organisation: organisation?,
            schedule: schedule?,
            created_at: created_at?,
            modified_at: modified_at?,
            worker: worker.map(|Limited(worker)| worker),
            reason: reason.map(|Limited(reason)| reason),
            ..TaskChange::default()
        };
        let has_change = changes_anything(&change);
        let identity = Identity { id: id?, scheduler: scheduler?, kind: kind? };
        Ok(Self { identity, change, has_change })
    }
}

impl JsonFields for TaskPatch {}

/// Whether there is something to do; who reports on which attempt alone is nothing.
fn changes_anything(change: &TaskChange) -> bool {
    change.status.is_some()
        || change.priority.is_some()
        || change.data.is_some()
        || change.hash.is_some()
        || change.organisation.is_some()
        || change.schedule.is_some()
        || change.created_at.is_some()
        || change.modified_at.is_some()
        || change.reason.is_some()
}

impl Identity {
    /// Whether nothing of it was sent.
    pub(super) fn is_empty(&self) -> bool {
        self.id.is_none() && self.scheduler.is_none() && self.kind.is_none()
    }

    /// Refuses a change of what a task keeps for life.
    pub(super) fn check(&self, task: &Task) -> Result<(), ApiError> {
        let differs = [
            ("id", self.id.as_ref().is_some_and(|id| *id != task.id)),
            ("scheduler_id", self.scheduler.as_ref().is_some_and(|id| *id != task.scheduler)),
            ("type", self.kind.as_ref().is_some_and(|kind| *kind != task.kind)),
        ];
        match differs.iter().find(|(_, differs)| *differs) {
            None => Ok(()),
            Some((field, _)) => Err(ApiError::BadRequest(format!(
                "`{field}` of task `{}` cannot be changed; hint: leave it out, or push a new task",
                task.id
            ))),
        }
    }
}
