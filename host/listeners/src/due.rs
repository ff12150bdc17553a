//! Schedules, when they are due.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use hinny_core::{
    Clock, ScheduleId, SchedulerId, Timestamp,
    plugin::ActivePlugins,
    queue::QueueError,
    schedule::Schedule,
    scheduler::SchedulerPlugin,
    store::{Store, Unit},
    trigger::{Interest, Trigger},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Deps,
    backoff::BackOff,
    bounded::{self, Ran},
    decision::{Decision, Firing},
    pulse::{Look, Next, POLL},
    trigger::{Answer, Failure, Triggers},
};

/// Fires the schedules of one scheduler.
///
/// The deadline moves in the transaction of the commands, from the value that was read: so a fire
/// counts once, whatever hosts and crashes do. A schedule whose fire fails keeps its deadline and
/// is passed over for a while; the window grows by those that are, so they never hide the others.
pub(crate) struct Due {
    scheduler: SchedulerId,
    triggers: Triggers,
    store: Arc<dyn Store>,
    plugins: Arc<dyn ActivePlugins>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    backoff: BackOff<Key>,
}

/// A schedule that is changed, or due at another moment, is tried at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    schedule: ScheduleId,
    deadline_at: Option<Timestamp>,
    modified_at: Timestamp,
}

/// Most schedules that fire in one look.
const PAGE: usize = 256;

/// Most schedules that fire at the same time: a share of the plugin's instances, not all of them.
const AT_ONCE: usize = 16;

/// What one look found to do.
#[derive(Default)]
struct Plan {
    /// To fire, those that failed least often first.
    firing: Vec<Firing>,
    /// Writes for those that pass a fire over.
    passing: Vec<Unit>,
    /// Those that cannot go on, each with its write and the reason.
    disabling: Vec<(Schedule, Unit, String)>,
    /// Whether there may be more than this to do now.
    more: bool,
    /// Time until the next deadline, when one is near.
    upcoming: Option<Duration>,
}

impl Plan {
    fn acts(&self) -> bool {
        !(self.firing.is_empty() && self.passing.is_empty() && self.disabling.is_empty())
    }
}

impl Due {
    pub(crate) fn new(deps: &Deps, scheduler: SchedulerId, stop: CancellationToken) -> Self {
        Self {
            scheduler,
            triggers: Triggers::new(Arc::clone(&deps.queues), deps.mail.clone()),
            store: Arc::clone(&deps.store),
            plugins: Arc::clone(&deps.plugins),
            clock: Arc::clone(&deps.clock),
            stop,
            backoff: BackOff::new(deps.retry),
        }
    }

    /// The plugin, if it wants due schedules. Those of one that does not are left as they are.
    fn wanting(&self) -> Option<Arc<dyn SchedulerPlugin>> {
        let plugin = self.plugins.scheduler(&self.scheduler)?;
        plugin.description().interests.contains(&Interest::DueSchedules).then_some(plugin)
    }

    async fn plan(&mut self, now: Timestamp) -> Result<Plan, QueueError> {
        let limit = PAGE.saturating_add(self.backoff.len());
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let by = now.after(POLL);
        let window = self.store.due_schedules(&self.scheduler, by, limit).await?;
        let full = window.len() >= limit as usize;
        let keys: BTreeSet<_> = window.iter().map(Key::of).collect();
        self.backoff.retain(|key| keys.contains(key));
        let mut plan = Plan::default();
        for schedule in window {
            self.consider(schedule, now, &mut plan);
        }
        plan.firing.sort_by_key(|firing| self.backoff.tries(&Key::of(&firing.schedule)));
        // Earliest first: with one in the window that is not due yet, all that are due are in it.
        // A window of which nothing may be tried is not worth another look at once.
        plan.more = plan.firing.len() > PAGE || (full && plan.upcoming.is_none() && plan.acts());
        plan.firing.truncate(PAGE);
        Ok(plan)
    }

    fn consider(&self, schedule: Schedule, now: Timestamp, plan: &mut Plan) {
        if let Some(deadline) = schedule.deadline_at.filter(|deadline| *deadline > now) {
            let wait = deadline.since(now);
            plan.upcoming = Some(plan.upcoming.map_or(wait, |least| least.min(wait)));
            return;
        }
        if !self.backoff.admits(&Key::of(&schedule), now) {
            return;
        }
        match Decision::on(schedule, now) {
            Decision::Fire(firing) => plan.firing.push(firing),
            Decision::Pass(unit) => plan.passing.push(unit),
            Decision::Disable(schedule, unit, reason) => {
                plan.disabling.push((schedule, unit, reason));
            }
            Decision::Leave => {}
        }
    }

    /// Writes what needs no plugin, in one transaction.
    async fn write(
        &self,
        passing: Vec<Unit>,
        disabling: Vec<(Schedule, Unit, String)>,
    ) -> Result<(), QueueError> {
        let passed = passing.len();
        let mut units = passing;
        units.extend(disabling.iter().map(|(_, unit, _)| unit.clone()));
        if units.is_empty() {
            return Ok(());
        }
        let outcomes = self.store.commit(units).await?;
        for ((schedule, _, reason), outcome) in disabling.iter().zip(outcomes.iter().skip(passed)) {
            if outcome.refused_by.is_none() {
                let (id, scheduler) = (schedule.id, &self.scheduler);
                tracing::warn!(schedule.id = %id, scheduler.id = %scheduler, "disabled schedule `{id}` of `{scheduler}`: {reason}; hint: mend it, then enable it");
            }
        }
        Ok(())
    }

    async fn fire(&self, firing: Firing) -> Result<(Firing, Answer), QueueError> {
        if self.stop.is_cancelled() {
            return Err(QueueError::Stopping);
        }
        let trigger = Trigger::Due(Box::new(firing.schedule.clone()));
        let answer = self.triggers.tell(&self.scheduler, trigger, firing.moved()).await?;
        Ok((firing, answer))
    }

    /// Remembers what became of the fires; the answer is what is left to write and to do.
    fn learn(&mut self, fired: Vec<(Firing, Answer)>, now: Timestamp) -> Learnt {
        let mut learnt = Learnt::default();
        for (firing, answer) in fired {
            let key = Key::of(&firing.schedule);
            match answer {
                Answer::Done { .. } => {
                    self.backoff.forget(&key);
                    learnt.again |= firing.next.is_some_and(|next| next <= now);
                }
                Answer::Rejected(reason) => {
                    learnt.again |= firing.next.is_some_and(|next| next <= now);
                    learnt.rejected.push(firing.moved());
                    learnt.complain(firing.schedule.id, reason);
                }
                Answer::Failed(Failure { wish, reason })
                | Answer::Full(Failure { wish, reason }) => {
                    self.backoff.failed(key, wish, now);
                    learnt.complain(firing.schedule.id, reason);
                }
                // Moved by another host, or left alone by a plugin that has just changed: the next
                // read tells. If it does not, the back-off keeps this from being a busy loop.
                Answer::Repeated | Answer::Unwanted | Answer::Absent(_) => {
                    self.backoff.failed(key, Duration::ZERO, now);
                }
            }
        }
        learnt
    }
}

/// What the fires of one look leave to do.
#[derive(Default)]
struct Learnt {
    /// Whether one of the schedules has another missed fire to make.
    again: bool,
    /// Writes for fires that the plugin does not want to see again.
    rejected: Vec<Unit>,
    /// How many did not work, and the first of them with the reason.
    failures: Option<(usize, ScheduleId, String)>,
}

impl Learnt {
    fn complain(&mut self, schedule: ScheduleId, reason: String) {
        let (count, ..) = self.failures.get_or_insert((0, schedule, reason));
        *count += 1;
    }

    /// One line per look, since a broken plugin fails for each of its schedules.
    fn log(&self, scheduler: &SchedulerId) {
        if let Some((count, schedule, reason)) = &self.failures {
            tracing::warn!(schedule.id = %schedule, scheduler.id = %scheduler, "{count} due schedules of `{scheduler}` were not handled, the first is `{schedule}`: {reason}");
        }
    }
}

impl Key {
    fn of(schedule: &Schedule) -> Self {
        Self {
            schedule: schedule.id,
            deadline_at: schedule.deadline_at,
            modified_at: schedule.modified_at,
        }
    }
}

#[async_trait]
impl Look for Due {
    fn what(&self) -> String {
        format!("due schedules of `{}`", self.scheduler)
    }

    async fn look(&mut self) -> Result<Next, QueueError> {
        let Some(plugin) = self.wanting() else { return Ok(Next::Within(POLL)) };
        self.backoff.follow(plugin.generation());
        let plan = self.plan(self.clock.now()).await?;
        self.write(plan.passing, plan.disabling).await?;
        let Ran { done, error } = bounded::run(plan.firing, AT_ONCE, |one| self.fire(one)).await;
        let now = self.clock.now();
        let learnt = self.learn(done, now);
        learnt.log(&self.scheduler);
        let again = learnt.again;
        self.write(learnt.rejected, Vec::new()).await?;
        match error {
            Some(error) => Err(error),
            None if plan.more || again => Ok(Next::Now),
            None => Ok(Next::within(plan.upcoming.into_iter().chain(self.backoff.until_next(now)))),
        }
    }
}

#[cfg(test)]
mod tests;
