//! A database that fails: nothing acknowledged is lost, nothing is handed out twice.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

use async_trait::async_trait;
use hinny_core::{
    EventId, ScheduleId, SchedulerId, TaskHash, TaskId, TaskStatus, Timestamp,
    event::{EventState, KeptEvent},
    filter::Filter,
    input::LastRun,
    plugin::Slot,
    queue::{PopRequest, QueueError, Queues},
    schedule::{Schedule, ScheduleQuery},
    store::{CountRow, Store, StoreError, Unit, UnitOutcome},
    task::{Page, Task, TaskChange, TaskEvent, TaskQuery, Window},
};

use super::harness::{Rig, eventually, named, request};

/// When the next commits fail.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Fault {
    None,
    /// Before anything is written.
    Before,
    /// After the transaction, as when the connection is lost while it is confirmed.
    After,
}

/// A real store whose commits fail on demand.
pub(crate) struct FaultyStore {
    store: Arc<dyn Store>,
    fault: Arc<AtomicU8>,
}

/// Breaks and mends a store.
#[derive(Clone, Default)]
pub(crate) struct Breaker(Arc<AtomicU8>);

impl Breaker {
    pub(crate) fn set(&self, fault: Fault) {
        self.0.store(fault as u8, Ordering::SeqCst);
    }

    pub(crate) fn wrap(&self) -> impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store> + 'static {
        let fault = Arc::clone(&self.0);
        move |store| Arc::new(FaultyStore { store, fault })
    }
}

fn broken() -> StoreError {
    StoreError::Unavailable { why: "as asked".to_owned(), hint: "mend it" }
}

#[async_trait]
impl Store for FaultyStore {
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<UnitOutcome>, StoreError> {
        let fault = self.fault.load(Ordering::SeqCst);
        if fault == Fault::Before as u8 {
            return Err(broken());
        }
        let outcomes = self.store.commit(units).await?;
        if fault == Fault::After as u8 { Err(broken()) } else { Ok(outcomes) }
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.store.ping().await
    }

    async fn queued_tasks(
        &self,
        scheduler: &SchedulerId,
        after: Option<TaskId>,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        self.store.queued_tasks(scheduler, after, limit).await
    }

    async fn tasks_by_id(&self, ids: &[TaskId]) -> Result<Vec<Task>, StoreError> {
        self.store.tasks_by_id(ids).await
    }

    async fn list_tasks(
        &self,
        query: &TaskQuery,
        window: Window,
    ) -> Result<Page<Task>, StoreError> {
        self.store.list_tasks(query, window).await
    }

    async fn match_queued(
        &self,
        scheduler: &SchedulerId,
        filter: &Filter,
        among: Option<&[TaskId]>,
        limit: u64,
    ) -> Result<Vec<TaskId>, StoreError> {
        self.store.match_queued(scheduler, filter, among, limit).await
    }

    async fn task_events(&self, id: TaskId) -> Result<Vec<TaskEvent>, StoreError> {
        self.store.task_events(id).await
    }

    async fn ended_leases(
        &self,
        scheduler: &SchedulerId,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        self.store.ended_leases(scheduler, by, limit).await
    }

    async fn newest_by_hash(
        &self,
        scheduler: &SchedulerId,
        hash: &TaskHash,
    ) -> Result<Option<Task>, StoreError> {
        self.store.newest_by_hash(scheduler, hash).await
    }

    async fn last_runs(
        &self,
        scheduler: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<LastRun>>, StoreError> {
        self.store.last_runs(scheduler, hashes).await
    }

    async fn counts(&self) -> Result<Vec<CountRow>, StoreError> {
        self.store.counts().await
    }

    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>, StoreError> {
        self.store.schedule(id).await
    }

    async fn list_schedules(
        &self,
        query: &ScheduleQuery,
        window: Window,
    ) -> Result<Page<Schedule>, StoreError> {
        self.store.list_schedules(query, window).await
    }

    async fn due_schedules(
        &self,
        scheduler: &SchedulerId,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Schedule>, StoreError> {
        self.store.due_schedules(scheduler, by, limit).await
    }

    async fn kept_event(
        &self,
        scheduler: &SchedulerId,
        event: EventId,
    ) -> Result<Option<KeptEvent>, StoreError> {
        self.store.kept_event(scheduler, event).await
    }

    async fn list_kept_events(
        &self,
        scheduler: Option<&SchedulerId>,
        state: Option<EventState>,
        window: Window,
    ) -> Result<Page<KeptEvent>, StoreError> {
        self.store.list_kept_events(scheduler, state, window).await
    }

    async fn due_events(&self, by: Timestamp, limit: u32) -> Result<Vec<KeptEvent>, StoreError> {
        self.store.due_events(by, limit).await
    }

    async fn untold_finished(
        &self,
        scheduler: &SchedulerId,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        self.store.untold_finished(scheduler, limit).await
    }

    async fn state(&self, slot: &Slot, key: &str) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        self.store.state(slot, key).await
    }

    async fn tidy(&self, before: Timestamp) -> Result<(), StoreError> {
        self.store.tidy(before).await
    }
}

/// Memory equals database, once it is quiet.
pub(crate) async fn memory_equals_database(rig: &Rig) {
    eventually("memory equals database", async || {
        let stored = rig.store.queued_tasks(&rig.jobs, None, 100_000).await.unwrap();
        let mut stored: Vec<_> = stored.iter().map(|task| task.id).collect();
        let head = rig.queues.head(&rig.jobs, None, 100_000).await.unwrap();
        let delayed = rig.queues.stats(&rig.jobs).await.unwrap().delayed as usize;
        let mut memory: Vec<_> = head.iter().map(|place| place.task.id).collect();
        let same_number =
            memory.len() + delayed == stored.len() && rig.queued().await as usize == stored.len();
        stored.sort_unstable();
        memory.sort_unstable();
        same_number && memory.iter().all(|id| stored.binary_search(id).is_ok())
    })
    .await;
}

async fn pop(rig: &Rig) -> Result<Vec<Task>, QueueError> {
    rig.queues.pop(&rig.jobs, PopRequest::default()).await
}

#[tokio::test]
async fn a_pop_whose_claim_fails_leaves_the_task_where_it_was() {
    let breaker = Breaker::default();
    let rig = Rig::builder().wrap(breaker.wrap()).start().await;
    let task = rig.push(named("a")).await.unwrap();
    breaker.set(Fault::Before);
    assert!(matches!(pop(&rig).await, Err(QueueError::Store(StoreError::Unavailable { .. }))));
    breaker.set(Fault::None);
    eventually("it is back", async || rig.queued().await == 1).await;
    assert_eq!(rig.pop().await.unwrap().id, task.id);
}

#[tokio::test]
async fn a_claim_that_went_through_unseen_is_not_handed_out_again() {
    let breaker = Breaker::default();
    let rig = Rig::builder().wrap(breaker.wrap()).start().await;
    let task = rig.push(named("a")).await.unwrap();
    breaker.set(Fault::After);
    assert!(pop(&rig).await.is_err());
    breaker.set(Fault::None);
    memory_equals_database(&rig).await;
    assert!(rig.pop().await.is_none());
    assert_eq!(rig.task(task.id).await.status, TaskStatus::Dispatched);
    // Its lease brings it back.
    rig.pass(std::time::Duration::from_mins(1)).await;
    eventually("it is back", async || rig.queued().await == 1).await;
}

#[tokio::test]
async fn a_push_that_went_through_unseen_is_queued_all_the_same() {
    let breaker = Breaker::default();
    let rig = Rig::builder().wrap(breaker.wrap()).start().await;
    breaker.set(Fault::After);
    assert!(rig.push_all(vec![request(None, &named("a"))]).await.is_err());
    breaker.set(Fault::Before);
    assert!(rig.push_all(vec![request(None, &named("b"))]).await.is_err());
    breaker.set(Fault::None);
    memory_equals_database(&rig).await;
    assert_eq!(rig.line().await, ["a"]);
}

#[tokio::test]
async fn a_change_that_went_through_unseen_counts() {
    let breaker = Breaker::default();
    let rig = Rig::builder().wrap(breaker.wrap()).start().await;
    let task = rig.push(named("a")).await.unwrap();
    breaker.set(Fault::After);
    let cancel = TaskChange { status: Some(TaskStatus::Cancelled), ..TaskChange::default() };
    assert!(rig.queues.update(task.id, cancel).await.is_err());
    breaker.set(Fault::None);
    memory_equals_database(&rig).await;
    assert!(rig.pop().await.is_none());
}
