//! Queues that only know triggers.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hinny_core::{
    Organisation, Priority, SchedulerId, TaskId, Timestamp,
    dry_run::DryRun,
    plugin::ActivePlugins,
    preview::{Preview, PreviewOptions},
    queue::{
        CancelRequest, Explained, Place, PopRequest, PushRefusal, PushRequest, QueueError,
        QueueStats, Queues, TriggerOutcome,
    },
    ranker::Ranker,
    scheduler::{Admitted, HandleFailure},
    store::{Store, Unit},
    task::{RankedBy, Task, TaskChange},
    trigger::Trigger,
};

use super::{FakePlugins, FakeStore};

/// What the plugin, or the host on its way there, does about a trigger.
pub(crate) enum Reply {
    /// Handles it with one command.
    Handle,
    /// Handles it, and sends a message to itself.
    HandleAndSend,
    /// Handles it, but another host was faster.
    Repeated,
    /// The queue has no room.
    Full,
    /// Does not handle it.
    Fail(HandleFailure),
    /// Does not get that far.
    Error(QueueError),
}

type Script = Box<dyn Fn(&Trigger) -> Reply + Send>;

/// Queues that only know triggers.
pub(crate) struct FakeQueues {
    store: Arc<FakeStore>,
    plugins: Arc<FakePlugins>,
    pub(super) script: Mutex<Script>,
    pub(super) told: Mutex<Vec<Trigger>>,
    pub(super) counted: Mutex<usize>,
}

impl FakeQueues {
    /// Over a store, with plugins that handle everything.
    pub(super) fn new(store: Arc<FakeStore>, plugins: Arc<FakePlugins>) -> Self {
        let script: Script = Box::new(|_| Reply::Handle);
        Self {
            store,
            plugins,
            script: Mutex::new(script),
            told: Mutex::default(),
            counted: Mutex::default(),
        }
    }
}

fn absent<T>() -> Result<T, QueueError> {
    Err(QueueError::Stopping)
}

#[async_trait]
impl Queues for FakeQueues {
    fn schedulers(&self) -> Vec<SchedulerId> {
        self.plugins.known.lock().unwrap().clone()
    }

    async fn trigger(
        &self,
        scheduler: &SchedulerId,
        trigger: Trigger,
        with: Unit,
    ) -> Result<TriggerOutcome, QueueError> {
        let Some(plugin) = self.plugins.scheduler(scheduler) else {
            return Err(QueueError::NoPlugin(scheduler.clone()));
        };
        if !trigger.wanted_by(&plugin.description().interests) {
            return Ok(TriggerOutcome::Unwanted);
        }
        let reply = (*self.script.lock().unwrap())(&trigger);
        self.told.lock().unwrap().push(trigger);
        tokio::task::yield_now().await;
        let messages = u64::from(matches!(reply, Reply::HandleAndSend));
        match reply {
            Reply::Error(error) => return Err(error),
            Reply::Fail(failure) => return Ok(TriggerOutcome::Failed(failure)),
            Reply::Repeated => return Ok(TriggerOutcome::Repeated),
            Reply::Full => {
                return Ok(TriggerOutcome::Full { after_ms: 1000, reason: "full".to_owned() });
            }
            Reply::Handle | Reply::HandleAndSend => {}
        }
        if self.store.commit(vec![with]).await?.iter().any(|unit| unit.refused_by.is_some()) {
            return Ok(TriggerOutcome::Repeated);
        }
        *self.counted.lock().unwrap() += 1;
        Ok(TriggerOutcome::Done { pushed: 1, duplicates: 0, cancelled: 0, messages })
    }

    async fn stats(&self, _: &SchedulerId) -> Result<QueueStats, QueueError> {
        absent()
    }

    async fn admit(
        &self,
        _: &SchedulerId,
        _: &Organisation,
        _: &str,
    ) -> Result<Result<Admitted, PushRefusal>, QueueError> {
        absent()
    }

    async fn push(
        &self,
        _: &SchedulerId,
        _: Vec<PushRequest>,
    ) -> Result<Vec<Result<Task, PushRefusal>>, QueueError> {
        absent()
    }

    async fn pop(&self, _: &SchedulerId, _: PopRequest) -> Result<Vec<Task>, QueueError> {
        absent()
    }

    async fn update(&self, _: TaskId, _: TaskChange) -> Result<Task, QueueError> {
        absent()
    }

    async fn heartbeat(&self, _: TaskId, _: Option<u32>) -> Result<Option<Timestamp>, QueueError> {
        absent()
    }

    async fn cancel(&self, _: &SchedulerId, _: CancelRequest) -> Result<u64, QueueError> {
        absent()
    }

    async fn dry_run(&self, _: &SchedulerId, _: Trigger) -> Result<DryRun, QueueError> {
        absent()
    }

    async fn head(
        &self,
        _: &SchedulerId,
        _: Option<&Organisation>,
        _: u32,
    ) -> Result<Vec<Place>, QueueError> {
        absent()
    }

    async fn priorities(&self, _: &[(SchedulerId, TaskId)]) -> Vec<Option<(Priority, RankedBy)>> {
        Vec::new()
    }

    async fn explain(&self, _: TaskId) -> Result<Explained, QueueError> {
        absent()
    }

    async fn preview(
        &self,
        _: &SchedulerId,
        _: Arc<dyn Ranker>,
        _: PreviewOptions,
    ) -> Result<Preview, QueueError> {
        absent()
    }

    fn swap_ranker(&self, _: &SchedulerId, _: Option<Arc<dyn Ranker>>) -> Result<(), QueueError> {
        absent()
    }
}
