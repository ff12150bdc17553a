//! The schedules of the plugin's own scheduler.
//!
//! ```
//! use hinny_plugin::{scheduler::*, schedules::Plan};
//!
//! # fn admit(draft: Draft, now: i64) -> Result<Admitted, Rejection> {
//! // What is pushed over the API comes again every night, if its schedule is not disabled.
//! draft.admit_as("nightly").planned(Plan::cron("0 2 * * *"))
//! # }
//! ```

pub use crate::bindings::scheduler::hinny::plugin::schedules::{Plan, Schedule, ScheduleError};
use crate::scheduler::{Admitted, Failure, Rejection};

/// The schedule of each hash, in the same order; at most 1000 hashes.
pub fn find(hashes: &[String]) -> Result<Vec<Option<Schedule>>, ScheduleError> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::scheduler::hinny::plugin::schedules::find(hashes);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::FakeHost::find_schedules(hashes)
}

/// The schedule of a hash.
pub fn of(hash: &str) -> Result<Option<Schedule>, ScheduleError> {
    let mut found = find(&[hash.to_owned()])?;
    Ok(found.pop().flatten())
}

/// The first match of a cron expression after a moment, in milliseconds since the epoch; in UTC
/// unless there is an IANA time zone.
pub fn next_match(
    cron: &str,
    time_zone: Option<&str>,
    after_ms: i64,
) -> Result<Option<i64>, ScheduleError> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::scheduler::hinny::plugin::schedules::next_match(
        cron, time_zone, after_ms,
    );
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::FakeHost::next_match(cron, time_zone, after_ms)
}

/// While drafts are admitted: makes or changes the schedule with the hash of an admitted task,
/// given by the task's id, when the task is queued; the task then belongs to it.
/// [`Admitted::planned`] is shorter.
pub fn plan_for(task_id: &str, plan: &Plan) -> Result<(), ScheduleError> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::scheduler::hinny::plugin::schedules::plan_for(task_id, plan);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::FakeHost::plan_for(task_id, plan)
}

impl Plan {
    /// The task comes again at the matches of a cron expression, in UTC unless there is a
    /// [`time_zone`](Self::in_zone).
    pub fn cron(expression: impl Into<String>) -> Self {
        Self { cron: Some(expression.into()), time_zone: None, deadline_at: None }
    }

    /// The task comes again once, at a moment in milliseconds since the epoch.
    pub fn deadline(moment_ms: i64) -> Self {
        Self { cron: None, time_zone: None, deadline_at: Some(moment_ms) }
    }

    /// The task belongs to a schedule that does not fire.
    pub fn idle() -> Self {
        Self { cron: None, time_zone: None, deadline_at: None }
    }

    /// The IANA time zone of the cron expression.
    #[must_use]
    pub fn in_zone(mut self, zone: impl Into<String>) -> Self {
        self.time_zone = Some(zone.into());
        self
    }

    /// Fires next at a moment, in milliseconds since the epoch, instead of the next match.
    #[must_use]
    pub fn first_at(mut self, moment_ms: i64) -> Self {
        self.deadline_at = Some(moment_ms);
        self
    }
}

impl Admitted {
    /// With a schedule, made or changed when the task is queued. A plan that cannot be used
    /// rejects the draft.
    #[expect(clippy::needless_pass_by_value, reason = "a plan is made where it is used")]
    pub fn planned(self, plan: Plan) -> Result<Self, Rejection> {
        plan_for(&self.id, &plan)?;
        Ok(self)
    }
}

/// What to do about a trigger when a question gets no answer: later, if that may help.
impl From<ScheduleError> for Failure {
    fn from(error: ScheduleError) -> Self {
        match error {
            ScheduleError::BadPlan(why) => Self::reject(why),
            ScheduleError::Unavailable(why) => {
                Self::retry_after(1000, format!("the schedules cannot be asked for: {why}"))
            }
            ScheduleError::Other(why) => {
                Self::reject(format!("the schedules cannot be asked for: {why}"))
            }
        }
    }
}

/// What to do about a draft whose schedule cannot be planned.
impl From<ScheduleError> for Rejection {
    fn from(error: ScheduleError) -> Self {
        match error {
            ScheduleError::BadPlan(why)
            | ScheduleError::Unavailable(why)
            | ScheduleError::Other(why) => {
                Self::new(format!("its schedule cannot be planned: {why}"))
            }
        }
    }
}
