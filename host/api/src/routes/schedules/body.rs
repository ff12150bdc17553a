//! Schedules, as they come in and go out.

use hinny_core::{
    Organisation, SchedulerId, TaskHash, Timestamp,
    cron::{CronError, CronExpression},
    schedule::{MissedFire, Schedule, ScheduleChange},
};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    body::JsonFields,
    error::ApiError,
    input::{Document, Fields, FromFields, Noted},
    wire::{Id, Moment, Text},
};

/// A blueprint of a task that comes back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Schedule)]
pub(in crate::routes) struct ScheduleBody {
    /// Identity.
    id: Id,
    /// The scheduler that owns it.
    scheduler_id: Text,
    /// Whose work it is.
    organisation: Text,
    /// The hash of the tasks it makes; unique within the scheduler.
    hash: Text,
    /// The data of the tasks it makes.
    #[schema(value_type = Object)]
    data: Box<RawValue>,
    /// Whether it fires.
    enabled: bool,
    /// Cron expression.
    #[schema(example = "0 3 * * *")]
    schedule: Option<String>,
    /// When it fires next; null: never.
    deadline_at: Option<Moment>,
    /// When it was made.
    created_at: Moment,
    /// When it was last changed by a person.
    modified_at: Moment,
    /// IANA zone of the expression.
    time_zone: String,
    /// What to do about fires that were missed while the host was down.
    #[schema(value_type = MissedSchema)]
    missed: MissedFire,
}

/// What to do about fires that were missed.
#[derive(ToSchema)]
#[schema(as = MissedFire, rename_all = "lowercase")]
#[expect(dead_code, reason = "it describes what `MissedFire` is written as")]
enum MissedSchema {
    /// Fire once, however many were missed.
    Once,
    /// Wait for the next one.
    Skip,
    /// Fire once for each.
    All,
}

impl From<Schedule> for ScheduleBody {
    fn from(schedule: Schedule) -> Self {
        Self {
            id: schedule.id.into(),
            scheduler_id: (&schedule.scheduler).into(),
            organisation: (&schedule.organisation).into(),
            hash: (&schedule.hash).into(),
            data: schedule.data,
            enabled: schedule.enabled,
            schedule: schedule.cron,
            deadline_at: schedule.deadline_at.map(Into::into),
            created_at: schedule.created_at.into(),
            modified_at: schedule.modified_at.into(),
            time_zone: schedule.time_zone,
            missed: schedule.missed,
        }
    }
}

/// A schedule to make: with a cron expression, a deadline, or both.
#[derive(ToSchema)]
#[schema(as = ScheduleCreate)]
#[expect(dead_code, reason = "it describes what `ScheduleCreate` reads")]
pub(super) struct ScheduleCreateSchema {
    /// The scheduler that shall own it.
    scheduler_id: String,
    /// Whose work it is.
    organisation: String,
    /// The data of the tasks it makes, as the scheduler plugin wants it.
    #[schema(value_type = Object)]
    data: (),
    /// Cron expression: five fields, or six with seconds first, or `@daily` and the like.
    #[schema(example = "0 3 * * *")]
    schedule: Option<String>,
    /// When it fires first; without one, at the next match of the expression.
    deadline_at: Option<Moment>,
    /// IANA zone of the expression; without one, that of the scheduler's configuration.
    #[schema(example = "Europe/Amsterdam")]
    time_zone: Option<String>,
    /// What to do about fires that were missed; without one, as the scheduler is configured.
    missed: Option<MissedSchema>,
}

/// The same, as it was sent.
#[derive(Debug)]
pub(in crate::routes) struct ScheduleCreate {
    pub(super) scheduler: SchedulerId,
    pub(super) organisation: Organisation,
    pub(super) data: Box<RawValue>,
    pub(super) cron: Option<String>,
    pub(super) deadline_at: Option<Timestamp>,
    pub(super) time_zone: Option<String>,
    pub(super) missed: Option<MissedFire>,
}

impl FromFields for ScheduleCreate {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (scheduler, organisation) =
            (fields.required("scheduler_id"), fields.required("organisation"));
        let data = fields.required("data");
        let (cron, deadline_at) = (fields.optional("schedule"), fields.optional("deadline_at"));
        let (time_zone, missed) = (fields.optional("time_zone"), fields.optional("missed"));
        fields.deny_others();
        let Document(data) = data?;
        Ok(Self {
            scheduler: scheduler?,
            organisation: organisation?,
            data,
            cron: cron?,
            deadline_at: deadline_at?,
            time_zone: time_zone?,
            missed: missed?,
        })
    }
}

impl JsonFields for ScheduleCreate {}

/// A change to a schedule. Fields that are left out stay as they are; unknown ones are ignored.
#[derive(ToSchema)]
#[schema(as = SchedulePatch)]
#[expect(dead_code, reason = "it describes what `SchedulePatch` reads")]
pub(super) struct SchedulePatchSchema {
    /// New hash.
    hash: Option<String>,
    /// New data.
    #[schema(value_type = Option<Object>)]
    data: Option<()>,
    /// Whether it fires.
    enabled: Option<bool>,
    /// New cron expression; null drops it.
    schedule: Option<String>,
    /// New deadline; null drops it.
    deadline_at: Option<Moment>,
    /// New zone.
    time_zone: Option<String>,
    /// New policy.
    missed: Option<MissedSchema>,
}

/// The same, as it was sent.
#[derive(Debug)]
pub(in crate::routes) struct SchedulePatch {
    change: ScheduleChange,
    enabled_is_null: bool,
}

impl FromFields for SchedulePatch {
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted> {
        let (hash, data) = (fields.given::<TaskHash>("hash"), fields.given("data"));
        let (enabled, cron) = (fields.given("enabled"), fields.given("schedule"));
        let deadline_at = fields.given("deadline_at");
        let (time_zone, missed) = (fields.given("time_zone"), fields.given("missed"));
        let (data, enabled) = (data?, enabled?);
        let change = ScheduleChange {
            hash: hash?,
            data: data.map(|Document(data)| data),
            enabled: enabled.flatten(),
            cron: cron?,
            time_zone: time_zone?,
            deadline_at: deadline_at?,
            missed: missed?,
        };
        Ok(Self { change, enabled_is_null: enabled == Some(None) })
    }
}

impl JsonFields for SchedulePatch {}

impl SchedulePatch {
    /// The change, checked against the schedule that it is for.
    pub(super) fn into_change(self, schedule: &Schedule) -> Result<ScheduleChange, ApiError> {
        let Self { change, enabled_is_null } = self;
        if enabled_is_null {
            return Err(ApiError::Validation(
                "validation error: `enabled` is null, expected true or false".to_owned(),
            ));
        }
        if is_empty(&change) {
            return Err(ApiError::BadRequest(
                "no data to patch; hint: send at least one of hash, data, enabled, schedule, \
                 deadline_at, time_zone, missed"
                    .to_owned(),
            ));
        }
        if change.cron.is_some() || change.time_zone.is_some() {
            let cron = change.cron.as_ref().unwrap_or(&schedule.cron);
            let zone = change.time_zone.as_ref().unwrap_or(&schedule.time_zone);
            check_cron(cron.as_deref(), zone).map_err(|error| {
                ApiError::Validation(format!("validation error: `schedule`: {error}"))
            })?;
        }
        Ok(change)
    }
}

fn is_empty(change: &ScheduleChange) -> bool {
    change.hash.is_none()
        && change.data.is_none()
        && change.enabled.is_none()
        && change.cron.is_none()
        && change.time_zone.is_none()
        && change.deadline_at.is_none()
        && change.missed.is_none()
}

/// Parses an expression; without one, only the zone is checked.
pub(super) fn check_cron(
    cron: Option<&str>,
    time_zone: &str,
) -> Result<Option<CronExpression>, CronError> {
    let parsed = CronExpression::parse(cron.unwrap_or("@daily"), time_zone)?;
    Ok(cron.map(|_| parsed))
}
