//! A store of schedules, kept messages and finished tasks that keeps the promises of guards.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use hinny_core::{
    EventId, ScheduleId, SchedulerId, TaskHash, TaskId, Timestamp,
    event::{EventState, KeptEvent, finished_event},
    filter::Filter,
    input::LastRun,
    plugin::Slot,
    schedule::{Schedule, ScheduleQuery},
    store::{CountRow, EventWrite, Guard, ScheduleWrite, Store, StoreError, Unit, UnitOutcome},
    task::{Page, Task, TaskEvent, TaskQuery, Window},
};
use uuid::Uuid;

/// Schedules, kept messages and finished tasks in memory.
#[derive(Default)]
pub(crate) struct FakeStore {
    down: AtomicBool,
    pub(crate) rows: Mutex<Rows>,
}

#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) seen: BTreeMap<(SchedulerId, EventId), Timestamp>,
    pub(crate) kept: BTreeMap<(SchedulerId, EventId), KeptEvent>,
    pub(crate) schedules: BTreeMap<ScheduleId, Schedule>,
    pub(crate) untold: Vec<Task>,
    pub(crate) commits: usize,
    pub(crate) reads: usize,
}

impl FakeStore {
    /// Whether it can be used.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    pub(crate) fn add_schedule(&self, schedule: Schedule) {
        self.rows.lock().unwrap().schedules.insert(schedule.id, schedule);
    }

    pub(crate) fn get_schedule(&self, number: u128) -> Schedule {
        self.rows.lock().unwrap().schedules[&ScheduleId(Uuid::from_u128(number))].clone()
    }

    pub(crate) fn all_kept(&self) -> Vec<KeptEvent> {
        self.rows.lock().unwrap().kept.values().cloned().collect()
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.down.load(Ordering::SeqCst) { Err(broken()) } else { Ok(()) }
    }
}

/// A database that cannot be used.
pub(crate) fn broken() -> StoreError {
    StoreError::Unavailable { why: "no such disk".to_owned(), hint: "plug it in" }
}

impl Rows {
    fn holds(&self, guard: &Guard) -> bool {
        match guard {
            Guard::Delivery { .. } => true,
            Guard::DeliveryInDoubt { scheduler, event, at } => {
                self.seen.get(&(scheduler.clone(), *event)) != Some(at)
            }
            Guard::FirstDelivery { scheduler, event, .. } => {
                !self.seen.contains_key(&(scheduler.clone(), *event))
            }
            Guard::Deadline { schedule, expected, .. } => self
                .schedules
                .get(schedule)
                .is_some_and(|found| found.enabled && found.deadline_at == Some(*expected)),
            Guard::State { .. } => false,
        }
    }

    fn pass(&mut self, guard: Guard) {
        match guard {
            Guard::Delivery { scheduler, event, at }
            | Guard::DeliveryInDoubt { scheduler, event, at }
            | Guard::FirstDelivery { scheduler, event, at } => {
                self.untold.retain(|task| finished_event(task.id, task.attempt) != event);
                self.seen.insert((scheduler, event), at);
            }
            Guard::Deadline { schedule, next, .. } => {
                if let Some(found) = self.schedules.get_mut(&schedule) {
                    found.deadline_at = next;
                }
            }
            Guard::State { .. } => {}
        }
    }

    fn apply(&mut self, unit: Unit) -> UnitOutcome {
        let refused_by = unit.guards.iter().position(|guard| !self.holds(guard));
        if refused_by.is_none() {
            unit.guards.into_iter().for_each(|guard| self.pass(guard));
            for write in unit.schedules {
                let ScheduleWrite::Change { schedule, change, .. } = write else { continue };
                let found = self.schedules.get_mut(&schedule).unwrap();
                found.enabled = change.enabled.unwrap_or(found.enabled);
            }
            for write in unit.events {
                match write {
                    EventWrite::Keep(kept) => {
                        self.kept.insert((kept.scheduler.clone(), kept.message.id), *kept);
                    }
                    EventWrite::Drop { scheduler, event } => {
                        self.kept.remove(&(scheduler, event));
                    }
                    EventWrite::Unmark { scheduler, event } => {
                        self.seen.remove(&(scheduler, event));
                    }
                }
            }
        }
        UnitOutcome {
            refused_by,
            updates: Vec::new(),
            claims: Vec::new(),
            schedules: Vec::new(),
            pushes: Vec::new(),
        }
    }
}

fn missing<T>() -> Result<T, StoreError> {
    Err(broken())
}

#[async_trait]
impl Store for FakeStore {
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<UnitOutcome>, StoreError> {
        self.check()?;
        let mut rows = self.rows.lock().unwrap();
        rows.commits += 1;
        Ok(units.into_iter().map(|unit| rows.apply(unit)).collect())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.check()
    }

    async fn due_schedules(
        &self,
        scheduler: &SchedulerId,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Schedule>, StoreError> {
        self.check()?;
        let mut rows = self.rows.lock().unwrap();
        rows.reads += 1;
        let is_due = |schedule: &&Schedule| {
            schedule.enabled
                && schedule.scheduler == *scheduler
                && schedule.deadline_at.is_some_and(|at| at <= by)
        };
        let mut due: Vec<_> = rows.schedules.values().filter(is_due).cloned().collect();
        due.sort_by_key(|schedule| (schedule.deadline_at, schedule.id));
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn kept_event(
        &self,
        scheduler: &SchedulerId,
        event: EventId,
    ) -> Result<Option<KeptEvent>, StoreError> {
        self.check()?;
        Ok(self.rows.lock().unwrap().kept.get(&(scheduler.clone(), event)).cloned())
    }

    async fn due_events(&self, by: Timestamp, limit: u32) -> Result<Vec<KeptEvent>, StoreError> {
        self.check()?;
        let is_due = |kept: &KeptEvent| {
            kept.state == EventState::Waiting && kept.retry_at.is_some_and(|at| at <= by)
        };
        let mut due: Vec<_> = self.all_kept().into_iter().filter(is_due).collect();
        due.sort_by_key(|kept| kept.retry_at);
        due.truncate(limit as usize);
        Ok(due)
    }

    async fn untold_finished(
        &self,
        scheduler: &SchedulerId,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        self.check()?;
        let mut rows = self.rows.lock().unwrap();
        rows.reads += 1;
        let of = rows.untold.iter().filter(|task| task.scheduler == *scheduler);
        Ok(of.take(limit as usize).cloned().collect())
    }

    async fn queued_tasks(
        &self,
        _: &SchedulerId,
        _: Option<TaskId>,
        _: u32,
    ) -> Result<Vec<Task>, StoreError> {
        missing()
    }

    async fn tasks_by_id(&self, _: &[TaskId]) -> Result<Vec<Task>, StoreError> {
        missing()
    }

    async fn list_tasks(&self, _: &TaskQuery, _: Window) -> Result<Page<Task>, StoreError> {
        missing()
    }

    async fn match_queued(
        &self,
        _: &SchedulerId,
        _: &Filter,
        _: Option<&[TaskId]>,
        _: u64,
    ) -> Result<Vec<TaskId>, StoreError> {
        missing()
    }

    async fn task_events(&self, _: TaskId) -> Result<Vec<TaskEvent>, StoreError> {
        missing()
    }

    async fn ended_leases(
        &self,
        _: &SchedulerId,
        _: Timestamp,
        _: u32,
    ) -> Result<Vec<Task>, StoreError> {
        missing()
    }

    async fn newest_by_hash(
        &self,
        _: &SchedulerId,
        _: &TaskHash,
    ) -> Result<Option<Task>, StoreError> {
        missing()
    }

    async fn last_runs(
        &self,
        _: &SchedulerId,
        _: &[TaskHash],
    ) -> Result<Vec<Option<LastRun>>, StoreError> {
        missing()
    }

    async fn counts(&self) -> Result<Vec<CountRow>, StoreError> {
        missing()
    }

    async fn schedule(&self, _: ScheduleId) -> Result<Option<Schedule>, StoreError> {
        missing()
    }

    async fn list_schedules(
        &self,
        _: &ScheduleQuery,
        _: Window,
    ) -> Result<Page<Schedule>, StoreError> {
        missing()
    }

    async fn list_kept_events(
        &self,
        _: Option<&SchedulerId>,
        _: Option<EventState>,
        _: Window,
    ) -> Result<Page<KeptEvent>, StoreError> {
        missing()
    }

    async fn state(&self, _: &Slot, _: &str) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        missing()
    }

    async fn tidy(&self, _: Timestamp) -> Result<(), StoreError> {
        missing()
    }
}
