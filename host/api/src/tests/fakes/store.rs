//! Storage: what the API asks of it, and nothing for the rest.

use async_trait::async_trait;
use hinny_core::{
    EventId, Organisation, ScheduleId, SchedulerId, TaskHash, TaskId, TaskStatus, Timestamp,
    event::{EventState, KeptEvent},
    filter::{Filter, FilterError},
    input::LastRun,
    plugin::Slot,
    schedule::{Schedule, ScheduleQuery},
    store::{
        CountRow, EventWrite, ScheduleOutcome, ScheduleWrite, Store, StoreError, Unit, UnitOutcome,
    },
    task::{Page, Task, TaskEvent, TaskQuery, Window},
};

use super::{FakeHost, now};
use crate::tests::jobs;

impl FakeHost {
    fn reach(&self) -> Result<(), StoreError> {
        if *self.is_down.lock().unwrap() {
            let why = "locked".to_owned();
            return Err(StoreError::Unavailable { why, hint: "look at the disk" });
        }
        Ok(())
    }

    fn write(&self, write: ScheduleWrite) -> ScheduleOutcome {
        let mut schedules = self.schedules.lock().unwrap();
        match write {
            ScheduleWrite::Create(new) | ScheduleWrite::Upsert(new) => {
                if let Some(there) = schedules.iter().find(|there| there.hash == new.hash) {
                    return ScheduleOutcome::HashTaken(there.id);
                }
                schedules.push(new.into());
                ScheduleOutcome::Done(schedules.last().cloned().map(Box::new))
            }
            ScheduleWrite::Change { schedule, change, at } => {
                match schedules.iter_mut().find(|there| there.id == schedule) {
                    Some(there) => {
                        *there = there.clone().changed(*change, at);
                        ScheduleOutcome::Done(Some(Box::new(there.clone())))
                    }
                    None => ScheduleOutcome::NotFound,
                }
            }
            ScheduleWrite::Delete(id) => {
                schedules.retain(|schedule| schedule.id != id);
                ScheduleOutcome::Done(None)
            }
            ScheduleWrite::Disable { .. } => ScheduleOutcome::NotFound,
        }
    }
}

fn cut<T: Clone>(all: &[T], window: Window) -> Page<T> {
    let items = all.iter().skip(window.offset as usize).take(window.limit as usize);
    Page { count: all.len() as u64, items: items.cloned().collect() }
}

fn known(filter: &Filter) -> Result<(), FilterError> {
    match filter.conditions().find(|condition| condition.column == "nope") {
        Some(condition) => Err(FilterError::UnknownColumn {
            column: condition.column.clone(),
            known: "data, status".to_owned(),
        }),
        None => Ok(()),
    }
}

#[async_trait]
impl Store for FakeHost {
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<UnitOutcome>, StoreError> {
        self.reach()?;
        let one = |unit: Unit| {
            for write in unit.events {
                if let EventWrite::Drop { event, .. } = write {
                    self.kept.lock().unwrap().retain(|kept| kept.message.id != event);
                }
            }
            UnitOutcome {
                refused_by: None,
                updates: Vec::new(),
                claims: Vec::new(),
                schedules: unit.schedules.into_iter().map(|write| self.write(write)).collect(),
                pushes: Vec::new(),
            }
        };
        Ok(units.into_iter().map(one).collect())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.reach()
    }

    async fn queued_tasks(
        &self,
        _: &SchedulerId,
        _: Option<TaskId>,
        _: u32,
    ) -> Result<Vec<Task>, StoreError> {
        Ok(Vec::new())
    }

    async fn tasks_by_id(&self, ids: &[TaskId]) -> Result<Vec<Task>, StoreError> {
        self.reach()?;
        let tasks = self.tasks.lock().unwrap();
        Ok(tasks.iter().filter(|task| ids.contains(&task.id)).cloned().collect())
    }

    async fn list_tasks(
        &self,
        query: &TaskQuery,
        window: Window,
    ) -> Result<Page<Task>, StoreError> {
        self.reach()?;
        known(&query.filter)?;
        self.queries.lock().unwrap().push(query.clone());
        let tasks = self.tasks.lock().unwrap();
        let wanted = |task: &&Task| {
            query.status.is_none_or(|status| status == task.status)
                && query.organisation.as_ref().is_none_or(|one| *one == task.organisation)
                && query.min_created_at.is_none_or(|min| min <= task.created_at)
        };
        let found: Vec<_> = tasks.iter().filter(wanted).cloned().collect();
        Ok(cut(&found, window))
    }

    async fn match_queued(
        &self,
        _: &SchedulerId,
        _: &Filter,
        _: Option<&[TaskId]>,
        _: u64,
    ) -> Result<Vec<TaskId>, StoreError> {
        Ok(Vec::new())
    }

    async fn task_events(&self, _: TaskId) -> Result<Vec<TaskEvent>, StoreError> {
        Ok(vec![TaskEvent {
            at: now(),
            status: TaskStatus::Queued,
            attempt: 0,
            worker: None,
            reason: Some("pushed".to_owned()),
        }])
    }

    async fn ended_leases(
        &self,
        _: &SchedulerId,
        _: Timestamp,
        _: u32,
    ) -> Result<Vec<Task>, StoreError> {
        Ok(Vec::new())
    }

    async fn newest_by_hash(
        &self,
        _: &SchedulerId,
        _: &TaskHash,
    ) -> Result<Option<Task>, StoreError> {
        Ok(None)
    }

    async fn last_runs(
        &self,
        _: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<LastRun>>, StoreError> {
        Ok(hashes.iter().map(|_| None).collect())
    }

    async fn counts(&self) -> Result<Vec<CountRow>, StoreError> {
        self.reach()?;
        Ok(vec![CountRow {
            scheduler: jobs(),
            organisation: Organisation::new("acme").unwrap(),
            status: TaskStatus::Queued,
            hour: "2026-11-24T01:00:00Z".parse().unwrap(),
            count: 4,
        }])
    }

    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>, StoreError> {
        Ok(self.schedules.lock().unwrap().iter().find(|schedule| schedule.id == id).cloned())
    }

    async fn list_schedules(
        &self,
        query: &ScheduleQuery,
        window: Window,
    ) -> Result<Page<Schedule>, StoreError> {
        known(&query.filter)?;
        Ok(cut(&self.schedules.lock().unwrap(), window))
    }

    async fn due_schedules(
        &self,
        _: &SchedulerId,
        _: Timestamp,
        _: u32,
    ) -> Result<Vec<Schedule>, StoreError> {
        Ok(Vec::new())
    }

    async fn kept_event(
        &self,
        _: &SchedulerId,
        event: EventId,
    ) -> Result<Option<KeptEvent>, StoreError> {
        Ok(self.kept.lock().unwrap().iter().find(|kept| kept.message.id == event).cloned())
    }

    async fn list_kept_events(
        &self,
        _: Option<&SchedulerId>,
        state: Option<EventState>,
        window: Window,
    ) -> Result<Page<KeptEvent>, StoreError> {
        let kept = self.kept.lock().unwrap();
        let wanted = |kept: &&KeptEvent| state.is_none_or(|state| state == kept.state);
        let found: Vec<_> = kept.iter().filter(wanted).cloned().collect();
        Ok(cut(&found, window))
    }

    async fn due_events(&self, _: Timestamp, _: u32) -> Result<Vec<KeptEvent>, StoreError> {
        Ok(Vec::new())
    }

    async fn untold_finished(&self, _: &SchedulerId, _: u32) -> Result<Vec<Task>, StoreError> {
        Ok(Vec::new())
    }

    async fn state(&self, _: &Slot, _: &str) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        Ok(None)
    }

    async fn tidy(&self, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
}
