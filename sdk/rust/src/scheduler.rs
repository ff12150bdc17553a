//! World `scheduler-plugin`: decides which tasks to make. Triggers in, commands out.
//!
//! `use hinny_plugin::scheduler::*;` brings in all that a scheduler plugin needs.
//!
//! ```
//! use hinny_plugin::scheduler::*;
//!
//! struct Pings;
//!
//! impl Scheduler for Pings {
//!     no_settings!();
//!
//!     fn describe(&self) -> Description {
//!         Description::new("ping").messages("hosts")
//!     }
//!
//!     fn admit(&self, _draft: Draft, _now: i64) -> Result<Admitted, Rejection> {
//!         Err(Rejection::new("hosts are found, not pushed; hint: POST /events/hosts"))
//!     }
//!
//!     fn message(&self, message: Message, _now: i64) -> Result<Vec<Command>, Failure> {
//!         let host = message.text()?.trim();
//!         let data = serde_json::json!({"host": host}).to_string();
//!         Ok(vec![Push::new("acme", format!("ping-{host}"), data).priority(5).into()])
//!     }
//! }
//!
//! hinny_plugin::export_scheduler!(Pings);
//! ```
//!
//! Beside the triggers there is what the host lends: [`crate::log`], [`crate::state`],
//! [`crate::tasks`], [`crate::schedules`], [`crate::messages`] and [`crate::connector`].

pub use self::description::Description;
pub use crate::{
    bindings::scheduler::exports::hinny::plugin::scheduler::{
        Admitted, Cancel, Command, DisableSchedule, Draft, DueSchedule, Failure, FinishedTask,
        Interest, Message, MissedFire, Push, Rejection, Retry, Tick, Trigger, UpsertSchedule,
    },
    no_settings,
    settings::{SettingError, SettingValue, Settings},
};

mod command;
mod description;
#[cfg(feature = "json")]
mod json;
mod trigger;

/// Decides which tasks to make.
///
/// What happens to a trigger happens once: the commands and what was written to
/// [`crate::state`] are committed together, or not at all. An instance may serve one call or many;
/// what must last belongs in `state`.
pub trait Scheduler: Sized + 'static {
    /// Takes the operator's settings. An error refuses the version: [`Settings`] makes texts that
    /// say which setting is wrong, and what it may be.
    fn configure(settings: &Settings) -> Result<Self, String>;

    /// Kind and schema of its tasks, and which triggers it wants.
    fn describe(&self) -> Description;

    /// Takes or rejects a task that is pushed over the API. Its data fits the schema already.
    /// `now` is in milliseconds since the epoch.
    fn admit(&self, draft: Draft, now: i64) -> Result<Admitted, Rejection>;

    /// Takes or rejects tasks that are pushed over the API together: one answer per draft, in the
    /// same order. This is what the host calls; it asks [`admit`](Self::admit) for each. A plugin
    /// that asks for something on the way puts all its questions at once here, since a batch has as
    /// much time as a single task.
    fn admit_all(&self, drafts: Vec<Draft>, now: i64) -> Vec<Result<Admitted, Rejection>> {
        drafts.into_iter().map(|draft| self.admit(draft, now)).collect()
    }

    /// What to do about a trigger: asks the method for its kind.
    fn handle(&self, trigger: Trigger, now: i64) -> Result<Vec<Command>, Failure> {
        match trigger {
            Trigger::Message(message) => self.message(message, now),
            Trigger::Tick(tick) => self.tick(tick, now),
            Trigger::Due(schedule) => self.due(schedule, now),
            Trigger::Finished(task) => self.finished(task, now),
            Trigger::Other(kind) => Err(unwanted(&kind)),
        }
    }

    /// A message came in.
    fn message(&self, message: Message, _now: i64) -> Result<Vec<Command>, Failure> {
        Err(unwanted(&format!("messages of `{}`", message.source)))
    }

    /// Time passed.
    fn tick(&self, _tick: Tick, _now: i64) -> Result<Vec<Command>, Failure> {
        Err(unwanted("ticks"))
    }

    /// A schedule is due.
    fn due(&self, _schedule: DueSchedule, _now: i64) -> Result<Vec<Command>, Failure> {
        Err(unwanted("due schedules"))
    }

    /// A task came to its end.
    fn finished(&self, _task: FinishedTask, _now: i64) -> Result<Vec<Command>, Failure> {
        Err(unwanted("finished tasks"))
    }
}

fn unwanted(kind: &str) -> Failure {
    Failure::Reject(format!("this plugin has nothing to do with {kind}"))
}

impl Failure {
    /// Sets the trigger aside at once; the text says why.
    pub fn reject(reason: impl Into<String>) -> Self {
        Self::Reject(reason.into())
    }

    /// Asks to be called again later.
    pub fn retry_after(after_ms: u64, reason: impl Into<String>) -> Self {
        Self::RetryAfter(Retry { after_ms, reason: reason.into() })
    }
}
