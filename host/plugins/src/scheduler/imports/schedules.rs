//! The schedules of a plugin's own scheduler: found, reckoned with, and planned.

use std::collections::HashMap;

use hinny_core::{
    TaskHash, TaskId, Timestamp,
    cron::{CronError, CronExpression},
    schedule,
    scheduler::SchedulePlan,
    store::StoreError,
};

use super::Guest;
use crate::{
    bindings::scheduler::hinny::plugin::schedules::{Host, Plan, Schedule, ScheduleError},
    text,
};

/// Most hashes of one question, and most cron expressions reckoned with in one call; part of the
/// contract in `wit/schedules.wit`.
const HASHES: usize = 1_000;
/// Most cron expressions of one call: reading one is the host's time, not the guest's.
const MATCHES: usize = 1_000;

/// Longest text of an error, in bytes.
const ERROR_BYTES: usize = 500;

/// What a call has planned.
#[derive(Debug, Default)]
pub(super) struct Plans {
    /// One for each draft that is being admitted.
    most: usize,
    now: Timestamp,
    matched: usize,
    made: HashMap<TaskId, SchedulePlan>,
}

impl Plans {
    /// For a call that is not `admit`: nothing can be planned.
    pub(super) fn closed() -> Self {
        Self::default()
    }

    /// For a call that admits a number of drafts.
    pub(super) fn open(drafts: usize, now: Timestamp) -> Self {
        Self { most: drafts, now, ..Self::default() }
    }

    pub(super) fn take(&mut self) -> HashMap<TaskId, SchedulePlan> {
        std::mem::take(&mut self.made)
    }

    fn count(&mut self) -> Result<(), ScheduleError> {
        self.matched = self.matched.saturating_add(1);
        let most = MATCHES.max(self.most);
        if self.matched <= most {
            return Ok(());
        }
        let why = format!("more than {most} cron expressions are reckoned with in one call");
        Err(ScheduleError::Other(why))
    }

    fn plan(&mut self, task: &str, plan: Plan) -> Result<(), ScheduleError> {
        if self.most == 0 {
            let why = "schedules are planned only while drafts are admitted";
            return Err(ScheduleError::Other(why.to_owned()));
        }
        let task: TaskId = task
            .parse()
            .map_err(|_| bad(&format!("`{}` is not a UUID", text::shown(task, 200))))?;
        if self.made.len() >= self.most && !self.made.contains_key(&task) {
            let why = format!("there are more plans than drafts, of which there are {}", self.most);
            return Err(ScheduleError::Other(why));
        }
        self.count()?;
        let plan = self.checked(plan)?;
        self.made.insert(task, plan);
        Ok(())
    }

    fn checked(&self, plan: Plan) -> Result<SchedulePlan, ScheduleError> {
        let Plan { cron, time_zone, deadline_at } = plan;
        if cron.is_none() && time_zone.is_some() {
            return Err(bad("a time zone is of use only with a cron expression"));
        }
        let time_zone = time_zone.unwrap_or_else(|| "UTC".to_owned());
        let mut deadline_at = deadline_at.map(Timestamp::from_millis);
        if let Some(cron) = &cron {
            let cron = CronExpression::parse(cron, &time_zone).map_err(|error| bad(&error))?;
            if deadline_at.is_none() {
                deadline_at = Some(cron.next_after(self.now).map_err(|error| bad(&error))?);
            }
        }
        Ok(SchedulePlan { cron, time_zone, deadline_at })
    }
}

impl Host for Guest {
    async fn find(&mut self, hashes: Vec<String>) -> Result<Vec<Option<Schedule>>, ScheduleError> {
        if hashes.len() > HASHES {
            let why = format!("{} hashes, at most {HASHES} are allowed", hashes.len());
            return Err(ScheduleError::Other(why));
        }
        let Some(services) = &self.services else {
            return Err(ScheduleError::Unavailable("the plugin is being verified".to_owned()));
        };
        // What is not a hash is the hash of no schedule.
        let read: Vec<Option<TaskHash>> =
            hashes.into_iter().map(|hash| TaskHash::new(hash).ok()).collect();
        let wanted: Vec<TaskHash> = read.iter().flatten().cloned().collect();
        let found = services.store.schedules_by_hash(&services.slot.scheduler, &wanted).await;
        let mut found = found.map_err(|error| unavailable(&error))?.into_iter();
        let answer = read.iter().map(|hash| hash.as_ref().and_then(|_| found.next().flatten()));
        Ok(answer.map(|schedule| schedule.as_ref().map(lowered)).collect())
    }

    async fn next_match(
        &mut self,
        cron: String,
        time_zone: Option<String>,
        after: i64,
    ) -> Result<Option<i64>, ScheduleError> {
        self.plans.count()?;
        let zone = time_zone.as_deref().unwrap_or("UTC");
        let cron = CronExpression::parse(&cron, zone).map_err(|error| bad(&error))?;
        match cron.next_after(Timestamp::from_millis(after)) {
            Ok(next) => Ok(Some(next.as_millis())),
            // The expression has a year, and it is over.
            Err(CronError::Never(_)) => Ok(None),
            Err(error) => Err(bad(&error)),
        }
    }

    async fn plan_for(&mut self, task: String, plan: Plan) -> Result<(), ScheduleError> {
        self.plans.plan(&task, plan)
    }
}

fn bad(why: &(impl ToString + ?Sized)) -> ScheduleError {
    ScheduleError::BadPlan(text::shown(&why.to_string(), ERROR_BYTES))
}

fn unavailable(error: &StoreError) -> ScheduleError {
    ScheduleError::Unavailable(text::shown(&error.to_string(), ERROR_BYTES))
}

fn lowered(schedule: &schedule::Schedule) -> Schedule {
    Schedule {
        id: schedule.id.to_string(),
        organisation: schedule.organisation.to_string(),
        hash: schedule.hash.to_string(),
        data: schedule.data.get().to_owned(),
        enabled: schedule.enabled,
        cron: schedule.cron.clone(),
        time_zone: schedule.time_zone.clone(),
        deadline_at: schedule.deadline_at.map(Timestamp::as_millis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TASK: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn plan(cron: Option<&str>, time_zone: Option<&str>, deadline_at: Option<i64>) -> Plan {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Plan { cron: owned(cron), time_zone: owned(time_zone), deadline_at }
    }

    fn open() -> Plans {
        Plans::open(1, "2026-11-24T10:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_plan_without_a_deadline_is_due_at_the_next_match() {
        let mut plans = open();
        plans.plan(TASK, plan(Some("0 12 * * *"), Some("Europe/Amsterdam"), None)).unwrap();
        let made = plans.take();
        let due = made.values().next().unwrap().deadline_at.unwrap();
        assert_eq!(due.to_string(), "2026-11-24T11:00:00Z");
    }

    #[test]
    fn a_plan_that_cannot_be_kept_is_refused() {
        let refused = |task: &str, plan: Plan| match open().plan(task, plan).unwrap_err() {
            ScheduleError::BadPlan(why) => why,
            other => panic!("{other:?}"),
        };
        assert!(refused(TASK, plan(Some("0 0 30 2 *"), None, None)).contains("never matches"));
        assert!(refused(TASK, plan(Some("@daily"), Some("Mars"), None)).contains("time zone"));
        assert!(refused(TASK, plan(None, Some("UTC"), Some(1))).contains("of use only"));
        assert!(refused("seven", plan(None, None, Some(1))).contains("`seven` is not a UUID"));
        let closed = Plans::closed().plan(TASK, plan(None, None, None)).unwrap_err();
        assert!(matches!(closed, ScheduleError::Other(_)), "{closed:?}");
    }

    #[test]
    fn there_is_one_plan_for_each_draft() {
        let mut plans = open();
        plans.plan(TASK, plan(None, None, None)).unwrap();
        plans.plan(TASK, plan(None, None, Some(1))).unwrap();
        let other = TASK.replace('0', "1");
        let refused = plans.plan(&other, plan(None, None, None)).unwrap_err();
        assert!(matches!(refused, ScheduleError::Other(_)), "{refused:?}");
    }
}
