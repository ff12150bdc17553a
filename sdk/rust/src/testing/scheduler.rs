//! A scheduler plugin, asked and triggered.

use std::{fmt, marker::PhantomData};

use serde_json::Value;

use super::{FakeHost, flatten};
use crate::{
    scheduler::{
        Admitted, Command, Description, Draft, DueSchedule, Failure, FinishedTask, Message,
        Rejection, Scheduler, Trigger,
    },
    settings::Settings,
};

/// A UUID for things in tests.
const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A scheduler plugin, asked and triggered. The host around it is [`FakeHost`].
pub struct SchedulerTest<S> {
    settings: Settings,
    now: i64,
    plugin: PhantomData<fn() -> S>,
}

// Written out, so that the plugin itself need not be printable.
impl<S> fmt::Debug for SchedulerTest<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchedulerTest")
            .field("settings", &self.settings)
            .field("now", &self.now)
            .finish()
    }
}

impl<S: Scheduler> SchedulerTest<S> {
    /// Configures the plugin with a JSON table, in a host that knows nothing yet. The error is what
    /// an operator would see.
    #[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    pub fn new(settings: Value) -> Result<Self, String> {
        FakeHost::reset();
        let settings = flatten(&settings);
        S::configure(&settings)?;
        Ok(Self { settings, now: 0, plugin: PhantomData })
    }

    /// The time of the calls, in milliseconds since the epoch.
    #[must_use]
    pub fn now(mut self, moment_ms: i64) -> Self {
        self.now = moment_ms;
        self
    }

    /// What the plugin says of itself.
    pub fn describe(&self) -> Description {
        self.fresh().describe()
    }

    /// Pushes a task of organisation `acme` over the API.
    #[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
    pub fn admit(&self, data: Value) -> Result<Admitted, Rejection> {
        self.admit_draft(Draft {
            sent_id: None,
            fresh_id: ID.to_owned(),
            organisation: "acme".to_owned(),
            priority: None,
            data: data.to_string(),
        })
    }

    /// Pushes a task over the API.
    pub fn admit_draft(&self, draft: Draft) -> Result<Admitted, Rejection> {
        self.admit_drafts(vec![draft]).pop().expect("there is one answer per draft")
    }

    /// Pushes tasks over the API together; one answer per draft, in the same order.
    ///
    /// # Panics
    ///
    /// When there is not one answer per draft, which the host would refuse.
    pub fn admit_drafts(&self, drafts: Vec<Draft>) -> Vec<Result<Admitted, Rejection>> {
        let count = drafts.len();
        let answers = FakeHost::admit(|| self.fresh().admit_all(drafts, self.now));
        assert_eq!(answers.len(), count, "there is one answer per draft");
        answers
    }

    /// Triggers the plugin.
    pub fn handle(&self, trigger: Trigger) -> Result<Vec<Command>, Failure> {
        let plugin = self.fresh();
        let sources = plugin.describe().message_sources();
        FakeHost::handle(sources, || plugin.handle(trigger, self.now))
    }

    /// A message comes in.
    pub fn message(&self, source: &str, body: impl Into<Vec<u8>>) -> Result<Vec<Command>, Failure> {
        self.handle(Trigger::Message(message(source, body)))
    }

    fn fresh(&self) -> S {
        S::configure(&self.settings).expect("the same settings were taken before")
    }
}

/// A message, delivered for the first time.
pub fn message(source: &str, body: impl Into<Vec<u8>>) -> Message {
    Message {
        id: ID.to_owned(),
        source: source.to_owned(),
        at: 0,
        content_type: "application/json".to_owned(),
        body: body.into(),
        attributes: Vec::new(),
        delivery: 1,
    }
}

/// A schedule that is due.
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
pub fn due(organisation: &str, hash: &str, data: Value) -> DueSchedule {
    DueSchedule {
        id: ID.to_owned(),
        organisation: organisation.to_owned(),
        hash: hash.to_owned(),
        data: data.to_string(),
        cron: None,
        deadline_at: 0,
    }
}

/// A task of organisation `acme` that has come to its end: `completed`, `failed` or `cancelled`.
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
pub fn finished(hash: &str, data: Value, status: &str) -> FinishedTask {
    FinishedTask {
        id: ID.to_owned(),
        organisation: "acme".to_owned(),
        hash: hash.to_owned(),
        data: data.to_string(),
        status: status.to_owned(),
        attempts: 1,
        finished_at: 0,
        reason: None,
    }
}
