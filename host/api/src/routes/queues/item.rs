//! Items of queues: tasks as clients of the first generation know them.

use hinny_core::{Priority, SchedulerId, TaskHash, TaskId, task::Task};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::address::Address;
use crate::{
    body::JsonFields,
    input::{Document, Fields, FromFields, Noted},
    wire::{Id, Text},
};

/// An item of a queue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QueueItem)]
pub(in crate::routes) struct ItemBody {
    /// Identity: that of the task.
    id: Id,
    /// The queue that it is in.
    #[schema(example = "jobs-acme")]
    scheduler_id: String,
    /// What makes it the same work as another.
    hash: Text,
    /// Its rank: lower goes first.
    priority: i64,
    /// What to do.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
    /// When it was pushed; with the offset `+00:00`.
    #[schema(value_type = String, format = DateTime)]
    created_at: Offset,
    /// When it was last handed out; the time of its push before that.
    #[schema(value_type = String, format = DateTime)]
    modified_at: Offset,
}

impl ItemBody {
    pub(super) fn new(task: Task, address: &Address) -> Self {
        Self {
            id: task.id.into(),
            scheduler_id: address.to_string(),
            hash: (&task.hash).into(),
            priority: task.priority.0,
            data: task.data,
            created_at: Offset(task.created_at),
            modified_at: Offset(task.modified_at),
        }
    }
}

/// A moment with the offset written out, as these clients compare it.
#[derive(Debug, Clone, Copy)]
struct Offset(hinny_core::Timestamp);

impl Serialize for Offset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.0.to_string();
        serializer.serialize_str(&text.replace('Z', "+00:00"))
    }
}

/// An item to push.
#[derive(ToSchema)]
#[schema(as = QueueItemPush)]
#[expect(dead_code, reason = "it describes what `ItemPush` reads")]
pub(in crate::routes) struct ItemPushSchema {
    /// Its id; the scheduler plugin decides whether it is kept.
    id: Option<uuid::Uuid>,
    /// The queue; the path decides.
    scheduler_id: Option<String>,
    /// Its hash; the scheduler plugin decides.
    hash: Option<String>,
    /// The priority that is asked for: lower goes first.
    priority: i64,
    /// What to do, as the scheduler plugin wants it.
    #[schema(value_type = Object)]
    data: (),
}

/// An item to push, as it was sent.
#[derive(Debug)]
pub(in crate::routes) struct ItemPush {
    pub(super) id: Option<TaskId>,
    pub(super) priority: Priority,
    pub(super) data: String,
}

impl FromFields for ItemPush {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (id, priority) = (fields.optional("id"), fields.required("priority"));
        let data = fields.required::<Document>("data");
        // What the host knows better is checked, and not used.
        let (scheduler, hash) =
            (fields.optional::<SchedulerId>("scheduler_id"), fields.optional::<TaskHash>("hash"));
        let Document(data) = data?;
        scheduler?;
        hash?;
        Ok(Self { id: id?, priority: priority?, data: Box::<str>::from(data).into_string() })
    }
}

impl JsonFields for ItemPush {}
