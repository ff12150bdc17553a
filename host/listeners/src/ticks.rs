//! The passing of time, for the schedulers that want to know.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use hinny_core::{
    Clock, EventId, SchedulerId, Timestamp,
    plugin::ActivePlugins,
    queue::QueueError,
    scheduler::SchedulerPlugin,
    store::{Guard, Unit},
    trigger::{Interest, Tick, Trigger},
};
use tokio_util::sync::CancellationToken;
use uuid::{Builder, Variant, Version};

use crate::{
    Deps,
    backoff::BackOff,
    bounded::{self, Ran},
    pulse::{Look, Next},
    trigger::{Answer, Failure, Triggers},
};

/// Tells one scheduler of the ticks that its plugin asked for.
///
/// The moments are multiples of the interval since the Unix epoch, so they are the same for every
/// host and after every start. Only the latest that has come is told, late if need be: a pause, a
/// restart or a clock put forward gives one tick, not one for each that was missed. A moment counts
/// once: after a clock was put back, those that were told before are not told again. While the
/// plugin handles ticks, those that come are not told.
pub(crate) struct Ticks {
    scheduler: SchedulerId,
    triggers: Triggers,
    plugins: Arc<dyn ActivePlugins>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    /// By interval, the moment that was told last.
    told: BTreeMap<u64, Timestamp>,
    backoff: BackOff<(u64, Timestamp)>,
}

/// Shortest interval that is kept, in milliseconds, whatever a plugin asks for.
const EVERY_MIN_MS: u64 = 1_000;

impl Ticks {
    pub(crate) fn new(deps: &Deps, scheduler: SchedulerId, stop: CancellationToken) -> Self {
        Self {
            scheduler,
            triggers: Triggers::new(Arc::clone(&deps.queues), deps.mail.clone()),
            plugins: Arc::clone(&deps.plugins),
            clock: Arc::clone(&deps.clock),
            stop,
            told: BTreeMap::new(),
            backoff: BackOff::new(deps.retry),
        }
    }

    /// The ticks to tell now.
    fn due(&mut self, plugin: &dyn SchedulerPlugin, now: Timestamp) -> Vec<Tick> {
        let asked = intervals(plugin);
        self.told.retain(|every_ms, _| asked.contains(every_ms));
        let latest: Vec<_> = asked.into_iter().map(|every_ms| latest(every_ms, now)).collect();
        self.backoff.retain(|key| latest.iter().any(|tick| key_of(tick) == *key));
        let is_due = |tick: &Tick| {
            self.told.get(&tick.every_ms) != Some(&tick.planned_at)
                && self.backoff.admits(&key_of(tick), now)
        };
        latest.into_iter().filter(is_due).collect()
    }

    async fn tell(&self, tick: Tick) -> Result<(Tick, Answer), QueueError> {
        if self.stop.is_cancelled() {
            return Err(QueueError::Stopping);
        }
        let guard = Guard::FirstDelivery {
            scheduler: self.scheduler.clone(),
            event: event_of(&tick),
            at: self.clock.now(),
        };
        let with = Unit { guards: vec![guard], ..Unit::default() };
        let answer = self.triggers.tell(&self.scheduler, Trigger::Tick(tick), with).await?;
        Ok((tick, answer))
    }

    fn learn(&mut self, tick: Tick, answer: Answer) {
        let key = key_of(&tick);
        match answer {
            Answer::Done { .. } | Answer::Repeated => self.is_told(tick),
            Answer::Rejected(reason) => {
                self.complain(tick, &reason);
                self.is_told(tick);
            }
            // Tried again until the next one has come.
            Answer::Failed(Failure { wish, reason }) | Answer::Full(Failure { wish, reason }) => {
                self.complain(tick, &reason);
                self.backoff.failed(key, wish, self.clock.now());
            }
            Answer::Unwanted | Answer::Absent(_) => {
                self.backoff.failed(key, Duration::ZERO, self.clock.now());
            }
        }
    }

    fn is_told(&mut self, tick: Tick) {
        self.told.insert(tick.every_ms, tick.planned_at);
        self.backoff.forget(&key_of(&tick));
    }

    fn complain(&self, Tick { planned_at, every_ms }: Tick, reason: &str) {
        let scheduler = &self.scheduler;
        tracing::warn!(scheduler.id = %scheduler, "the tick of {planned_at}, every {every_ms} ms, was not handled by `{scheduler}`: {reason}");
    }
}

/// The intervals that a plugin asks for, each once.
fn intervals(plugin: &dyn SchedulerPlugin) -> Vec<u64> {
    let mut asked: Vec<_> = plugin
        .description()
        .interests
        .iter()
        .filter_map(|interest| match interest {
            Interest::Ticks(every_ms) => Some(*every_ms),
            _ => None,
        })
        .collect();
    asked.sort_unstable();
    asked.dedup();
    asked
}

/// The interval that is kept, in microseconds.
fn every_micros(every_ms: u64) -> i64 {
    i64::try_from(every_ms.max(EVERY_MIN_MS)).unwrap_or(i64::MAX).saturating_mul(1_000)
}

/// The latest tick that has come.
fn latest(every_ms: u64, now: Timestamp) -> Tick {
    let micros = now.as_micros();
    let since = micros.checked_rem_euclid(every_micros(every_ms)).unwrap_or(0);
    Tick { planned_at: Timestamp::from_micros(micros - since), every_ms }
}

/// How long until the next tick.
fn until_next(every_ms: u64, now: Timestamp) -> Duration {
    let every = Duration::from_micros(every_micros(every_ms).unsigned_abs());
    latest(every_ms, now).planned_at.after(every).since(now)
}

fn key_of(tick: &Tick) -> (u64, Timestamp) {
    (tick.every_ms, tick.planned_at)
}

/// The identity of a tick: the same on every host and after every start. A UUID of version 8, made
/// of the moment and the interval. Never change it.
fn event_of(tick: &Tick) -> EventId {
    let moment = u128::from(tick.planned_at.as_millis().unsigned_abs());
    let id = Builder::from_u128((moment << 80) | u128::from(tick.every_ms))
        .with_version(Version::Custom)
        .with_variant(Variant::RFC4122);
    EventId(id.into_uuid())
}

#[async_trait]
impl Look for Ticks {
    fn what(&self) -> String {
        format!("ticks of `{}`", self.scheduler)
    }

    async fn look(&mut self) -> Result<Next, QueueError> {
        let Some(plugin) = self.plugins.scheduler(&self.scheduler) else {
            return Ok(Next::within([]));
        };
        self.backoff.follow(plugin.generation());
        let due = self.due(&*plugin, self.clock.now());
        let at_once = due.len();
        let Ran { done, error } = bounded::run(due, at_once, |tick| self.tell(tick)).await;
        for (tick, answer) in done {
            self.learn(tick, answer);
        }
        let now = self.clock.now();
        let next = intervals(&*plugin).into_iter().map(|every_ms| until_next(every_ms, now));
        let again = self.backoff.until_next(now);
        error.map_or(Ok(Next::within(next.chain(again))), Err)
    }
}

#[cfg(test)]
mod tests;
