//! A task to queue, and the schedule that brings it back.

use hinny_plugin::scheduler::{Command, Failure, Push, UpsertSchedule};
use openkat::{
    katalogus::Plugin, moment::Moment, priority, schedules::Schedules, task::BoefjeTask,
};

use crate::settings::Boefjes;

/// A task to queue, and the schedule that brings it back.
pub(crate) struct Making<'a> {
    pub(crate) boefje: &'a Plugin,
    pub(crate) task: BoefjeTask,
    pub(crate) hash: &'a str,
    /// The hash of the schedule; none: it does not come back.
    pub(crate) schedule: Option<&'a str>,
}

impl Boefjes {
    /// The commands for a task and its schedule. A schedule that somebody has stopped stays as it
    /// is, and the task belongs to none.
    pub(crate) fn queue(
        &self,
        making: &Making<'_>,
        schedules: &Schedules,
        now: i64,
        commands: &mut Vec<Command>,
    ) -> Result<(), Failure> {
        let Making { boefje, task, hash, schedule } = making;
        let schedule = schedule.filter(|hash| schedules.may_fire(hash));
        let priority = priority::of_moment(Moment::from_millis(now));
        let mut push = Push::new(&*task.organization, *hash, task.render()).priority(priority);
        push.id = task.id.map(|id| id.to_string());
        push.schedule = schedule.map(str::to_owned);
        commands.push(push.into());
        if let Some(hash) = schedule {
            let known = schedules.get(hash);
            let plan = self.deadlines.plan(Some(boefje), known, hash, now)?;
            // What it was made with, or what somebody has made of it since, stays.
            let data = known.map_or_else(|| blueprint(task), |schedule| schedule.data.clone());
            let mut upsert = UpsertSchedule::new(&*task.organization, hash, data);
            upsert.cron = plan.cron;
            upsert.time_zone = plan.time_zone;
            upsert.deadline_at = plan.deadline_at;
            commands.push(upsert.into());
        }
        Ok(())
    }
}

/// The data of a schedule: what is shared in one run need not be in the next.
fn blueprint(task: &BoefjeTask) -> String {
    BoefjeTask { deduplication_key: None, ..task.clone() }.render()
}
