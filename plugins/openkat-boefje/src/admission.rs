//! Tasks that are pushed over the API: the checks are for what the scheduler makes by itself.

use std::{cell::RefCell, collections::BTreeMap};

use hinny_plugin::{
    scheduler::{Admitted, Draft, Failure, Rejection},
    schedules,
};
use openkat::{
    ask,
    katalogus::Plugin,
    priority,
    task::{BoefjeTask, settle},
};

use crate::{making::Schedules, settings::Boefjes};

/// Boefjes that were asked for at a moment, by organisation and id: a batch asks for each once.
/// Nothing is remembered from one moment to the next.
#[derive(Debug, Default)]
pub(crate) struct Known(RefCell<Moment>);

#[derive(Debug, Default)]
struct Moment {
    now: i64,
    boefjes: BTreeMap<(String, String), Option<Plugin>>,
}

impl Known {
    fn get(
        &self,
        organisation: &str,
        id: &str,
        now: i64,
        ask: impl FnOnce() -> Result<Option<Plugin>, Failure>,
    ) -> Result<Option<Plugin>, Failure> {
        let key = (organisation.to_owned(), id.to_owned());
        let known = {
            let mut moment = self.0.borrow_mut();
            if moment.now != now {
                *moment = Moment { now, ..Moment::default() };
            }
            moment.boefjes.get(&key).cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let plugin = ask()?;
        self.0.borrow_mut().boefjes.insert(key, plugin.clone());
        Ok(plugin)
    }
}

impl Boefjes {
    /// Takes or refuses a task, and says when it is done again.
    pub(crate) fn admit_task(&self, draft: &Draft, now: i64) -> Result<Admitted, Rejection> {
        let priority = priority::of_draft(draft)?;
        let task: BoefjeTask = draft.json()?;
        let (hash, organisation, boefje) =
            (task.hash(), task.organization.clone(), task.boefje.id.clone());
        let (id, data) = settle(draft, task)?;
        // A task that a person asks for is not lost because nobody can say when it comes back.
        if let Err(why) = self.plan(&id, &hash, &organisation, &boefje, now) {
            hinny_plugin::warn!("task `{id}` of boefje `{boefje}` gets no schedule: {why:?}");
        }
        Ok(Admitted { id, hash, data, priority: Some(priority) })
    }

    fn plan(
        &self,
        task: &str,
        hash: &str,
        organisation: &str,
        id: &str,
        now: i64,
    ) -> Result<(), Failure> {
        let ask = || ask::read(self.katalogus.plugin(organisation, id).send());
        let boefje = match self.known.get(organisation, id, now, ask) {
            Ok(Some(boefje)) => Some(boefje),
            Ok(None) => {
                return Err(Failure::reject(format!("`{organisation}` has no boefje `{id}`")));
            }
            // Without Katalogus the schedule's own cron expression or the grace period says when.
            Err(why) => {
                hinny_plugin::warn!(
                    "the schedule of task `{task}` is made without Katalogus: {why:?}"
                );
                None
            }
        };
        let found = Schedules::find([hash].into_iter())?;
        let plan = self.deadlines.plan(boefje.as_ref(), found.get(hash), hash, now)?;
        Ok(schedules::plan_for(task, &plan)?)
    }
}
