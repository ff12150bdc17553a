//! All queues of the host: the way in for the API and the listeners.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, Weak, atomic::Ordering},
};

use async_trait::async_trait;
use hinny_core::{
    Clock, Organisation, Priority, SchedulerId, TaskId, Timestamp,
    dry_run::DryRun,
    id::IdGenerator,
    plugin::ActivePlugins,
    preview::{Preview, PreviewOptions},
    queue::{
        CancelRequest, Explained, Place, PopRequest, PushRefusal, PushRequest, QueueConfig,
        QueueError, QueueStats, Queues, TriggerOutcome,
    },
    ranker::Ranker,
    scheduler::{Admitted, SchedulerPlugin},
    store::{Store, StoreError, Unit},
    task::{RankedBy, Task, TaskChange},
    trigger::Trigger,
};
use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    cancel,
    commit::{self, Applier, CommitSender, Committer, Doubts, Message},
    explain,
    handle::Handler,
    housekeeping::Housekeeper,
    intake::{self, Incoming, Intake},
    load,
    pop::Popper,
    prepare::Preparer,
    preview::Previewer,
    rerank::Reranker,
    shard::Shard,
    update::Updater,
};

/// What the queues are made of.
pub struct QueueParts {
    /// Where tasks are kept.
    pub store: Arc<dyn Store>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes ids.
    pub ids: Arc<IdGenerator>,
    /// The scheduler plugins.
    pub plugins: Arc<dyn ActivePlugins>,
    /// One queue each, with the ranker that is active at start.
    pub queues: Vec<(QueueConfig, Option<Arc<dyn Ranker>>)>,
}

/// All queues of the host.
pub struct HostQueues {
    schedulers: Vec<SchedulerId>,
    shards: Arc<HashMap<SchedulerId, Arc<Shard>>>,
    intakes: HashMap<SchedulerId, mpsc::Sender<Incoming>>,
    preparer: Preparer,
    ids: Arc<IdGenerator>,
    plugins: Arc<dyn ActivePlugins>,
    committer: CommitSender,
    /// Everything but the committer.
    tracker: TaskTracker,
    committing: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
    stop: CancellationToken,
}

impl HostQueues {
    /// Reads and ranks what is queued, then opens the queues.
    pub async fn start(parts: QueueParts) -> Result<Arc<Self>, StoreError> {
        let stop = CancellationToken::new();
        let preparer = Preparer { store: parts.store, clock: parts.clock, stop: stop.clone() };
        let schedulers = parts.queues.iter().map(|(config, _)| config.scheduler.clone()).collect();
        let mut shards = HashMap::new();
        for (config, ranker) in parts.queues {
            let shard = Arc::new(Shard::new(config, ranker));
            load::load(&preparer, &shard).await?;
            shards.insert(shard.id().clone(), shard);
        }
        let shards = Arc::new(shards);
        let tracker = TaskTracker::new();
        let (committer, messages) = commit::channel();
        let applier = Applier {
            shards: Arc::clone(&shards),
            preparer: preparer.clone(),
            tracker: tracker.clone(),
            sender: committer.clone(),
        };
        let task = Committer { applier, messages, doubts: Doubts::default() };
        // Outside the tracker: it ends after everything that the tracker waits for.
        #[expect(clippy::disallowed_methods, reason = "`stop` awaits its handle")]
        let committing = tokio::spawn(task.run());
        let queues = Arc::new_cyclic(|queues| {
            let intakes = shards
                .values()
                .map(|shard| {
                    let housekeeper = housekeeper(shard, &preparer, &committer);
                    tracker.spawn(housekeeper.run(Weak::clone(queues), stop.clone()));
                    let intake = Intake {
                        shard: Arc::clone(shard),
                        plugins: Arc::clone(&parts.plugins),
                        preparer: preparer.clone(),
                        committer: committer.clone(),
                        ids: Arc::clone(&parts.ids),
                        tracker: tracker.clone(),
                    };
                    let (sender, incoming) = mpsc::channel(intake::CHANNEL_LEN);
                    tracker.spawn(intake.run(incoming));
                    (shard.id().clone(), sender)
                })
                .collect();
            Self {
                schedulers,
                shards,
                intakes,
                preparer,
                ids: parts.ids,
                plugins: parts.plugins,
                committer,
                tracker,
                committing: tokio::sync::Mutex::new(Some(committing)),
                stop,
            }
        });
        Ok(queues)
    }

    /// Looks after ended leases and delayed tasks now, as a timer does every second.
    pub async fn look_after(&self, scheduler: &SchedulerId) -> Result<(), QueueError> {
        housekeeper(self.shard(scheduler)?, &self.preparer, &self.committer).look().await;
        Ok(())
    }

    /// Ends everything: waiting workers get an empty answer, what was accepted is committed and
    /// answered, new requests are refused.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
        self.tracker.wait().await;
        self.committer.send(Message::Stop).await;
        if let Some(committing) = self.committing.lock().await.take() {
            // It ends by itself; a panic in it was logged by the panic hook.
            let _ = committing.await;
        }
    }

    /// Ranks everything queued anew, then switches. The one under way ends without effect.
    pub(crate) fn rerank(&self, shard: &Arc<Shard>, ranker: Option<Arc<dyn Ranker>>) {
        let superseded = self.stop.child_token();
        {
            let mut switching = shard.switching.lock().unwrap_or_else(PoisonError::into_inner);
            switching.cancel();
            *switching = superseded.clone();
        }
        // Until the switch, so that housekeeping does not ask again meanwhile.
        shard.ranked_at.store(self.preparer.clock.now().as_micros(), Ordering::Relaxed);
        let reranker = Reranker {
            shard: Arc::clone(shard),
            ranker,
            preparer: self.preparer.clone(),
            committer: self.committer.clone(),
            tracker: self.tracker.clone(),
            superseded,
        };
        self.tracker.spawn(reranker.run());
    }

    fn shard(&self, scheduler: &SchedulerId) -> Result<&Arc<Shard>, QueueError> {
        if self.stop.is_cancelled() {
            return Err(QueueError::Stopping);
        }
        self.shards.get(scheduler).ok_or_else(|| QueueError::UnknownScheduler(scheduler.clone()))
    }

    fn plugin(&self, scheduler: &SchedulerId) -> Result<Arc<dyn SchedulerPlugin>, QueueError> {
        self.plugins.scheduler(scheduler).ok_or_else(|| QueueError::NoPlugin(scheduler.clone()))
    }

    fn handler(&self, scheduler: &SchedulerId) -> Result<Handler<'_>, QueueError> {
        Ok(Handler {
            shard: self.shard(scheduler)?,
            store: &*self.preparer.store,
            preparer: &self.preparer,
            committer: &self.committer,
            ids: &self.ids,
        })
    }

    fn updater(&self) -> Result<Updater<'_>, QueueError> {
        if self.stop.is_cancelled() {
            return Err(QueueError::Stopping);
        }
        Ok(Updater {
            shards: &self.shards,
            store: &*self.preparer.store,
            clock: &*self.preparer.clock,
            committer: &self.committer,
        })
    }
}

fn housekeeper(shard: &Arc<Shard>, preparer: &Preparer, committer: &CommitSender) -> Housekeeper {
    Housekeeper {
        shard: Arc::clone(shard),
        store: Arc::clone(&preparer.store),
        clock: Arc::clone(&preparer.clock),
        committer: committer.clone(),
    }
}

#[async_trait]
impl Queues for HostQueues {
    fn schedulers(&self) -> Vec<SchedulerId> {
        self.schedulers.clone()
    }

    async fn stats(&self, scheduler: &SchedulerId) -> Result<QueueStats, QueueError> {
        let shard = self.shard(scheduler)?;
        let plugin = self.plugins.scheduler(scheduler);
        let inner = shard.lock();
        Ok(QueueStats {
            scheduler: scheduler.clone(),
            task_type: plugin.map(|plugin| plugin.description().task_type.clone()),
            tasks_max: shard.config.tasks_max,
            queued: inner.queued() as u64,
            delayed: inner.order.delayed_len() as u64,
            waiting: shard.waiters.waiting(),
            generation: inner.order.generation(),
            switching: shard.progress(),
            last_activity: shard.last_activity(),
        })
    }

    async fn push(
        &self,
        scheduler: &SchedulerId,
        requests: Vec<PushRequest>,
    ) -> Result<Vec<Result<Task, PushRefusal>>, QueueError> {
        let shard = self.shard(scheduler)?;
        let intake = self
            .intakes
            .get(shard.id())
            .ok_or_else(|| QueueError::UnknownScheduler(scheduler.clone()))?;
        let (reply, answer) = oneshot::channel();
        intake.send(Incoming { requests, reply }).await.map_err(|_| QueueError::Stopping)?;
        answer.await.unwrap_or(Err(QueueError::Stopping))
    }

    async fn admit(
        &self,
        scheduler: &SchedulerId,
        organisation: &Organisation,
        data: &str,
    ) -> Result<Result<Admitted, PushRefusal>, QueueError> {
        let shard = self.shard(scheduler)?;
        let plugin = self.plugin(scheduler)?;
        let clock = &*self.preparer.clock;
        intake::admit_only(shard, &*plugin, &self.ids, clock, organisation, data).await
    }

    async fn pop(
        &self,
        scheduler: &SchedulerId,
        request: PopRequest,
    ) -> Result<Vec<Task>, QueueError> {
        let popper = Popper {
            shard: self.shard(scheduler)?,
            store: &*self.preparer.store,
            clock: &*self.preparer.clock,
            committer: &self.committer,
            stop: &self.stop,
        };
        popper.pop(request).await
    }

    async fn update(&self, task: TaskId, change: TaskChange) -> Result<Task, QueueError> {
        self.updater()?.update(task, change).await
    }

    async fn heartbeat(
        &self,
        task: TaskId,
        attempt: Option<u32>,
    ) -> Result<Option<Timestamp>, QueueError> {
        self.updater()?.heartbeat(task, attempt).await
    }

    async fn cancel(
        &self,
        scheduler: &SchedulerId,
        request: CancelRequest,
    ) -> Result<u64, QueueError> {
        let shard = self.shard(scheduler)?;
        let now = self.preparer.clock.now();
        cancel::cancel(&*self.preparer.store, &self.committer, shard.id(), &request, now).await
    }

    async fn trigger(
        &self,
        scheduler: &SchedulerId,
        trigger: Trigger,
        with: Unit,
    ) -> Result<TriggerOutcome, QueueError> {
        let plugin = self.plugin(scheduler)?;
        self.handler(scheduler)?.handle(&*plugin, &trigger, with).await
    }

    async fn dry_run(
        &self,
        scheduler: &SchedulerId,
        trigger: Trigger,
    ) -> Result<DryRun, QueueError> {
        let handler = self.handler(scheduler)?;
        let plugin = self.plugin(scheduler)?;
        handler.dry_run(&*plugin, &trigger).await
    }

    async fn head(
        &self,
        scheduler: &SchedulerId,
        organisation: Option<&Organisation>,
        limit: u32,
    ) -> Result<Vec<Place>, QueueError> {
        explain::head(&*self.preparer.store, self.shard(scheduler)?, organisation, limit).await
    }

    async fn priorities(
        &self,
        tasks: &[(SchedulerId, TaskId)],
    ) -> Vec<Option<(Priority, RankedBy)>> {
        tasks
            .iter()
            .map(|(scheduler, task)| self.shards.get(scheduler)?.lock().order.rank_of(*task))
            .collect()
    }

    async fn explain(&self, task: TaskId) -> Result<Explained, QueueError> {
        let found = self.preparer.store.tasks_by_id(&[task]).await?.pop();
        let found = found.ok_or(QueueError::UnknownTask(task))?;
        explain::explain(&self.preparer, self.shard(&found.scheduler)?, &found).await
    }

    async fn preview(
        &self,
        scheduler: &SchedulerId,
        candidate: Arc<dyn Ranker>,
        options: PreviewOptions,
    ) -> Result<Preview, QueueError> {
        let shard = Arc::clone(self.shard(scheduler)?);
        Previewer { shard, candidate, preparer: self.preparer.clone() }.run(options).await
    }

    fn swap_ranker(
        &self,
        scheduler: &SchedulerId,
        ranker: Option<Arc<dyn Ranker>>,
    ) -> Result<(), QueueError> {
        self.rerank(self.shard(scheduler)?, ranker);
        Ok(())
    }
}
