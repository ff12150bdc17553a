//! Schedules that a test says there are, and those that the plugin plans.

use std::{
    collections::{HashMap, HashSet},
    str::FromStr,
};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

use super::{Call, FakeHost, WORLD};
use crate::schedules::{Plan, Schedule, ScheduleError};

/// Most hashes of one question.
const HASHES_MAX: usize = 1000;

/// The schedules, and the plans.
#[derive(Default)]
pub(super) struct Schedules {
    known: HashMap<String, Schedule>,
    asked: Vec<Vec<String>>,
    plans: Vec<(String, Plan)>,
}

impl FakeHost {
    /// Adds a schedule that the plugin finds by its hash.
    pub fn add_schedule(schedule: Schedule) {
        WORLD
            .with_borrow_mut(|world| world.schedules.known.insert(schedule.hash.clone(), schedule));
    }

    /// The hashes of each question for schedules so far, in order.
    pub fn schedules_asked() -> Vec<Vec<String>> {
        WORLD.with_borrow(|world| world.schedules.asked.clone())
    }

    /// What the plugin planned so far while it admitted drafts: the task's id, and the plan.
    pub fn plans() -> Vec<(String, Plan)> {
        WORLD.with_borrow(|world| world.schedules.plans.clone())
    }

    pub(crate) fn find_schedules(
        hashes: &[String],
    ) -> Result<Vec<Option<Schedule>>, ScheduleError> {
        if hashes.len() > HASHES_MAX {
            let why = format!("{} hashes, at most {HASHES_MAX} are allowed", hashes.len());
            return Err(ScheduleError::Other(why));
        }
        WORLD.with_borrow_mut(|world| {
            world.schedules.asked.push(hashes.to_vec());
            let known = &world.schedules.known;
            Ok(hashes.iter().map(|hash| known.get(hash).cloned()).collect())
        })
    }

    pub(crate) fn next_match(
        cron: &str,
        time_zone: Option<&str>,
        after_ms: i64,
    ) -> Result<Option<i64>, ScheduleError> {
        let (cron, zone) = parse(cron, time_zone)?;
        let after = DateTime::<Utc>::from_timestamp_millis(after_ms)
            .ok_or_else(|| bad("the moment is out of range"))?;
        let next = cron.find_next_occurrence(&after.with_timezone(&zone), false);
        Ok(next.ok().map(|next| next.timestamp_millis()))
    }

    pub(crate) fn plan_for(task_id: &str, plan: &Plan) -> Result<(), ScheduleError> {
        match &plan.cron {
            Some(cron) => drop(parse(cron, plan.time_zone.as_deref())?),
            None if plan.time_zone.is_some() => {
                return Err(bad("a time zone is of use only with a cron expression"));
            }
            None => {}
        }
        WORLD.with_borrow_mut(|world| {
            if matches!(world.call, Some(Call::Handle { .. })) {
                let why = "schedules are planned only while drafts are admitted";
                return Err(ScheduleError::Other(why.to_owned()));
            }
            world.schedules.plans.push((task_id.to_owned(), plan.clone()));
            Ok(())
        })
    }
}

impl Schedules {
    pub(super) fn planned(&self) -> usize {
        self.plans.len()
    }

    /// Drops those made since then for other tasks than these.
    pub(super) fn keep_since(&mut self, planned: usize, tasks: &HashSet<&str>) {
        let made = self.plans.split_off(planned);
        self.plans.extend(made.into_iter().filter(|(task, _)| tasks.contains(&**task)));
    }
}

/// Reads an expression as the host does.
fn parse(cron: &str, time_zone: Option<&str>) -> Result<(Cron, Tz), ScheduleError> {
    let zone = time_zone.unwrap_or("UTC");
    let zone = Tz::from_str(zone).map_err(|_| bad(&format!("`{zone}` is not a time zone")))?;
    let parser = CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Optional)
        .dom_and_dow(false)
        .build();
    let parsed = parser
        .parse(cron)
        .map_err(|error| bad(&format!("`{cron}` is not a cron expression: {error}")))?;
    Ok((parsed, zone))
}

fn bad(why: &str) -> ScheduleError {
    ScheduleError::BadPlan(why.to_owned())
}
