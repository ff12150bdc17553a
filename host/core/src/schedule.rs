//! Blueprints of tasks that come back.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{
    Organisation, ScheduleId, SchedulerId, TaskHash, Timestamp,
    cron::{CronError, CronExpression},
    filter::Filter,
};

/// A blueprint of a task with a cron expression or a deadline.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Identity.
    pub id: ScheduleId,
    /// The scheduler that owns it.
    pub scheduler: SchedulerId,
    /// Whose work it is.
    pub organisation: Organisation,
    /// The hash of the tasks it makes; unique within the scheduler.
    pub hash: TaskHash,
    /// The data of the tasks it makes.
    pub data: Box<RawValue>,
    /// Whether it fires.
    pub enabled: bool,
    /// Cron expression.
    pub cron: Option<String>,
    /// IANA zone of the expression.
    pub time_zone: String,
    /// When it fires next; `None`: never.
    pub deadline_at: Option<Timestamp>,
    /// What to do about fires that were missed while the host was down.
    pub missed: MissedFire,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed by a person.
    pub modified_at: Timestamp,
}

/// What to do about fires that were missed, for a schedule with a cron expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissedFire {
    /// Fire once, now, however many were missed.
    #[default]
    Once,
    /// Wait for the next one, when the missed one is more than [`MissedFire::GRACE`] ago.
    Skip,
    /// Fire once for each that was missed, oldest first, one per look at the schedules.
    All,
}

impl MissedFire {
    /// How late a fire may be and still count as on time.
    pub const GRACE: std::time::Duration = std::time::Duration::from_mins(1);
}

/// What happens to a schedule that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fire {
    /// Whether its scheduler is told.
    pub fires: bool,
    /// The deadline from then on.
    pub next: Option<Timestamp>,
}

impl Schedule {
    /// Decides on a due schedule: whether it fires, and when next.
    pub fn fire(&self, now: Timestamp) -> Result<Fire, CronError> {
        let Some(deadline) = self.deadline_at.filter(|_| self.enabled) else {
            return Ok(Fire { fires: false, next: self.deadline_at });
        };
        if deadline > now {
            return Ok(Fire { fires: false, next: Some(deadline) });
        }
        let Some(text) = &self.cron else { return Ok(Fire { fires: true, next: None }) };
        let cron = CronExpression::parse(text, &self.time_zone)?;
        let late = now.since(deadline) > MissedFire::GRACE;
        let from = if self.missed == MissedFire::All { deadline } else { now };
        let next = match cron.next_after(from) {
            Ok(next) => Some(next),
            // The expression has a year, and this was its last date.
            Err(CronError::Never(_)) => None,
            Err(error) => return Err(error),
        };
        Ok(Fire { fires: !(late && self.missed == MissedFire::Skip), next })
    }
}

/// A schedule on its way in.
#[derive(Debug, Clone)]
pub struct NewSchedule {
    /// Identity.
    pub id: ScheduleId,
    /// The scheduler that owns it.
    pub scheduler: SchedulerId,
    /// Whose work it is.
    pub organisation: Organisation,
    /// The hash of the tasks it makes.
    pub hash: TaskHash,
    /// The data of the tasks it makes.
    pub data: Box<RawValue>,
    /// Cron expression, already checked.
    pub cron: Option<String>,
    /// IANA zone of the expression.
    pub time_zone: String,
    /// When it fires first.
    pub deadline_at: Option<Timestamp>,
    /// What to do about fires that were missed.
    pub missed: MissedFire,
    /// Now.
    pub created_at: Timestamp,
}

/// A change to a schedule. `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct ScheduleChange {
    /// New hash.
    pub hash: Option<TaskHash>,
    /// New data.
    pub data: Option<Box<RawValue>>,
    /// Whether it fires.
    pub enabled: Option<bool>,
    /// New cron expression, already checked; `Some(None)` drops it.
    pub cron: Option<Option<String>>,
    /// New zone, already checked.
    pub time_zone: Option<String>,
    /// New deadline; `Some(None)` drops it.
    pub deadline_at: Option<Option<Timestamp>>,
    /// New policy.
    pub missed: Option<MissedFire>,
}

impl From<NewSchedule> for Schedule {
    fn from(new: NewSchedule) -> Self {
        Self {
            id: new.id,
            scheduler: new.scheduler,
            organisation: new.organisation,
            hash: new.hash,
            data: new.data,
            enabled: true,
            cron: new.cron,
            time_zone: new.time_zone,
            deadline_at: new.deadline_at,
            missed: new.missed,
            created_at: new.created_at,
            modified_at: new.created_at,
        }
    }
}

impl Schedule {
    /// Makes a change, at a moment.
    #[must_use]
    pub fn changed(self, change: ScheduleChange, at: Timestamp) -> Self {
        Self {
            hash: change.hash.unwrap_or(self.hash),
            data: change.data.unwrap_or(self.data),
            enabled: change.enabled.unwrap_or(self.enabled),
            cron: change.cron.unwrap_or(self.cron),
            time_zone: change.time_zone.unwrap_or(self.time_zone),
            deadline_at: change.deadline_at.unwrap_or(self.deadline_at),
            missed: change.missed.unwrap_or(self.missed),
            modified_at: at,
            ..self
        }
    }
}

/// Which schedules to list.
#[derive(Debug, Clone, Default)]
pub struct ScheduleQuery {
    /// Of this scheduler.
    pub scheduler: Option<SchedulerId>,
    /// Of this organisation.
    pub organisation: Option<Organisation>,
    /// With this hash.
    pub hash: Option<TaskHash>,
    /// Those that fire, or those that do not.
    pub enabled: Option<bool>,
    /// Due at or after.
    pub min_deadline_at: Option<Timestamp>,
    /// Due at or before.
    pub max_deadline_at: Option<Timestamp>,
    /// Made at or after.
    pub min_created_at: Option<Timestamp>,
    /// Made at or before.
    pub max_created_at: Option<Timestamp>,
    /// And all of this.
    pub filter: Filter,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daily_at_ten(missed: MissedFire, deadline: &str) -> Schedule {
        Schedule {
            id: ScheduleId(uuid::Uuid::nil()),
            scheduler: SchedulerId::new("jobs").unwrap(),
            organisation: Organisation::new("acme").unwrap(),
            hash: TaskHash::new("h").unwrap(),
            data: RawValue::from_string("{}".to_owned()).unwrap(),
            enabled: true,
            cron: Some("0 10 * * *".to_owned()),
            time_zone: "UTC".to_owned(),
            deadline_at: Some(deadline.parse().unwrap()),
            missed,
            created_at: Timestamp::MIN,
            modified_at: Timestamp::MIN,
        }
    }

    #[test]
    fn three_missed_days_fire_by_policy() {
        let now: Timestamp = "2026-11-24T11:00:00Z".parse().unwrap();
        for (missed, fires, next) in [
            (MissedFire::Once, true, "2026-11-25T10:00:00Z"),
            (MissedFire::Skip, false, "2026-11-25T10:00:00Z"),
            (MissedFire::All, true, "2026-11-22T10:00:00Z"),
        ] {
            let fire = daily_at_ten(missed, "2026-11-21T10:00:00Z").fire(now).unwrap();
            assert_eq!(fire, Fire { fires, next: Some(next.parse().unwrap()) }, "{missed:?}");
        }
    }

    #[test]
    fn a_fire_a_second_late_is_on_time_for_skip() {
        let now: Timestamp = "2026-11-24T10:00:01Z".parse().unwrap();
        assert!(daily_at_ten(MissedFire::Skip, "2026-11-24T10:00:00Z").fire(now).unwrap().fires);
    }

    #[test]
    fn the_last_date_of_an_expression_with_a_year_is_the_last_fire() {
        let now: Timestamp = "2026-11-24T10:00:01Z".parse().unwrap();
        let mut once = daily_at_ten(MissedFire::Once, "2026-11-24T10:00:00Z");
        once.cron = Some("0 0 10 24 11 * 2026".to_owned());
        assert_eq!(once.fire(now).unwrap(), Fire { fires: true, next: None });
    }

    #[test]
    fn a_deadline_without_cron_fires_once() {
        let now: Timestamp = "2026-11-24T10:00:01Z".parse().unwrap();
        let mut one_off = daily_at_ten(MissedFire::Once, "2026-11-24T10:00:00Z");
        one_off.cron = None;
        assert_eq!(one_off.fire(now).unwrap(), Fire { fires: true, next: None });
        one_off.enabled = false;
        assert!(!one_off.fire(now).unwrap().fires);
    }
}
