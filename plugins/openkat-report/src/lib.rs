//! When reports of OpenKAT are made. See `README.md`.

use hinny_plugin::{
    scheduler::*,
    schedules::{self, Plan, Schedule},
};
use openkat::{moment::Moment, priority, task::ReportTask};

/// When reports are made.
pub struct Reports;

impl Scheduler for Reports {
    no_settings!();

    fn describe(&self) -> Description {
        Description::new("report").schema(include_str!("schema.json")).due_schedules()
    }

    fn admit(&self, draft: Draft, now: i64) -> Result<Admitted, Rejection> {
        let priority = priority::of_draft(&draft)?;
        let task: ReportTask = draft.json()?;
        let mut admitted = draft.admit_as(task.hash());
        admitted.priority = Some(priority);
        // A report that a person asks for is not lost because its schedule cannot be had.
        if let Err(why) = keep_schedule(&admitted, now) {
            let id = &admitted.id;
            hinny_plugin::warn!("task `{id}` does not belong to its schedule: {why:?}");
        }
        Ok(admitted)
    }

    /// The host has moved the deadline already: to the next match, or, of a one-off, to never.
    fn due(&self, schedule: DueSchedule, now: i64) -> Result<Vec<Command>, Failure> {
        let task: ReportTask = schedule.json()?;
        let priority = priority::of_moment(Moment::from_millis(now));
        let push = Push::new(task.organisation_id.as_str(), task.hash(), schedule.data)
            .schedule(schedule.hash)
            .priority(priority);
        Ok(vec![push.into()])
    }
}

/// A task belongs to the schedule of its report, if there is one.
fn keep_schedule(admitted: &Admitted, now: i64) -> Result<(), Failure> {
    let found = schedules::find(std::slice::from_ref(&admitted.hash))?.pop().flatten();
    if let Some(schedule) = found {
        schedules::plan_for(&admitted.id, &plan(schedule, now))?;
    }
    Ok(())
}

/// When it is made again, now that it is being made: at the next match; a one-off keeps its date
/// while that is to come, and is spent after.
fn plan(schedule: Schedule, now: i64) -> Plan {
    let Schedule { cron, time_zone, deadline_at, .. } = schedule;
    let deadline_at = deadline_at.filter(|deadline| cron.is_none() && *deadline > now);
    Plan { time_zone: cron.is_some().then_some(time_zone), cron, deadline_at }
}

hinny_plugin::export_scheduler!(Reports);

#[cfg(test)]
mod tests;
