//! When reports of OpenKAT are made. See `README.md`.

use hinny_plugin::{
    scheduler::*,
    schedules::{self, Plan, Schedule},
};
use openkat::{moment::Moment, priority, schedules::Schedules, task::ReportTask};

/// When reports are made.
pub struct Reports;

impl Scheduler for Reports {
    no_settings!();

    fn describe(&self) -> Description {
        Description::new("report").schema(include_str!("schema.json")).due_schedules()
    }

    fn admit(&self, draft: Draft, now: i64) -> Result<Admitted, Rejection> {
        self.admit_all(vec![draft], now).pop().expect("there is one answer per draft")
    }

    fn admit_all(&self, drafts: Vec<Draft>, now: i64) -> Vec<Result<Admitted, Rejection>> {
        let answers: Vec<_> = drafts.iter().map(admit).collect();
        let taken: Vec<_> = answers.iter().flatten().collect();
        // A report that a person asks for is not lost because its schedule cannot be had.
        if let Err(why) = keep_schedules(&taken, now) {
            hinny_plugin::warn!("{} pushed tasks belong to no schedules: {why:?}", taken.len());
        }
        answers
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

fn admit(draft: &Draft) -> Result<Admitted, Rejection> {
    let priority = priority::of_draft(draft)?;
    let task: ReportTask = draft.json()?;
    Ok(Admitted { priority: Some(priority), ..draft.admit_as(task.hash()) })
}

/// A task belongs to the schedule of its report, if there is one.
fn keep_schedules(taken: &[&Admitted], now: i64) -> Result<(), Failure> {
    let found = Schedules::find(taken.iter().map(|task| &*task.hash))?;
    for task in taken {
        let Some(schedule) = found.get(&task.hash) else { continue };
        if let Err(why) = schedules::plan_for(&task.id, &plan(schedule, now)) {
            hinny_plugin::warn!("task `{}` does not belong to its schedule: {why:?}", task.id);
        }
    }
    Ok(())
}

/// When it is made again, now that it is being made: at the next match; a one-off keeps its date
/// while that is to come, and is spent after.
fn plan(schedule: &Schedule, now: i64) -> Plan {
    let Schedule { cron, time_zone, deadline_at, .. } = schedule;
    let deadline_at = deadline_at.filter(|deadline| cron.is_none() && *deadline > now);
    Plan { time_zone: cron.is_some().then(|| time_zone.clone()), cron: cron.clone(), deadline_at }
}

hinny_plugin::export_scheduler!(Reports);

#[cfg(test)]
mod tests;
