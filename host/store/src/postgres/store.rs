//! The store: core's traits over the statements of this folder.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use hinny_core::{
    EventId, PluginDigest, ScheduleId, SchedulerId, TaskHash, TaskId, Timestamp,
    event::{EventState, KeptEvent},
    filter::Filter,
    import::{Import, ImportBatch, ImportMode, ImportOutcomes},
    input::LastRun,
    plugin::{Activation, PluginSignature, PluginVersion, Refusal, Slot},
    schedule::{Schedule, ScheduleQuery},
    store::{CountRow, PluginStore, Store, StoreError, StoredFacts, Unit, UnitOutcome},
    task::{Page, Task, TaskEvent, TaskQuery, Window},
};
use sqlx::PgPool;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    IndexedPlace, PostgresOptions, Standing,
    away::Away,
    commit,
    completed::Completed,
    count, event, facts, history, import, list,
    lock::HostLock,
    matching,
    open::{Opened, open},
    place, plugin, schedule, state, statistics, task, tidy, trust,
    writer::Writer,
};
use crate::driven::driven;

/// Storage in a `PostgreSQL` database.
///
/// While the database is away every call fails at once; when it is back, calls work again.
pub struct PostgresStore {
    writer: Arc<Writer>,
    readers: PgPool,
    away: Arc<Away>,
    lock: Arc<HostLock>,
    tell_finished: RwLock<HashSet<SchedulerId>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    options: PostgresOptions,
    completed: Arc<Completed>,
}

impl PostgresStore {
    /// Opens a database, takes its lock, and brings its schema up to date. The database must
    /// exist; its tables are made.
    pub async fn open(options: &PostgresOptions) -> Result<Self, StoreError> {
        let Opened { writer, readers, away, lock, holder } = open(options).await?;
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        tasks.spawn(Arc::clone(&lock).keep(holder, stop.clone()));
        tasks.close();
        let tell_finished = RwLock::default();
        let (writer, options) = (Arc::new(writer), options.clone());
        let completed = Arc::default();
        let store =
            Self { writer, readers, away, lock, tell_finished, tasks, stop, options, completed };
        store.keep();
        Ok(store)
    }

    /// Keeps beside all else what makes statements quick.
    fn keep(&self) {
        let (options, written) = (self.options.clone(), self.writer.written());
        self.until_stopped(async move { statistics::keep(&options, written).await });
        let (completed, readers) = (Arc::clone(&self.completed), self.readers.clone());
        let written = self.writer.written();
        self.until_stopped(async move { completed.keep(&readers, written).await });
    }

    fn until_stopped(&self, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        // The server undoes what is broken off, or the next start does.
        self.tasks.spawn(async move { stop.run_until_cancelled(work).await });
    }

    /// Brings the schema of a database up to date; the answer is the schema before and now.
    pub async fn migrate(options: &PostgresOptions) -> Result<(i64, i64), StoreError> {
        super::open::migrate(options).await
    }

    /// The schema of a database, and the newest that this program knows.
    pub async fn schema_version(options: &PostgresOptions) -> Result<(i64, i64), StoreError> {
        super::open::schema_version(options).await
    }

    /// Which hinny uses a database now, if any does.
    pub async fn user(options: &PostgresOptions) -> Result<Option<String>, StoreError> {
        super::open::user(options).await
    }

    /// How this host stands to the lock of the database.
    pub fn standing(&self) -> Standing {
        self.lock.standing()
    }

    /// Sets whose ended tasks are kept for [`Store::untold_finished`], from the next commit on.
    pub fn set_tell_finished(&self, schedulers: HashSet<SchedulerId>) {
        *self.tell_finished.write().unwrap_or_else(PoisonError::into_inner) = schedulers;
    }

    /// Waits for what is going on, closes the connections, and gives the lock back.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.readers.close().await;
        let closed = self.writer.close().await;
        self.stop.cancel();
        self.tasks.wait().await;
        closed
    }

    /// Has lists find tasks by what stands at some places in their data, as soon as the indexes
    /// for that are made; those for other places are removed. Nobody waits for either.
    pub fn index(&self, places: BTreeSet<IndexedPlace>) {
        let options = self.options.clone();
        self.until_stopped(async move { place::keep(&options, &places).await });
    }

    fn tell(&self) -> HashSet<SchedulerId> {
        self.tell_finished.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<UnitOutcome>, StoreError> {
        let (writer, tell) = (Arc::clone(&self.writer), self.tell());
        let committing = async move { commit::commit(&writer, units, &tell).await };
        self.away.ask(driven(&self.tasks, committing)).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.lock.check()?;
        self.away.ask(super::open::ping(&self.readers)).await
    }

    async fn queued_tasks(
        &self,
        scheduler: &SchedulerId,
        after: Option<TaskId>,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        self.away.ask(task::queued(&self.readers, scheduler, after, limit)).await
    }

    async fn tasks_by_id(&self, ids: &[TaskId]) -> Result<Vec<Task>, StoreError> {
        // After a commit that failed, this is asked to find out what became of it.
        self.away.ask(self.writer.settle()).await?;
        self.away.ask(task::by_id(&self.readers, ids)).await
    }

    async fn facts_by_id(&self, ids: &[TaskId]) -> Result<Vec<StoredFacts>, StoreError> {
        self.away.ask(facts::facts_by_id(&self.readers, ids)).await
    }

    async fn data_by_id(&self, ids: &[TaskId]) -> Result<Vec<Option<String>>, StoreError> {
        self.away.ask(facts::data_by_id(&self.readers, ids)).await
    }

    async fn list_tasks(
        &self,
        query: &TaskQuery,
        window: Window,
    ) -> Result<Page<Task>, StoreError> {
        self.away
            .ask(list::tasks(&self.readers, self.writer.past(), &self.completed, query, window))
            .await
    }

    async fn match_queued(
        &self,
        scheduler: &SchedulerId,
        filter: &Filter,
        among: Option<&[TaskId]>,
        limit: u64,
    ) -> Result<Vec<TaskId>, StoreError> {
        self.away.ask(matching::match_queued(&self.readers, scheduler, filter, among, limit)).await
    }

    async fn task_events(&self, id: TaskId) -> Result<Vec<TaskEvent>, StoreError> {
        self.away.ask(history::events(&self.readers, id)).await
    }

    async fn ended_leases(
        &self,
        scheduler: &SchedulerId,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        self.away.ask(task::ended_leases(&self.readers, scheduler, by, limit)).await
    }

    async fn newest_by_hash(
        &self,
        scheduler: &SchedulerId,
        hash: &TaskHash,
    ) -> Result<Option<Task>, StoreError> {
        self.away.ask(task::newest_by_hash(&self.readers, scheduler, hash)).await
    }

    async fn newest_by_hashes(
        &self,
        scheduler: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<Task>>, StoreError> {
        self.away.ask(task::newest_by_hashes(&self.readers, scheduler, hashes)).await
    }

    async fn last_runs(
        &self,
        scheduler: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<LastRun>>, StoreError> {
        self.away.ask(history::last_runs(&self.readers, scheduler, hashes)).await
    }

    async fn counts(&self) -> Result<Vec<CountRow>, StoreError> {
        self.away.ask(count::counts(&self.readers)).await
    }

    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>, StoreError> {
        self.away.ask(schedule::by_id(&self.readers, id)).await
    }

    async fn schedules_by_hash(
        &self,
        scheduler: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<Schedule>>, StoreError> {
        self.away.ask(schedule::by_hash(&self.readers, scheduler, hashes)).await
    }

    async fn list_schedules(
        &self,
        query: &ScheduleQuery,
        window: Window,
    ) -> Result<Page<Schedule>, StoreError> {
        self.away.ask(list::schedules(&self.readers, query, window)).await
    }

    async fn due_schedules(
        &self,
        scheduler: &SchedulerId,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Schedule>, StoreError> {
        self.away.ask(schedule::due(&self.readers, scheduler, by, limit)).await
    }

    async fn kept_event(
        &self,
        scheduler: &SchedulerId,
        event: EventId,
    ) -> Result<Option<KeptEvent>, StoreError> {
        self.away.ask(event::by_id(&self.readers, scheduler, event)).await
    }

    async fn list_kept_events(
        &self,
        scheduler: Option<&SchedulerId>,
        state: Option<EventState>,
        window: Window,
    ) -> Result<Page<KeptEvent>, StoreError> {
        self.away.ask(event::list(&self.readers, scheduler, state, window)).await
    }

    async fn due_events(&self, by: Timestamp, limit: u32) -> Result<Vec<KeptEvent>, StoreError> {
        self.away.ask(event::due(&self.readers, by, limit)).await
    }

    async fn untold_finished(
        &self,
        scheduler: &SchedulerId,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        self.away.ask(event::untold(&self.readers, scheduler, limit)).await
    }

    async fn state(&self, slot: &Slot, key: &str) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        self.away.ask(state::get(&self.readers, slot, key)).await
    }

    async fn tidy(&self, before: Timestamp) -> Result<(), StoreError> {
        self.away.ask(tidy::tidy(&self.writer, before)).await
    }
}

#[async_trait]
impl Import for PostgresStore {
    async fn import(
        &self,
        batch: ImportBatch,
        mode: ImportMode,
    ) -> Result<ImportOutcomes, StoreError> {
        self.away.ask(import::import(&self.writer, batch, mode)).await
    }
}

#[async_trait]
impl PluginStore for PostgresStore {
    async fn put_version(
        &self,
        version: &PluginVersion,
        component: &[u8],
    ) -> Result<(), StoreError> {
        self.away.ask(plugin::put_version(&self.writer, version, component)).await
    }

    async fn version(&self, digest: &PluginDigest) -> Result<Option<PluginVersion>, StoreError> {
        self.away.ask(plugin::version(&self.readers, digest)).await
    }

    async fn versions(&self) -> Result<Vec<PluginVersion>, StoreError> {
        self.away.ask(plugin::versions(&self.readers)).await
    }

    async fn component(&self, digest: &PluginDigest) -> Result<Option<Vec<u8>>, StoreError> {
        self.away.ask(plugin::component(&self.readers, digest)).await
    }

    async fn put_signature(&self, signature: &PluginSignature) -> Result<(), StoreError> {
        self.away.ask(trust::put_signature(&self.writer, signature)).await
    }

    async fn signatures(
        &self,
        digest: Option<&PluginDigest>,
    ) -> Result<Vec<PluginSignature>, StoreError> {
        self.away.ask(trust::signatures(&self.readers, digest)).await
    }

    async fn put_refusal(&self, refusal: &Refusal) -> Result<(), StoreError> {
        self.away.ask(trust::put_refusal(&self.writer, refusal)).await
    }

    async fn refusals(&self) -> Result<Vec<Refusal>, StoreError> {
        self.away.ask(trust::refusals(&self.readers)).await
    }

    async fn activate(&self, activation: &Activation) -> Result<(), StoreError> {
        self.away.ask(plugin::activate(&self.writer, activation)).await
    }

    async fn activations(&self, slot: &Slot, limit: u32) -> Result<Vec<Activation>, StoreError> {
        self.away.ask(plugin::activations(&self.readers, slot, limit)).await
    }
}
