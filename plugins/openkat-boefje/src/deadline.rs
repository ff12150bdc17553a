//! When work is done again.

use hinny_plugin::{
    scheduler::Failure,
    schedules::{self, Plan, Schedule, ScheduleError},
};
use openkat::{hash, katalogus::Plugin};

use crate::checks::Rest;

/// When work is done again, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadlines {
    /// How long work rests when neither boefje nor schedule say when it is done again.
    pub(crate) grace_ms: i64,
    /// By how much it is spread, at most, so that what was found together is not due together.
    pub(crate) jitter_ms: i64,
}

/// Which part of an interval may be spread.
const INTERVAL_JITTER: i64 = 10;

impl Deadlines {
    /// How long work of a boefje rests.
    pub(crate) fn rest(&self, boefje: &Plugin) -> Rest {
        let wait_ms = boefje.interval_ms().unwrap_or(self.grace_ms);
        Rest { wait_ms, grace_ms: self.grace_ms }
    }

    /// What becomes of the schedule of work that is queued now: the next match of the boefje's
    /// cron expression, else of the schedule's own, else the interval or the grace period from now.
    pub(crate) fn plan(
        &self,
        boefje: Option<&Plugin>,
        schedule: Option<&Schedule>,
        hash: &str,
        now: i64,
    ) -> Result<Plan, Failure> {
        let of_boefje = boefje.and_then(Plugin::cron).map(|cron| (cron, None));
        let of_schedule = schedule
            .and_then(|schedule| Some((schedule.cron.as_deref()?, Some(&*schedule.time_zone))));
        for (cron, time_zone) in of_boefje.into_iter().chain(of_schedule) {
            if let Some(at) = next_match(cron, time_zone, now)? {
                return Ok(Plan {
                    cron: Some(cron.to_owned()),
                    time_zone: time_zone.map(str::to_owned),
                    deadline_at: Some(at),
                });
            }
        }
        let at = self.without_cron(boefje.and_then(Plugin::interval_ms), hash, now);
        Ok(Plan { cron: None, time_zone: None, deadline_at: Some(at) })
    }

    fn without_cron(&self, interval_ms: Option<i64>, hash: &str, now: i64) -> i64 {
        let (wait_ms, spread_ms) = match interval_ms {
            Some(interval_ms) => (interval_ms, self.jitter_ms.min(interval_ms / INTERVAL_JITTER)),
            None => (self.grace_ms, self.jitter_ms),
        };
        now.saturating_add(wait_ms).saturating_add(chance(hash, now, spread_ms))
    }
}

/// From 0 to `most`, as if by chance: the same for the same work at the same moment.
fn chance(hash: &str, now: i64, most: i64) -> i64 {
    let choices = u128::from(most.max(0).unsigned_abs()) + 1;
    i64::try_from(hash::number(&format!("{hash}/{now}")) % choices).unwrap_or(0)
}

/// The next match; none when there is none, or the expression is no good.
fn next_match(cron: &str, time_zone: Option<&str>, now: i64) -> Result<Option<i64>, Failure> {
    match schedules::next_match(cron, time_zone, now) {
        Ok(found) => Ok(found),
        Err(ScheduleError::BadPlan(why)) => {
            hinny_plugin::warn!("cron expression {cron:?} is passed over: {why}");
            Ok(None)
        }
        Err(ScheduleError::Unavailable(why) | ScheduleError::Other(why)) => {
            Err(Failure::retry_after(1000, format!("the next match cannot be had: {why}")))
        }
    }
}

#[cfg(test)]
mod tests;
