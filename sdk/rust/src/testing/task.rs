//! A task as a ranker test puts it on the queue.

use serde_json::Value;

/// A task as a ranker test puts it on the queue. Times are in milliseconds since the epoch.
#[derive(Debug, Clone)]
pub struct TestTask {
    pub(super) name: String,
    pub(super) data: Value,
    pub(super) created_at: i64,
    pub(super) base_priority: Option<i64>,
    pub(super) attempts: i64,
    pub(super) organisation: String,
    pub(super) task_type: String,
    pub(super) last_run: Option<LastRun>,
}

#[derive(Debug, Clone)]
pub(super) struct LastRun {
    pub(super) ended_at: i64,
    pub(super) status: String,
    pub(super) duration_ms: i64,
}

impl TestTask {
    /// A task with a name for the test, and data.
    pub fn new(name: impl Into<String>, data: Value) -> Self {
        Self {
            name: name.into(),
            data,
            created_at: 0,
            base_priority: None,
            attempts: 0,
            organisation: "acme".to_owned(),
            task_type: "test".to_owned(),
            last_run: None,
        }
    }

    /// When it was pushed.
    #[must_use]
    pub fn created_at(mut self, moment_ms: i64) -> Self {
        self.created_at = moment_ms;
        self
    }

    /// The priority that was asked for.
    #[must_use]
    pub fn base_priority(mut self, priority: i64) -> Self {
        self.base_priority = Some(priority);
        self
    }

    /// How often it was handed out.
    #[must_use]
    pub fn attempts(mut self, attempts: i64) -> Self {
        self.attempts = attempts;
        self
    }

    /// Whose work it is; `acme`, unless said otherwise.
    #[must_use]
    pub fn organisation(mut self, organisation: impl Into<String>) -> Self {
        self.organisation = organisation.into();
        self
    }

    /// Kind of work; `test`, unless said otherwise.
    #[must_use]
    pub fn task_type(mut self, task_type: impl Into<String>) -> Self {
        self.task_type = task_type.into();
        self
    }

    /// The last finished task of the same hash: when it ended, how (`completed`, `failed` or
    /// `cancelled`), and how long it took.
    #[must_use]
    pub fn last_run(mut self, ended_at: i64, status: &str, duration_ms: i64) -> Self {
        self.last_run = Some(LastRun { ended_at, status: status.to_owned(), duration_ms });
        self
    }
}
