//! From candidates to commands: the same checks for whatever the scheduler makes by itself.
//!
//! All candidates of a round are looked at together, so that a round costs a few questions however
//! many there are: one for their newest tasks, one batch for their last runs and settings, one for
//! their schedules.

use std::collections::BTreeMap;

use hinny_plugin::{
    connector,
    scheduler::{Command, Failure},
    tasks::{self, Task},
};
use openkat::{
    ask::Answer,
    bytes::{self, Run},
    hash, identity,
    katalogus::{self, Plugin},
    schedules::Schedules,
    task::BoefjeTask,
};

use crate::{
    checks::{self, Rest, Stop},
    elsewhere::{Twin, Wanted},
    making::Making,
    settings::Boefjes,
};

/// What all candidates have in common.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round<'a> {
    /// What woke the plugin.
    pub(crate) trigger: &'a str,
    pub(crate) organisation: &'a str,
    pub(crate) now: i64,
}

/// A boefje that may run on an object, or without one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate<'a> {
    pub(crate) boefje: &'a Plugin,
    /// Primary key of the object.
    pub(crate) object: Option<&'a str>,
    pub(crate) again: Again<'a>,
}

/// Whether a schedule brings a candidate back.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Again<'a> {
    /// No.
    Never,
    /// The one with its own hash.
    Scheduled,
    /// The one with this hash, from which it comes.
    From(&'a str),
}

/// What became of a candidate.
#[derive(Debug)]
pub(crate) enum Outcome {
    Queued(Vec<Command>),
    Stopped(Stop),
}

/// Most hashes in one question to the host.
const HASHES_MAX: usize = 1000;

impl Boefjes {
    /// Decides on each candidate, in the same order.
    pub(crate) fn decide(
        &self,
        round: Round<'_>,
        candidates: &[Candidate<'_>],
    ) -> Result<Vec<Outcome>, Failure> {
        let mut works = self.look_up(round, candidates)?;
        let settings = self.check_runs(round, &mut works)?;
        self.find_twins(round, &mut works, &settings)?;
        let schedules = Schedules::find(works.iter().flat_map(Work::schedules))?;
        works.iter().map(|work| self.conclude(round, work, &schedules)).collect()
    }

    /// The commands alone, for those that nobody waits for.
    pub(crate) fn commands(
        &self,
        round: Round<'_>,
        candidates: &[Candidate<'_>],
    ) -> Result<Vec<Command>, Failure> {
        let outcomes = self.decide(round, candidates)?;
        let commands = outcomes.into_iter().flat_map(|outcome| match outcome {
            Outcome::Queued(commands) => commands,
            Outcome::Stopped(_) => Vec::new(),
        });
        Ok(commands.collect())
    }

    fn look_up<'a>(
        &self,
        round: Round<'_>,
        candidates: &'a [Candidate<'a>],
    ) -> Result<Vec<Work<'a>>, Failure> {
        let hash_of = |candidate: &Candidate<'_>| {
            hash::boefje(candidate.object, &candidate.boefje.id, round.organisation)
        };
        let hashes: Vec<_> = candidates.iter().map(hash_of).collect();
        let newest = newest_of(&hashes)?;
        let works = candidates.iter().zip(hashes).zip(newest).map(|((candidate, hash), newest)| {
            let rest = self.deadlines.rest(candidate.boefje);
            let stop = checks::by_task(newest.as_ref(), rest, round.now);
            Work { candidate, hash, newest, stop, twins: Vec::new() }
        });
        Ok(works.collect())
    }

    /// Asks for the last run of everything that is left, and by the way for the settings of its
    /// boefje elsewhere; the answer is in which other organisations those are the same.
    fn check_runs<'a>(
        &self,
        round: Round<'_>,
        works: &mut [Work<'a>],
    ) -> Result<BTreeMap<&'a str, Vec<String>>, Failure> {
        let mut left: Vec<_> = works.iter_mut().filter(|work| work.on_object().is_some()).collect();
        let mut boefjes: Vec<&str> = left.iter().map(|work| work.boefje()).collect();
        boefjes.sort_unstable();
        boefjes.dedup();
        if !self.deduplicate {
            boefjes.clear();
        }
        let runs = left.iter().filter_map(|work| {
            Some(self.bytes.last_run(work.boefje(), work.on_object()?, round.organisation))
        });
        let configs = boefjes.iter().map(|id| self.katalogus.config(round.organisation, id));
        let mut answers = connector::send_all(&runs.chain(configs).collect::<Vec<_>>()).into_iter();
        for work in &mut left {
            let run = answers.next().map(bytes::last_run).transpose()?.flatten();
            work.check_run(run.as_ref(), self.deadlines.rest(work.candidate.boefje), round.now);
        }
        boefjes.into_iter().zip(answers).map(|entry| same_settings(entry, round)).collect()
    }

    /// Finds the same work in other organisations, for what is left.
    fn find_twins(
        &self,
        round: Round<'_>,
        works: &mut [Work<'_>],
        settings: &BTreeMap<&str, Vec<String>>,
    ) -> Result<(), Failure> {
        let mut wanted: Vec<_> = works
            .iter_mut()
            .filter_map(|work| {
                let others = settings.get(work.boefje()).filter(|others| !others.is_empty())?;
                let object = work.on_object()?;
                Some((Wanted { boefje: work.candidate.boefje, object, others }, work))
            })
            .collect();
        let questions: Vec<_> = wanted.iter().map(|(wanted, _)| *wanted).collect();
        let found = self.twins(&questions, round.now)?;
        for ((_, work), twins) in wanted.iter_mut().zip(found) {
            work.twins = twins;
        }
        Ok(())
    }

    fn conclude(
        &self,
        round: Round<'_>,
        work: &Work<'_>,
        schedules: &Schedules,
    ) -> Result<Outcome, Failure> {
        if let Some(stop) = work.stop {
            let (id, object, why) = (work.boefje(), work.candidate.object, stop.why);
            hinny_plugin::debug!("`{id}` does not run on {object:?} now: {why}");
            return Ok(Outcome::Stopped(stop));
        }
        let mut commands = Vec::with_capacity(2 * (work.twins.len() + 1));
        for making in work.makings(round) {
            self.queue(&making, schedules, round.now, &mut commands)?;
        }
        Ok(Outcome::Queued(commands))
    }
}

/// A candidate, with what was found out about it.
struct Work<'a> {
    candidate: &'a Candidate<'a>,
    hash: String,
    newest: Option<Task>,
    stop: Option<Stop>,
    twins: Vec<Twin>,
}

impl<'a> Work<'a> {
    fn boefje(&self) -> &'a str {
        &self.candidate.boefje.id
    }

    /// The object, while nothing has stopped it.
    fn on_object(&self) -> Option<&'a str> {
        self.candidate.object.filter(|_| self.stop.is_none())
    }

    fn check_run(&mut self, run: Option<&Run>, rest: Rest, now: i64) {
        self.stop = checks::by_run(self.newest.as_ref(), run, rest, now);
    }

    /// The hash of the schedule that brings a task back.
    fn schedule<'b>(&self, own: &'b str) -> Option<&'b str>
    where
        'a: 'b,
    {
        match self.candidate.again {
            Again::Never => None,
            Again::From(schedule) if own == self.hash => Some(schedule),
            Again::From(_) | Again::Scheduled => Some(own),
        }
    }

    /// The hashes of all schedules that it touches.
    fn schedules(&self) -> impl Iterator<Item = &str> {
        let hashes = self.twins.iter().map(|twin| &*twin.hash).chain([&*self.hash]);
        hashes.filter(|_| self.stop.is_none()).filter_map(|hash| self.schedule(hash))
    }

    /// What is to be queued. The others come first, so that whoever takes them in order has the
    /// original last.
    fn makings<'b>(&'b self, round: Round<'b>) -> impl Iterator<Item = Making<'b>> {
        let id = move |hash: &str| identity::derived(round.trigger, hash, round.now);
        let key = (!self.twins.is_empty()).then(|| id(&self.hash));
        let others = self.twins.iter().map(|twin| (&*twin.organisation, &*twin.hash));
        others.chain([(round.organisation, &*self.hash)]).map(move |(organisation, hash)| {
            let Candidate { boefje, object, .. } = *self.candidate;
            let task = BoefjeTask::automatic(id(hash), boefje, object, organisation);
            let task = BoefjeTask { deduplication_key: key, ..task };
            Making { boefje, task, hash, schedule: self.schedule(hash) }
        })
    }
}

/// In which other organisations a boefje is set the same.
fn same_settings<'a>(
    (boefje, answer): (&'a str, Answer),
    round: Round<'_>,
) -> Result<(&'a str, Vec<String>), Failure> {
    Ok((boefje, katalogus::duplicates(answer, round.organisation)?))
}

/// The newest task of each hash, in the same order.
pub(crate) fn newest_of(hashes: &[String]) -> Result<Vec<Option<Task>>, Failure> {
    let mut newest = Vec::with_capacity(hashes.len());
    for hashes in hashes.chunks(HASHES_MAX) {
        newest.extend(tasks::newest_of(hashes)?);
    }
    Ok(newest)
}
