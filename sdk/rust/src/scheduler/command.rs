//! Commands, put together step by step.

use super::{Cancel, Command, DisableSchedule, MissedFire, Push, UpsertSchedule};

impl Push {
    /// A task: whose, what makes it the same work as another, and what to do as JSON.
    pub fn new(
        organisation: impl Into<String>,
        hash: impl Into<String>,
        data: impl Into<String>,
    ) -> Self {
        Self {
            id: None,
            organisation: organisation.into(),
            hash: hash.into(),
            data: data.into(),
            priority: None,
            not_before: None,
            schedule: None,
        }
    }

    /// With an identity of its own: a UUID.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Asks the ranker for a priority.
    #[must_use]
    pub fn priority(mut self, priority: impl Into<Option<i64>>) -> Self {
        self.priority = priority.into();
        self
    }

    /// Not to be handed out earlier, in milliseconds since the epoch.
    #[must_use]
    pub fn not_before(mut self, moment_ms: i64) -> Self {
        self.not_before = Some(moment_ms);
        self
    }

    /// It comes from the schedule with this hash.
    #[must_use]
    pub fn schedule(mut self, hash: impl Into<String>) -> Self {
        self.schedule = Some(hash.into());
        self
    }
}

impl Cancel {
    /// Takes the queued tasks that match a filter (`{"filters": […]}`) off the queue.
    pub fn new(filter: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { filter: filter.into(), reason: reason.into() }
    }
}

impl UpsertSchedule {
    /// A schedule: whose, the hash of the tasks that it makes, and their data as JSON. It needs
    /// [`cron`](Self::cron) or [`deadline_at`](Self::deadline_at) to fire.
    pub fn new(
        organisation: impl Into<String>,
        hash: impl Into<String>,
        data: impl Into<String>,
    ) -> Self {
        Self {
            organisation: organisation.into(),
            hash: hash.into(),
            data: data.into(),
            cron: None,
            time_zone: None,
            deadline_at: None,
            missed: MissedFire::Once,
        }
    }

    /// Fires at the matches of a cron expression, in UTC unless there is a time zone.
    #[must_use]
    pub fn cron(mut self, expression: impl Into<String>) -> Self {
        self.cron = Some(expression.into());
        self
    }

    /// The IANA time zone of the cron expression.
    #[must_use]
    pub fn time_zone(mut self, zone: impl Into<String>) -> Self {
        self.time_zone = Some(zone.into());
        self
    }

    /// Fires at a moment, in milliseconds since the epoch.
    #[must_use]
    pub fn deadline_at(mut self, moment_ms: i64) -> Self {
        self.deadline_at = Some(moment_ms);
        self
    }

    /// What to do about fires that were missed; once, unless said otherwise.
    #[must_use]
    pub fn missed(mut self, missed: MissedFire) -> Self {
        self.missed = missed;
        self
    }
}

impl DisableSchedule {
    /// Stops the schedule with this hash.
    pub fn new(hash: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { hash: hash.into(), reason: reason.into() }
    }
}

impl From<Push> for Command {
    fn from(push: Push) -> Self {
        Self::Push(push)
    }
}

impl From<Cancel> for Command {
    fn from(cancel: Cancel) -> Self {
        Self::Cancel(cancel)
    }
}

impl From<UpsertSchedule> for Command {
    fn from(schedule: UpsertSchedule) -> Self {
        Self::UpsertSchedule(schedule)
    }
}

impl From<DisableSchedule> for Command {
    fn from(schedule: DisableSchedule) -> Self {
        Self::DisableSchedule(schedule)
    }
}
