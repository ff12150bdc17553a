//! Queues: a list of tasks, lowest priority first.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use hinny_core::{
    Organisation, Priority, SchedulerId, TaskHash, TaskId, TaskStatus, TaskType, Timestamp,
    command::{OwnMessage, StateWrite},
    dry_run::{DryRun, WouldDo},
    preview::{Comparison, Mover, Oldest, Overlap, Preview, PreviewOptions, Share},
    queue::{
        CancelRequest, Explained, Place, PopRequest, PushRefusal, PushRequest, QueueError,
        QueueStats, Queues, TriggerOutcome,
    },
    ranker::{Explanation, Ranker, Term},
    scheduler::{Admitted, HandleFailure},
    store::Unit,
    task::{RankedBy, Task, TaskChange},
    trigger::Trigger,
};
use serde_json::{Value, value::RawValue};

use super::{FakeHost, now, task};
use crate::tests::jobs;

impl FakeHost {
    fn check(scheduler: &SchedulerId) -> Result<(), QueueError> {
        if *scheduler == jobs() {
            return Ok(());
        }
        Err(QueueError::UnknownScheduler(scheduler.clone()))
    }

    fn push_one(&self, number: u128, request: PushRequest) -> Result<Task, PushRefusal> {
        let mut tasks = self.tasks.lock().unwrap();
        let admitted = admit(&request.data)?;
        if let Some(live) = tasks.iter().find(|task| task.hash == admitted.hash) {
            return Err(PushRefusal::Duplicate { hash: admitted.hash, live: live.id });
        }
        if tasks.len() >= 5 {
            return Err(PushRefusal::Full { scheduler: jobs(), queued: 5, max: 5 });
        }
        let mut pushed = task(number, &request.data);
        pushed.id = request.id.unwrap_or(pushed.id);
        pushed.hash = admitted.hash;
        pushed.organisation = request.organisation;
        pushed.priority = request.priority.unwrap_or(Priority(0));
        pushed.base_priority = request.priority;
        pushed.not_before = request.not_before;
        tasks.push(pushed.clone());
        Ok(pushed)
    }
}

/// Takes data with a `target`, and hashes it by that.
fn admit(data: &str) -> Result<Admitted, PushRefusal> {
    let value: Value = serde_json::from_str(data).unwrap();
    let Some(target) = value["target"].as_str() else {
        return Err(PushRefusal::Schema {
            scheduler: jobs(),
            field: "/target".to_owned(),
            reason: "it is missing".to_owned(),
        });
    };
    Ok(Admitted {
        id: TaskId(uuid::Uuid::nil()),
        hash: TaskHash::new(format!("hash of {target}")).unwrap(),
        data: "{}".to_owned(),
        priority: None,
        plan: None,
    })
}

#[async_trait]
impl Queues for FakeHost {
    fn schedulers(&self) -> Vec<SchedulerId> {
        vec![jobs()]
    }

    async fn stats(&self, scheduler: &SchedulerId) -> Result<QueueStats, QueueError> {
        Self::check(scheduler)?;
        Ok(QueueStats {
            scheduler: jobs(),
            task_type: Some(TaskType::new("job").unwrap()),
            tasks_max: 5,
            queued: self.tasks.lock().unwrap().len() as u64,
            delayed: 1,
            waiting: 2,
            generation: 3,
            switching: None,
            last_activity: Some(now()),
        })
    }

    async fn push(
        &self,
        scheduler: &SchedulerId,
        requests: Vec<PushRequest>,
    ) -> Result<Vec<Result<Task, PushRefusal>>, QueueError> {
        Self::check(scheduler)?;
        let number = self.tasks.lock().unwrap().len() as u128;
        let requests = requests.into_iter().enumerate();
        Ok(requests.map(|(at, request)| self.push_one(number + at as u128, request)).collect())
    }

    async fn admit(
        &self,
        scheduler: &SchedulerId,
        _: &Organisation,
        data: &str,
    ) -> Result<Result<Admitted, PushRefusal>, QueueError> {
        Self::check(scheduler)?;
        Ok(admit(data))
    }

    async fn pop(
        &self,
        scheduler: &SchedulerId,
        request: PopRequest,
    ) -> Result<Vec<Task>, QueueError> {
        Self::check(scheduler)?;
        let limit = request.limit.unwrap_or(1) as usize;
        self.pops.lock().unwrap().push(request);
        let mut tasks = self.tasks.lock().unwrap();
        let queued = tasks.iter_mut().filter(|task| task.status == TaskStatus::Queued);
        let popped = queued.take(limit).map(|task| {
            task.attempt += 1;
            task.lease_until = Some(now().after(Duration::from_mins(1)));
            let shown = task.clone();
            task.status = TaskStatus::Dispatched;
            shown
        });
        Ok(popped.collect())
    }

    async fn update(&self, id: TaskId, change: TaskChange) -> Result<Task, QueueError> {
        let mut tasks = self.tasks.lock().unwrap();
        let task = tasks.iter_mut().find(|task| task.id == id);
        let task = task.ok_or(QueueError::UnknownTask(id))?;
        if let Some(reported) = change.attempt.filter(|attempt| *attempt != task.attempt) {
            return Err(QueueError::StaleAttempt { reported, current: task.attempt });
        }
        task.status = change.status.unwrap_or(task.status);
        task.priority = change.priority.unwrap_or(task.priority);
        if let Some(data) = &change.data {
            task.data = RawValue::from_string(data.get().to_owned()).unwrap();
        }
        self.changes.lock().unwrap().push(change);
        Ok(task.clone())
    }

    async fn heartbeat(&self, id: TaskId, _: Option<u32>) -> Result<Option<Timestamp>, QueueError> {
        let tasks = self.tasks.lock().unwrap();
        let task = tasks.iter().find(|task| task.id == id);
        match task.ok_or(QueueError::UnknownTask(id))?.status {
            TaskStatus::Dispatched => Ok(Some(now())),
            status => Err(QueueError::NotHeld { task: id, status }),
        }
    }

    async fn cancel(
        &self,
        scheduler: &SchedulerId,
        request: CancelRequest,
    ) -> Result<u64, QueueError> {
        Self::check(scheduler)?;
        self.cancels.lock().unwrap().push(request);
        Ok(self.tasks.lock().unwrap().len() as u64)
    }

    async fn trigger(
        &self,
        _: &SchedulerId,
        _: Trigger,
        _: Unit,
    ) -> Result<TriggerOutcome, QueueError> {
        Ok(TriggerOutcome::Unwanted)
    }

    async fn dry_run(
        &self,
        scheduler: &SchedulerId,
        trigger: Trigger,
    ) -> Result<DryRun, QueueError> {
        Self::check(scheduler)?;
        let Trigger::Message(message) = &trigger else {
            let failed = HandleFailure::Reject { reason: format!("a {}", trigger.kind()) };
            return Ok(DryRun::Failed(failed));
        };
        if message.source != "orders" {
            return Ok(DryRun::Unwanted);
        }
        Ok(DryRun::Would(Box::new(WouldDo {
            cancels: vec![TaskId(uuid::Uuid::nil())],
            state: vec![StateWrite { key: "seen".to_owned(), value: None, expected: None }],
            messages: vec![OwnMessage {
                source: "self".to_owned(),
                body: message.body.clone(),
                not_before: None,
            }],
            ..WouldDo::default()
        })))
    }

    async fn head(
        &self,
        scheduler: &SchedulerId,
        organisation: Option<&Organisation>,
        limit: u32,
    ) -> Result<Vec<Place>, QueueError> {
        Self::check(scheduler)?;
        let tasks = self.tasks.lock().unwrap();
        let wanted = |task: &&Task| organisation.is_none_or(|of| *of == task.organisation);
        let places = tasks.iter().filter(wanted).take(limit as usize).zip(1..);
        Ok(places.map(|(task, position)| Place { position, task: task.clone() }).collect())
    }

    /// Everything queued was ranked anew since: 7, by generation 4.
    async fn priorities(
        &self,
        tasks: &[(SchedulerId, TaskId)],
    ) -> Vec<Option<(Priority, RankedBy)>> {
        tasks.iter().map(|_| Some((Priority(7), RankedBy::Generation(4)))).collect()
    }

    async fn explain(&self, id: TaskId) -> Result<Explained, QueueError> {
        let tasks = self.tasks.lock().unwrap();
        let task = tasks.iter().find(|task| task.id == id).ok_or(QueueError::UnknownTask(id))?;
        let terms = vec![Term { label: "age".to_owned(), contribution: 10.0, input: None }];
        Ok(Explained {
            task: id,
            position: Some(1),
            priority: task.priority,
            ranked_by: task.ranked_by,
            explanation: Some(Explanation { priority: task.priority, terms, note: None }),
            ahead: Vec::new(),
        })
    }

    async fn preview(
        &self,
        scheduler: &SchedulerId,
        candidate: Arc<dyn Ranker>,
        options: PreviewOptions,
    ) -> Result<Preview, QueueError> {
        Self::check(scheduler)?;
        let task = |number| TaskId(uuid::Uuid::from_u128(number));
        let mover = |number, from, to| Mover {
            task: task(number),
            organisation: Organisation::new("acme").ok(),
            from,
            to,
            priority: Priority(from as i64),
            candidate_priority: Priority(to as i64),
            explanation: None,
            candidate_explanation: Some(Explanation {
                priority: Priority(to as i64),
                terms: vec![Term { label: "age".to_owned(), contribution: 10.0, input: None }],
                note: None,
            }),
        };
        Ok(Preview {
            scheduler: scheduler.clone(),
            current: None,
            candidate: candidate.title().to_owned(),
            failed: 0,
            failure: None,
            comparison: Comparison {
                tasks: 3,
                moved: 3,
                kendall_tau: Some(-0.25),
                overlaps: vec![Overlap { first: 10, same: 9 }],
                shares: vec![Share { organisation: "acme".to_owned(), now: 3, then: 3 }],
                oldest: Some(Oldest { tasks: 1, now: 0.0, then: 0.5 }),
            },
            forward: (0..options.movers as u128).map(|number| mover(number, 9, 1)).collect(),
            back: vec![mover(99, 1, 2)],
        })
    }

    fn swap_ranker(
        &self,
        scheduler: &SchedulerId,
        _: Option<Arc<dyn Ranker>>,
    ) -> Result<(), QueueError> {
        Self::check(scheduler)
    }
}
