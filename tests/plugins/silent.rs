//! A database that takes every question and answers none.

use std::future::pending;

use async_trait::async_trait;
use hinny_core::{
    EventId, ScheduleId, SchedulerId, TaskHash, TaskId, Timestamp,
    event::{EventState, KeptEvent},
    filter::Filter,
    input::LastRun,
    plugin::Slot,
    schedule::{Schedule, ScheduleQuery},
    store::{CountRow, Store, StoreError, Unit, UnitOutcome},
    task::{Page, Task, TaskEvent, TaskQuery, Window},
};

type Answer<T> = Result<T, StoreError>;

pub(crate) struct SilentStore;

#[async_trait]
impl Store for SilentStore {
    async fn commit(&self, _: Vec<Unit>) -> Answer<Vec<UnitOutcome>> {
        pending().await
    }

    async fn ping(&self) -> Answer<()> {
        pending().await
    }

    async fn queued_tasks(&self, _: &SchedulerId, _: Option<TaskId>, _: u32) -> Answer<Vec<Task>> {
        pending().await
    }

    async fn tasks_by_id(&self, _: &[TaskId]) -> Answer<Vec<Task>> {
        pending().await
    }

    async fn list_tasks(&self, _: &TaskQuery, _: Window) -> Answer<Page<Task>> {
        pending().await
    }

    async fn match_queued(
        &self,
        _: &SchedulerId,
        _: &Filter,
        _: Option<&[TaskId]>,
        _: u64,
    ) -> Answer<Vec<TaskId>> {
        pending().await
    }

    async fn task_events(&self, _: TaskId) -> Answer<Vec<TaskEvent>> {
        pending().await
    }

    async fn ended_leases(&self, _: &SchedulerId, _: Timestamp, _: u32) -> Answer<Vec<Task>> {
        pending().await
    }

    async fn newest_by_hash(&self, _: &SchedulerId, _: &TaskHash) -> Answer<Option<Task>> {
        pending().await
    }

    async fn last_runs(&self, _: &SchedulerId, _: &[TaskHash]) -> Answer<Vec<Option<LastRun>>> {
        pending().await
    }

    async fn counts(&self) -> Answer<Vec<CountRow>> {
        pending().await
    }

    async fn schedule(&self, _: ScheduleId) -> Answer<Option<Schedule>> {
        pending().await
    }

    async fn list_schedules(&self, _: &ScheduleQuery, _: Window) -> Answer<Page<Schedule>> {
        pending().await
    }

    async fn due_schedules(&self, _: &SchedulerId, _: Timestamp, _: u32) -> Answer<Vec<Schedule>> {
        pending().await
    }

    async fn kept_event(&self, _: &SchedulerId, _: EventId) -> Answer<Option<KeptEvent>> {
        pending().await
    }

    async fn list_kept_events(
        &self,
        _: Option<&SchedulerId>,
        _: Option<EventState>,
        _: Window,
    ) -> Answer<Page<KeptEvent>> {
        pending().await
    }

    async fn due_events(&self, _: Timestamp, _: u32) -> Answer<Vec<KeptEvent>> {
        pending().await
    }

    async fn untold_finished(&self, _: &SchedulerId, _: u32) -> Answer<Vec<Task>> {
        pending().await
    }

    async fn state(&self, _: &Slot, _: &str) -> Answer<Option<(Vec<u8>, u64)>> {
        pending().await
    }

    async fn tidy(&self, _: Timestamp) -> Answer<()> {
        pending().await
    }
}
