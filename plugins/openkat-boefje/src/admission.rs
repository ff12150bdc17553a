//! Tasks that are pushed over the API: the checks are for what the scheduler makes by itself.
//!
//! All tasks of a batch are looked at together, so that a batch costs two questions however many
//! there are: one for their schedules, one batch for their boefjes.

use std::collections::BTreeMap;

use hinny_plugin::{
    connector,
    scheduler::{Admitted, Draft, Failure, Rejection},
    schedules,
};
use openkat::{
    ask,
    katalogus::Plugin,
    priority,
    schedules::Schedules,
    task::{BoefjeTask, settle},
};

use crate::settings::Boefjes;

/// A task that is taken, and whose boefje it runs.
struct Taken {
    admitted: Admitted,
    organisation: String,
    boefje: String,
}

/// Boefjes by organisation and id, none where there is none; an error where nobody can say.
type Known<'a> = BTreeMap<(&'a str, &'a str), Result<Option<Plugin>, Failure>>;

impl Boefjes {
    /// Takes or refuses each task, and says when those that it takes are done again.
    pub(crate) fn admit_tasks(
        &self,
        drafts: &[Draft],
        now: i64,
    ) -> Vec<Result<Admitted, Rejection>> {
        let answers: Vec<_> = drafts.iter().map(Taken::read).collect();
        let taken: Vec<_> = answers.iter().flatten().collect();
        // A task that a person asks for is not lost because nobody can say when it comes back.
        if let Err(why) = self.plan_all(&taken, now) {
            hinny_plugin::warn!("{} pushed tasks get no schedules: {why:?}", taken.len());
        }
        answers.into_iter().map(|answer| answer.map(|taken| taken.admitted)).collect()
    }

    fn plan_all(&self, taken: &[&Taken], now: i64) -> Result<(), Failure> {
        let schedules = Schedules::find(taken.iter().map(|task| &*task.admitted.hash))?;
        let known = self.ask_for_boefjes(taken);
        for task in taken {
            let Some(boefje) = known.get(&task.boefje()) else { continue };
            if let Err(why) = self.plan(task, boefje, &schedules, now) {
                let (id, (_, boefje)) = (&task.admitted.id, task.boefje());
                hinny_plugin::warn!("task `{id}` of boefje `{boefje}` gets no schedule: {why:?}");
            }
        }
        Ok(())
    }

    /// Asks for each boefje of some tasks once.
    fn ask_for_boefjes<'a>(&self, taken: &[&'a Taken]) -> Known<'a> {
        let mut boefjes: Vec<_> = taken.iter().map(|task| task.boefje()).collect();
        boefjes.sort_unstable();
        boefjes.dedup();
        let question = |(organisation, id): &(&str, &str)| self.katalogus.plugin(organisation, id);
        let questions: Vec<_> = boefjes.iter().map(question).collect();
        let answers = connector::send_all(&questions).into_iter().map(ask::read);
        let known: Known<'_> = boefjes.into_iter().zip(answers).collect();
        for ((organisation, id), answer) in &known {
            if let Err(why) = answer {
                hinny_plugin::warn!(
                    "the schedules of boefje `{id}` of `{organisation}` are made without Katalogus: {why:?}"
                );
            }
        }
        known
    }

    fn plan(
        &self,
        task: &Taken,
        boefje: &Result<Option<Plugin>, Failure>,
        schedules: &Schedules,
        now: i64,
    ) -> Result<(), Failure> {
        let boefje = match boefje {
            Ok(Some(boefje)) => Some(boefje),
            Ok(None) => {
                let (organisation, id) = task.boefje();
                return Err(Failure::reject(format!("`{organisation}` has no boefje `{id}`")));
            }
            // Without Katalogus the schedule's own cron expression or the grace period says when.
            Err(_) => None,
        };
        let Admitted { id, hash, .. } = &task.admitted;
        let plan = self.deadlines.plan(boefje, schedules.get(hash), hash, now)?;
        Ok(schedules::plan_for(id, &plan)?)
    }
}

impl Taken {
    fn read(draft: &Draft) -> Result<Self, Rejection> {
        let priority = priority::of_draft(draft)?;
        let task: BoefjeTask = draft.json()?;
        let (hash, organisation, boefje) =
            (task.hash(), task.organization.clone(), task.boefje.id.clone());
        let (id, data) = settle(draft, task)?;
        let admitted = Admitted { id, hash, data, priority: Some(priority) };
        Ok(Self { admitted, organisation, boefje })
    }

    /// Its organisation, and the id of its boefje there.
    fn boefje(&self) -> (&str, &str) {
        (&self.organisation, &self.boefje)
    }
}
