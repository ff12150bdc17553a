//! A schedule is due: the boefje runs again, if it still may.

use hinny_plugin::scheduler::{Command, DisableSchedule, DueSchedule, Failure, UpsertSchedule};
use openkat::{
    ask,
    katalogus::{Forbidden, Plugin},
    octopoes::{Object, Octopoes},
    schedules::Schedules,
    task::BoefjeTask,
};

use crate::{
    round::{Again, Candidate, Outcome, Round},
    settings::Boefjes,
};

/// What a due schedule comes to.
enum Found {
    Run {
        boefje: Box<Plugin>,
        object: Option<Object>,
    },
    /// Nobody can say when it may be done again: nothing is done.
    Disable(String),
    /// It is not for this scheduler to judge; look again later.
    NotABoefje,
}

impl Boefjes {
    /// What to do about a schedule that is due.
    pub(crate) fn reschedule(
        &self,
        schedule: &DueSchedule,
        now: i64,
    ) -> Result<Vec<Command>, Failure> {
        let task: BoefjeTask = schedule.json()?;
        match self.look_at(schedule, &task, now)? {
            Found::Disable(why) => Ok(vec![DisableSchedule::new(&*schedule.hash, why).into()]),
            Found::NotABoefje => later(schedule, now.saturating_add(self.deadlines.grace_ms)),
            Found::Run { boefje, object } => {
                self.run_again(schedule, &boefje, object.as_ref(), now)
            }
        }
    }

    fn look_at(
        &self,
        schedule: &DueSchedule,
        task: &BoefjeTask,
        now: i64,
    ) -> Result<Found, Failure> {
        let (organisation, id) = (&*schedule.organisation, &*task.boefje.id);
        let question = self.katalogus.plugin(organisation, id);
        let Some(boefje) = ask::read::<Plugin>(question.send())? else {
            return Ok(Found::Disable(format!("there is no boefje `{id}`")));
        };
        if !boefje.enabled {
            return Ok(Found::Disable(Forbidden::Disabled.to_string()));
        }
        if !boefje.is_boefje() {
            return Ok(Found::NotABoefje);
        }
        let Some(key) = task.object() else { return Ok(allowed(boefje, None)) };
        let octopoes = Octopoes::at(&self.octopoes, now);
        let Some(object) = ask::read::<Object>(octopoes.object(organisation, key).send())? else {
            return Ok(Found::Disable(format!("there is no object `{key}`")));
        };
        if !boefje.takes(&object.object_type) {
            let kind = &object.object_type;
            return Ok(Found::Disable(format!("the boefje takes no objects of type `{kind}`")));
        }
        Ok(allowed(boefje, Some(object)))
    }

    fn run_again(
        &self,
        schedule: &DueSchedule,
        boefje: &Plugin,
        object: Option<&Object>,
        now: i64,
    ) -> Result<Vec<Command>, Failure> {
        let round = Round {
            trigger: &format!("{}/{}", schedule.id, schedule.deadline_at),
            organisation: &schedule.organisation,
            now,
        };
        let candidate = Candidate {
            boefje,
            object: object.map(|object| &*object.primary_key),
            again: Again::From(&schedule.hash),
        };
        match self.decide(round, &[candidate])?.pop() {
            Some(Outcome::Queued(commands)) => Ok(commands),
            Some(Outcome::Stopped(stop)) => later(schedule, stop.until),
            None => Ok(Vec::new()),
        }
    }
}

fn allowed(boefje: Plugin, object: Option<Object>) -> Found {
    match boefje.may_run(object.as_ref()) {
        Ok(()) => Found::Run { boefje: Box::new(boefje), object },
        Err(forbidden) => Found::Disable(forbidden.to_string()),
    }
}

/// Moves a schedule to when it can pass, instead of looking at it again and again until then.
fn later(due: &DueSchedule, at: i64) -> Result<Vec<Command>, Failure> {
    let found = Schedules::find([&*due.hash].into_iter())?;
    let time_zone = found.get(&due.hash).map(|schedule| schedule.time_zone.clone());
    let mut schedule =
        UpsertSchedule::new(&*due.organisation, &*due.hash, &*due.data).deadline_at(at);
    schedule.time_zone = time_zone.filter(|_| due.cron.is_some());
    schedule.cron.clone_from(&due.cron);
    Ok(vec![schedule.into()])
}
