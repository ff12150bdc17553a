//! The way in for pushes: admission, rank and commit, in batches.
//!
//! One task per scheduler takes what has come since its last look, asks the plugins once for all of
//! it, and hands each request to the committer as a unit of its own. It does not wait for the commit:
//! the next batch is admitted and ranked while the last one is written.

use std::sync::Arc;

use hinny_core::{
    Clock, Organisation, ScheduleId, TaskStatus, TaskType, Timestamp,
    id::IdGenerator,
    plugin::ActivePlugins,
    priority::Priority,
    queue::{PushRefusal, PushRequest, QueueError},
    schedule::{MissedFire, NewSchedule},
    scheduler::{Admitted, Draft, Rejection, SchedulerPlugin},
    store::{PushOutcome, Unit},
    task::{NewTask, ScheduleLink, Task},
};
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};

use crate::{
    commit::{CommitSender, Effects, PreparedArrival},
    prepare::Preparer,
    shard::Shard,
};

/// Most requests that are admitted together.
const REQUESTS_MAX: usize = 256;

/// Requests that may wait to be admitted before their senders have to.
pub(crate) const CHANNEL_LEN: usize = 4096;

type Refused<T> = Result<T, PushRefusal>;

/// Tasks that somebody wants queued.
pub(crate) struct Incoming {
    pub(crate) requests: Vec<PushRequest>,
    pub(crate) reply: oneshot::Sender<Result<Vec<Refused<Task>>, QueueError>>,
}

pub(crate) struct Intake {
    pub(crate) shard: Arc<Shard>,
    pub(crate) plugins: Arc<dyn ActivePlugins>,
    pub(crate) preparer: Preparer,
    pub(crate) committer: CommitSender,
    pub(crate) ids: Arc<IdGenerator>,
    pub(crate) tracker: tokio_util::task::TaskTracker,
}

impl Intake {
    /// Runs until the stop, and answers everything that came before it.
    pub(crate) async fn run(self, mut incoming: mpsc::Receiver<Incoming>) {
        let mut batch = Vec::new();
        loop {
            tokio::select! {
                taken = incoming.recv_many(&mut batch, REQUESTS_MAX) => {
                    if taken == 0 {
                        return;
                    }
                    self.take_in(std::mem::take(&mut batch)).await;
                }
                // Closed, it still gives out what is in it.
                () = self.preparer.stop.cancelled(), if !incoming.is_closed() => incoming.close(),
            }
        }
    }

    async fn take_in(&self, batch: Vec<Incoming>) {
        let Some(plugin) = self.plugins.scheduler(self.shard.id()) else {
            for incoming in batch {
                let _ = incoming.reply.send(Err(QueueError::NoPlugin(self.shard.id().clone())));
            }
            return;
        };
        let now = self.preparer.clock.now();
        let drafts: Vec<_> =
            batch.iter().map(|incoming| self.drafts(&incoming.requests, now)).collect();
        let together: Vec<_> = drafts.iter().flatten().cloned().collect();
        match plugin.admit(now, together).await {
            Ok(answers) => self.rank_and_commit(&*plugin, batch, &drafts, answers, now).await,
            Err(failure) if batch.len() == 1 => {
                for incoming in batch {
                    let _ = incoming.reply.send(Err(failure.clone().into()));
                }
            }
            // One draft may have brought the call down: the others do not pay for it.
            Err(_) => {
                for (incoming, drafts) in batch.into_iter().zip(drafts) {
                    match plugin.admit(now, drafts.clone()).await {
                        Ok(answers) => {
                            let batch = vec![incoming];
                            self.rank_and_commit(&*plugin, batch, &[drafts], answers, now).await;
                        }
                        Err(failure) => {
                            let _ = incoming.reply.send(Err(failure.into()));
                        }
                    }
                }
            }
        }
    }

    fn drafts(&self, requests: &[PushRequest], now: Timestamp) -> Vec<Draft> {
        requests
            .iter()
            .map(|request| Draft {
                sent_id: request.id,
                fresh_id: self.ids.task(now),
                organisation: request.organisation.clone(),
                priority: request.priority,
                data: request.data.clone(),
                not_before: request.not_before,
            })
            .collect()
    }

    async fn rank_and_commit(
        &self,
        plugin: &dyn SchedulerPlugin,
        batch: Vec<Incoming>,
        drafts: &[Vec<Draft>],
        answers: Vec<Result<Admitted, Rejection>>,
        now: Timestamp,
    ) {
        let kind = &plugin.description().task_type;
        let mut answers = answers.into_iter();
        let mut tasks = Vec::new();
        let mut requests = Vec::with_capacity(batch.len());
        for (incoming, drafts) in batch.into_iter().zip(drafts) {
            let verdicts: Vec<Refused<usize>> = drafts
                .iter()
                .zip(answers.by_ref())
                .map(|(draft, answer)| {
                    let task = self.new_task(kind, draft, answer, now)?;
                    tasks.push(task);
                    Ok(tasks.len() - 1)
                })
                .collect();
            requests.push((incoming.reply, verdicts));
        }
        let arrivals = self.preparer.prepare_new(&self.shard, &mut tasks).await;
        let mut ready = tasks.into_iter().zip(arrivals);
        for (reply, verdicts) in requests {
            let verdicts = verdicts
                .into_iter()
                .map(|verdict| verdict.map(|_| ready.next()).transpose())
                .collect::<Option<Vec<_>>>();
            match verdicts {
                Some(verdicts) => self.commit(verdicts, reply).await,
                None => drop(reply),
            }
        }
    }

    fn new_task(
        &self,
        kind: &TaskType,
        draft: &Draft,
        answer: Result<Admitted, Rejection>,
        now: Timestamp,
    ) -> Refused<NewTask> {
        let admitted = answer.map_err(|rejection| rejected(&self.shard, rejection))?;
        let priority = admitted.priority;
        if let Some(priority) = priority.filter(|priority| !priority.in_range()) {
            return Err(PushRefusal::PriorityRange(priority));
        }
        let data = raw(&self.shard, admitted.data)?;
        let schedule = admitted.plan.map(|plan| {
            ScheduleLink::Planned(Box::new(NewSchedule {
                id: ScheduleId(self.ids.next(now)),
                scheduler: self.shard.id().clone(),
                organisation: draft.organisation.clone(),
                hash: admitted.hash.clone(),
                data: data.clone(),
                cron: plan.cron,
                time_zone: plan.time_zone,
                deadline_at: plan.deadline_at,
                missed: MissedFire::default(),
                created_at: now,
            }))
        });
        Ok(NewTask {
            id: admitted.id,
            scheduler: self.shard.id().clone(),
            schedule,
            organisation: draft.organisation.clone(),
            kind: kind.clone(),
            hash: admitted.hash,
            data,
            base_priority: priority,
            priority: Priority(0),
            ranked_by: hinny_core::task::RankedBy::Host,
            not_before: draft.not_before,
            created_at: now,
        })
    }

    /// Commits what one request brought; the answer is sent when that is done.
    async fn commit(
        &self,
        verdicts: Vec<Refused<(NewTask, PreparedArrival)>>,
        reply: oneshot::Sender<Result<Vec<Refused<Task>>, QueueError>>,
    ) {
        let mut unit = Unit::default();
        let mut effects = Effects::default();
        let mut answers = Vec::with_capacity(verdicts.len());
        for verdict in verdicts {
            answers.push(verdict.and_then(|(task, arrival)| {
                reserve(&self.shard, &task)?;
                let answer = queued_task(&task);
                unit.pushes.push(task);
                effects.arrivals.push(arrival);
                Ok(answer)
            }));
        }
        if unit.pushes.is_empty() {
            let _ = reply.send(Ok(answers));
            return;
        }
        let permit = match self.committer.reserve().await {
            Ok(permit) => permit,
            Err(failure) => {
                let _ = reply.send(Err(failure.into()));
                return;
            }
        };
        let outcome = permit.commit(unit, effects);
        let shard = Arc::clone(&self.shard);
        self.tracker.spawn(async move {
            let answer = outcome.await.map_err(QueueError::from).map(|outcome| {
                let mut pushed = outcome.pushes.into_iter();
                let committed = answers
                    .into_iter()
                    .map(|answer| answer.and_then(|task| settle(task, pushed.next().as_ref())));
                committed.collect::<Vec<_>>()
            });
            let queued = answer.iter().flatten().filter(|task| task.is_ok()).count();
            metrics::counter!("hinny_tasks_pushed_total", "scheduler" => shard.id().shared())
                .increment(queued as u64);
            let _ = reply.send(answer);
        });
    }
}

/// Room in the queue, given back when the commit is done.
pub(crate) fn reserve(shard: &Shard, task: &NewTask) -> Refused<()> {
    let mut inner = shard.lock();
    let queued = (inner.queued() + inner.reserved) as u64;
    let max = shard.config.tasks_max;
    // A person's request passes a full queue, as clients of older schedulers rely on.
    let urgent = task.base_priority.is_some_and(|priority| priority.0 <= 1);
    if max > 0 && queued >= max && !urgent {
        return Err(PushRefusal::Full { scheduler: shard.id().clone(), queued, max });
    }
    inner.reserved += 1;
    Ok(())
}

fn rejected(shard: &Shard, rejection: Rejection) -> PushRefusal {
    PushRefusal::Rejected {
        scheduler: shard.id().clone(),
        field: rejection.field,
        reason: rejection.reason,
    }
}

fn raw(shard: &Shard, data: String) -> Refused<Box<RawValue>> {
    RawValue::from_string(data).map_err(|error| PushRefusal::Rejected {
        scheduler: shard.id().clone(),
        field: String::new(),
        reason: format!("the plugin made data that is not JSON: {error}"),
    })
}

/// The task as it is once its push is committed.
fn queued_task(task: &NewTask) -> Task {
    Task {
        id: task.id,
        scheduler: task.scheduler.clone(),
        schedule: None,
        organisation: task.organisation.clone(),
        kind: task.kind.clone(),
        hash: task.hash.clone(),
        data: task.data.clone(),
        base_priority: task.base_priority,
        priority: task.priority,
        ranked_by: task.ranked_by,
        status: TaskStatus::Queued,
        attempt: 0,
        not_before: task.not_before,
        lease_until: None,
        worker: None,
        reason: None,
        dead: false,
        created_at: task.created_at,
        modified_at: task.created_at,
        finished_at: None,
    }
}

fn settle(mut task: Task, outcome: Option<&PushOutcome>) -> Refused<Task> {
    match outcome {
        Some(PushOutcome::Pushed { schedule }) => {
            task.schedule = *schedule;
            Ok(task)
        }
        Some(PushOutcome::Duplicate { live }) => {
            Err(PushRefusal::Duplicate { hash: task.hash, live: *live })
        }
        Some(PushOutcome::IdTaken) | None => Err(PushRefusal::IdTaken(task.id)),
    }
}

/// Asks the plugin about data as a push does, without queueing anything.
pub(crate) async fn admit_only(
    shard: &Shard,
    plugin: &dyn SchedulerPlugin,
    ids: &IdGenerator,
    clock: &dyn Clock,
    organisation: &Organisation,
    data: &str,
) -> Result<Refused<Admitted>, QueueError> {
    let now = clock.now();
    let draft = Draft {
        sent_id: None,
        fresh_id: ids.task(now),
        organisation: organisation.clone(),
        // A plugin may demand a priority of what is pushed; here, nothing is.
        priority: Some(Priority(1)),
        data: data.to_owned(),
        not_before: None,
    };
    let mut answers = plugin.admit(now, vec![draft]).await?.into_iter();
    let answer = answers.next().unwrap_or_else(|| {
        Err(Rejection { reason: "the plugin gave no answer".to_owned(), field: String::new() })
    });
    Ok(answer.map_err(|rejection| rejected(shard, rejection)))
}
