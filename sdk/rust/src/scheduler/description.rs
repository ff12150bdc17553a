//! What a scheduler plugin says of itself.

use super::Interest;
use crate::bindings::scheduler::exports::hinny::plugin::scheduler::Descriptor;

/// Kind and schema of the tasks that a plugin makes, and which triggers it wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    pub(crate) task_type: String,
    pub(crate) data_schema: String,
    pub(crate) interests: Vec<Interest>,
}

impl Description {
    /// A plugin whose tasks are of a kind (1 to 64 bytes), with any data, and that wants nothing.
    pub fn new(task_type: impl Into<String>) -> Self {
        Self { task_type: task_type.into(), data_schema: "true".to_owned(), interests: Vec::new() }
    }

    /// Its tasks' data must fit a JSON Schema.
    #[must_use]
    pub fn schema(mut self, json_schema: impl Into<String>) -> Self {
        self.data_schema = json_schema.into();
        self
    }

    /// It wants the messages of a source.
    #[must_use]
    pub fn messages(self, source: impl Into<String>) -> Self {
        self.interest(Interest::Messages(source.into()))
    }

    /// It wants a tick every so many milliseconds, at least 1000.
    #[must_use]
    pub fn ticks(self, every_ms: u64) -> Self {
        self.interest(Interest::Ticks(every_ms))
    }

    /// It wants its schedules, when they are due.
    #[must_use]
    pub fn due_schedules(self) -> Self {
        self.interest(Interest::DueSchedules)
    }

    /// It wants its tasks, when they have come to their end.
    #[must_use]
    pub fn finished_tasks(self) -> Self {
        self.interest(Interest::FinishedTasks)
    }

    /// What it wants.
    pub fn interests(&self) -> &[Interest] {
        &self.interests
    }

    /// With name and version, on the wire.
    pub fn into_descriptor(self, name: String, version: String) -> Descriptor {
        let Self { task_type, data_schema, interests } = self;
        Descriptor { name, version, task_type, data_schema, interests }
    }

    /// The sources whose messages it wants.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn message_sources(&self) -> Vec<String> {
        let sources = self.interests.iter().filter_map(|interest| match interest {
            Interest::Messages(source) => Some(source.clone()),
            _ => None,
        });
        sources.collect()
    }

    fn interest(mut self, interest: Interest) -> Self {
        self.interests.push(interest);
        self
    }
}
