//! From the rows of another scheduler to tasks and schedules.

use std::{collections::BTreeMap, fmt::Display, time::Duration};

use hinny_core::{
    Organisation, Priority, ScheduleId, SchedulerId, TaskHash, TaskId, TaskStatus, TaskType,
    Timestamp,
    cron::CronExpression,
    ranker::host_priority,
    schedule::{MissedFire, Schedule},
    task::{RankedBy, Task},
};
use serde_json::value::RawValue;

/// Why a task has ended that nobody reported on.
const NEVER_REPORTED: &str = "it was handed out before the import, and never reported on";

/// A task as it is stored there. Times are microseconds since 1970.
#[derive(Debug, Clone)]
pub(super) struct TaskRow {
    pub(super) id: String,
    pub(super) scheduler: String,
    pub(super) schedule: Option<String>,
    pub(super) organisation: String,
    pub(super) kind: String,
    pub(super) hash: Option<String>,
    pub(super) priority: Option<i64>,
    pub(super) data: String,
    pub(super) status: String,
    pub(super) created_at: i64,
    pub(super) modified_at: i64,
}

/// A schedule as it is stored there.
#[derive(Debug, Clone)]
pub(super) struct ScheduleRow {
    pub(super) id: String,
    pub(super) scheduler: String,
    pub(super) organisation: String,
    pub(super) hash: Option<String>,
    pub(super) data: String,
    pub(super) enabled: bool,
    pub(super) cron: Option<String>,
    pub(super) deadline_at: Option<i64>,
    pub(super) created_at: i64,
    pub(super) modified_at: i64,
}

/// What a conversion goes by.
#[derive(Debug)]
pub(super) struct Conversion {
    pub(super) now: Timestamp,
    /// How long a worker has a task, by scheduler; none: for ever.
    pub(super) leases: BTreeMap<SchedulerId, Option<Duration>>,
}

impl Conversion {
    /// The task of a row; an error says which it is, and why it cannot be one.
    pub(super) fn task(&self, row: TaskRow) -> Result<Task, String> {
        let id = row.id.clone();
        self.read_task(row).map_err(|why| format!("task `{id}`: {why}"))
    }

    fn read_task(&self, row: TaskRow) -> Result<Task, String> {
        let created_at = Timestamp::from_micros(row.created_at);
        let modified_at = Timestamp::from_micros(row.modified_at);
        let status: TaskStatus = read(row.status.to_lowercase())?;
        let base_priority = row.priority.map(Priority);
        let mut task = Task {
            id: TaskId(read(&row.id)?),
            scheduler: read(row.scheduler)?,
            schedule: row.schedule.map(read).transpose()?.map(ScheduleId),
            organisation: read::<Organisation>(row.organisation)?,
            kind: read::<TaskType>(row.kind)?,
            hash: hash(row.hash, &row.id)?,
            data: document(row.data)?,
            base_priority,
            priority: host_priority(base_priority, created_at),
            ranked_by: RankedBy::Host,
            status,
            attempt: u32::from(!matches!(status, TaskStatus::Pending | TaskStatus::Queued)),
            not_before: None,
            lease_until: None,
            worker: None,
            reason: None,
            dead: false,
            created_at,
            modified_at,
            finished_at: status.is_terminal().then_some(modified_at),
        };
        if status.is_held() {
            self.hold(&mut task);
        }
        Ok(task)
    }

    /// A worker may still have it, and report. After the time of a lease nobody has.
    fn hold(&self, task: &mut Task) {
        let Some(Some(lease)) = self.leases.get(&task.scheduler) else { return };
        let until = task.modified_at.after(*lease);
        if until > self.now {
            task.lease_until = Some(until);
            return;
        }
        task.status = TaskStatus::Failed;
        task.reason = Some(NEVER_REPORTED.to_owned());
        task.finished_at = Some(until);
    }

    /// The schedule of a row, and what there is to say about it.
    pub(super) fn schedule(row: ScheduleRow) -> Result<(Schedule, Option<String>), String> {
        let id = row.id.clone();
        let refused = |why| format!("schedule `{id}`: {why}");
        let mut schedule = read_schedule(row).map_err(refused)?;
        let read = |cron: &String| CronExpression::parse(cron, &schedule.time_zone);
        let unread = schedule.cron.as_ref().and_then(|cron| read(cron).err());
        // Left enabled it would fail at each fire; a person can mend it.
        schedule.enabled &= unread.is_none();
        Ok((schedule, unread.map(|why| format!("schedule `{id}` is disabled: {why}"))))
    }
}

fn read_schedule(row: ScheduleRow) -> Result<Schedule, String> {
    Ok(Schedule {
        id: ScheduleId(read(&row.id)?),
        scheduler: read(row.scheduler)?,
        organisation: read(row.organisation)?,
        hash: hash(row.hash, &row.id)?,
        data: document(row.data)?,
        enabled: row.enabled,
        cron: row.cron,
        time_zone: "UTC".to_owned(),
        deadline_at: row.deadline_at.map(Timestamp::from_micros),
        missed: MissedFire::Once,
        created_at: Timestamp::from_micros(row.created_at),
        modified_at: Timestamp::from_micros(row.modified_at),
    })
}

/// What has no hash is like nothing else: its id tells it apart.
fn hash(hash: Option<String>, id: &str) -> Result<TaskHash, String> {
    read(hash.filter(|hash| !hash.is_empty()).unwrap_or_else(|| id.to_owned()))
}

fn document(data: String) -> Result<Box<RawValue>, String> {
    RawValue::from_string(data).map_err(|why| why.to_string())
}

fn read<T: std::str::FromStr<Err: Display>>(text: impl AsRef<str>) -> Result<T, String> {
    text.as_ref().parse().map_err(|why: T::Err| why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn conversion() -> Conversion {
        let lease = Some(Duration::from_hours(2));
        let leases = [("jobs", lease), ("ever", None)];
        let leases = leases.into_iter().map(|(id, lease)| (SchedulerId::new(id).unwrap(), lease));
        Conversion { now: Timestamp::from_micros(10 * HOUR), leases: leases.collect() }
    }

    fn row(scheduler: &str, status: &str, modified_at: i64) -> TaskRow {
        TaskRow {
            id: "01dc098e-ad0b-4908-b44b-924b752aa6eb".to_owned(),
            scheduler: scheduler.to_owned(),
            schedule: None,
            organisation: "acme".to_owned(),
            kind: "job".to_owned(),
            hash: None,
            priority: Some(1),
            data: "{}".to_owned(),
            status: status.to_owned(),
            created_at: HOUR,
            modified_at,
        }
    }

    #[test]
    fn a_task_comes_over_as_what_its_status_means_by_now() {
        // Scheduler, status and hour of modification; status, attempt, end and lease in hours.
        for (scheduler, status, modified, expected) in [
            ("jobs", "QUEUED", 1, (TaskStatus::Queued, 0, None, None)),
            ("jobs", "PENDING", 1, (TaskStatus::Pending, 0, None, None)),
            ("jobs", "DISPATCHED", 9, (TaskStatus::Dispatched, 1, None, Some(11))),
            ("jobs", "RUNNING", 9, (TaskStatus::Running, 1, None, Some(11))),
            ("jobs", "RUNNING", 8, (TaskStatus::Failed, 1, Some(10), None)),
            ("jobs", "DISPATCHED", 2, (TaskStatus::Failed, 1, Some(4), None)),
            ("ever", "DISPATCHED", 2, (TaskStatus::Dispatched, 1, None, None)),
            ("jobs", "COMPLETED", 2, (TaskStatus::Completed, 1, Some(2), None)),
            ("jobs", "FAILED", 2, (TaskStatus::Failed, 1, Some(2), None)),
            ("jobs", "CANCELLED", 2, (TaskStatus::Cancelled, 1, Some(2), None)),
        ] {
            let task = conversion().task(row(scheduler, status, modified * HOUR)).unwrap();
            let hours = |at: Option<Timestamp>| at.map(|at| at.as_micros() / HOUR);
            let found =
                (task.status, task.attempt, hours(task.finished_at), hours(task.lease_until));
            assert_eq!(found, expected, "{scheduler} {status} {modified}");
            let lost = status != "FAILED" && task.status == TaskStatus::Failed;
            assert_eq!(task.reason.as_deref(), lost.then_some(NEVER_REPORTED));
            assert_eq!(task.hash.as_str(), task.id.to_string(), "it has no hash of its own");
        }
    }

    #[test]
    fn a_row_that_is_no_task_is_named_with_the_reason() {
        let told = |row| conversion().task(row).unwrap_err();
        let lost = told(row("jobs", "LOST", 1));
        assert!(lost.starts_with("task `01dc098e-ad0b-4908-b44b-924b752aa6eb`: "), "{lost}");
        assert!(lost.contains("lost"), "{lost}");
        let nobody = TaskRow { organisation: String::new(), ..row("jobs", "QUEUED", 1) };
        assert!(told(nobody).contains("`Organisation` must be 1 to 256 bytes"));
    }

    #[test]
    fn a_schedule_whose_cron_cannot_be_read_comes_over_disabled() {
        let schedule = |cron: &str| ScheduleRow {
            id: "01dc098e-ad0b-4908-b44b-924b752aa6eb".to_owned(),
            scheduler: "jobs".to_owned(),
            organisation: "acme".to_owned(),
            hash: Some("h".to_owned()),
            data: "null".to_owned(),
            enabled: true,
            cron: Some(cron.to_owned()),
            deadline_at: Some(HOUR),
            created_at: HOUR,
            modified_at: HOUR,
        };
        let (good, remark) = Conversion::schedule(schedule("*/5 * * * *")).unwrap();
        assert_eq!((good.enabled, remark), (true, None));
        let (bad, remark) = Conversion::schedule(schedule("at noon")).unwrap();
        assert!(!bad.enabled && bad.cron.as_deref() == Some("at noon"));
        assert!(remark.is_some_and(|remark| remark.contains("is disabled")));
    }
}
