//! Tasks that came to their end, for the schedulers that want to know.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use hinny_core::{
    Clock, SchedulerId, TaskId,
    event::finished_event,
    plugin::ActivePlugins,
    queue::QueueError,
    scheduler::SchedulerPlugin,
    store::{Guard, Store, Unit},
    task::Task,
    trigger::{Interest, Trigger},
};
use tokio_util::sync::CancellationToken;

use crate::{
    Deps,
    backoff::BackOff,
    bounded::{self, Ran},
    pulse::{Look, Next, POLL},
    trigger::{Answer, Failure, Triggers},
};

/// Tells one scheduler of its finished tasks, oldest first, each once.
///
/// A task of which the telling fails stays to be told, and is passed over for a while; the window
/// grows by those that are, so they never hide the others.
pub(crate) struct Finished {
    scheduler: SchedulerId,
    triggers: Triggers,
    store: Arc<dyn Store>,
    plugins: Arc<dyn ActivePlugins>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    backoff: BackOff<Key>,
}

/// A task that ran again is to be told of again.
type Key = (TaskId, u32);

/// Most tasks that are told of in one look.
const PAGE: usize = 256;

/// Most tasks that are told of at the same time: a share of the plugin's instances.
const AT_ONCE: usize = 16;

impl Finished {
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

    /// The plugin, if it wants to know.
    fn wanting(&self) -> Option<Arc<dyn SchedulerPlugin>> {
        let plugin = self.plugins.scheduler(&self.scheduler)?;
        plugin.description().interests.contains(&Interest::FinishedTasks).then_some(plugin)
    }

    /// The tasks to tell of now, and whether there may be more.
    async fn untold(&mut self) -> Result<(Vec<Task>, bool), QueueError> {
        let limit = PAGE.saturating_add(self.backoff.len());
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let window = self.store.untold_finished(&self.scheduler, limit).await?;
        let full = window.len() >= limit as usize;
        let keys: BTreeSet<_> = window.iter().map(key).collect();
        self.backoff.retain(|key| keys.contains(key));
        let now = self.clock.now();
        let mut untold: Vec<_> =
            window.into_iter().filter(|task| self.backoff.admits(&key(task), now)).collect();
        untold.sort_by_key(|task| self.backoff.tries(&key(task)));
        let more = !untold.is_empty() && (full || untold.len() > PAGE);
        untold.truncate(PAGE);
        Ok((untold, more))
    }

    async fn tell(&self, task: Task) -> Result<(Key, Answer), QueueError> {
        if self.stop.is_cancelled() {
            return Err(QueueError::Stopping);
        }
        let (key, with) = (key(&task), self.told(key(&task)));
        let trigger = Trigger::Finished(Box::new(task));
        let answer = self.triggers.tell(&self.scheduler, trigger, with).await?;
        Ok((key, answer))
    }

    /// The mark that the scheduler was told.
    fn told(&self, (task, attempt): Key) -> Unit {
        let scheduler = self.scheduler.clone();
        let event = finished_event(task, attempt);
        Unit {
            guards: vec![Guard::FirstDelivery { scheduler, event, at: self.clock.now() }],
            ..Unit::default()
        }
    }

    /// Remembers what became of the tellings; the answer is what is left to write.
    fn learn(&mut self, told: Vec<(Key, Answer)>) -> Vec<Unit> {
        let now = self.clock.now();
        let (mut rejected, mut failures) = (Vec::new(), Vec::new());
        for (key, answer) in told {
            match answer {
                Answer::Done { .. } => self.backoff.forget(&key),
                Answer::Rejected(reason) => {
                    rejected.push(self.told(key));
                    failures.push((key.0, reason));
                }
                Answer::Failed(Failure { wish, reason })
                | Answer::Full(Failure { wish, reason }) => {
                    self.backoff.failed(key, wish, now);
                    failures.push((key.0, reason));
                }
                // Told by another host, or left alone by a plugin that has just changed: the next
                // read tells. If it does not, the back-off keeps this from being a busy loop.
                Answer::Repeated | Answer::Unwanted | Answer::Absent(_) => {
                    self.backoff.failed(key, Duration::ZERO, now);
                }
            }
        }
        if let Some((task, reason)) = failures.first() {
            let (count, scheduler) = (failures.len(), &self.scheduler);
            tracing::warn!(task.id = %task, scheduler.id = %scheduler, "the ends of {count} tasks were not handled by `{scheduler}`, the first is `{task}`: {reason}");
        }
        rejected
    }
}

fn key(task: &Task) -> Key {
    (task.id, task.attempt)
}

#[async_trait]
impl Look for Finished {
    fn what(&self) -> String {
        format!("finished tasks of `{}`", self.scheduler)
    }

    async fn look(&mut self) -> Result<Next, QueueError> {
        let Some(plugin) = self.wanting() else { return Ok(Next::Within(POLL)) };
        self.backoff.follow(plugin.generation());
        let (untold, more) = self.untold().await?;
        let Ran { done, error } = bounded::run(untold, AT_ONCE, |task| self.tell(task)).await;
        let rejected = self.learn(done);
        if !rejected.is_empty() {
            self.store.commit(rejected).await?;
        }
        match error {
            Some(error) => Err(error),
            None if more => Ok(Next::Now),
            None => Ok(Next::within(self.backoff.until_next(self.clock.now()))),
        }
    }
}

#[cfg(test)]
mod tests;
