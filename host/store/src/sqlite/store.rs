//! The store: core's traits over the statements of this folder.

use std::{
    collections::HashSet,
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
use sqlx::SqlitePool;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    SqliteOptions,
    checkpoint::{self, Moved, Mover},
    commit, count, event, facts, history, import, list, matching,
    open::{Opened, open},
    plugin, schedule, state, task, tidy, trust,
    writer::Writer,
};
use crate::driven::driven;

/// Storage in an embedded `SQLite` file.
///
/// [`SqliteStore::close`] leaves the file without a log beside it; without it nothing is lost, the
/// next start reads the log.
pub struct SqliteStore {
    writer: Arc<Writer>,
    readers: SqlitePool,
    tell_finished: RwLock<HashSet<SchedulerId>>,
    tasks: TaskTracker,
    stop: CancellationToken,
    /// Closed after the connections.
    moved: Moved,
    /// The folder of a temporary database; it goes with the store.
    _folder: Option<tempfile::TempDir>,
}

impl SqliteStore {
    /// Opens a database, makes it if it is missing, and brings its schema up to date.
    pub async fn open(options: &SqliteOptions) -> Result<Self, StoreError> {
        let Opened { writer, readers, others, moved, folder } = open(options).await?;
        let (writer, tasks, stop) =
            (Arc::new(writer), TaskTracker::new(), CancellationToken::new());
        let mover = Mover { options: others, writer: Arc::clone(&writer), moved: moved.clone() };
        tasks.spawn(mover.keep_short(stop.clone()));
        tasks.close();
        let tell_finished = RwLock::default();
        Ok(Self { writer, readers, tell_finished, tasks, stop, moved, _folder: folder })
    }

    /// Brings the schema of a database up to date; the answer is the schema before and now.
    pub async fn migrate(options: &SqliteOptions) -> Result<(i64, i64), StoreError> {
        super::open::migrate(options).await
    }

    /// The schema of a database, and the newest that this program knows. The database must exist.
    pub async fn schema_version(options: &SqliteOptions) -> Result<(i64, i64), StoreError> {
        super::open::schema_version(options).await
    }

    /// Sets whose ended tasks are kept for [`Store::untold_finished`], from the next commit on.
    pub fn set_tell_finished(&self, schedulers: HashSet<SchedulerId>) {
        *self.tell_finished.write().unwrap_or_else(PoisonError::into_inner) = schedulers;
    }

    /// Moves the log into the database file, and empties it if no reader needs it.
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        checkpoint::checkpoint(&self.writer, &self.moved).await
    }

    /// Waits for what is going on, and closes the database.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.stop.cancel();
        self.tasks.wait().await;
        self.readers.close().await;
        let moved = self.checkpoint().await;
        self.writer.close().await.and(moved)
    }

    fn tell(&self) -> HashSet<SchedulerId> {
        self.tell_finished.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, units: Vec<Unit>) -> Result<Vec<UnitOutcome>, StoreError> {
        let (writer, tell) = (Arc::clone(&self.writer), self.tell());
        driven(&self.tasks, async move { commit::commit(&writer, units, &tell).await }).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        super::open::ping(&self.readers).await
    }

    async fn queued_tasks(
        &self,
        scheduler: &SchedulerId,
        after: Option<TaskId>,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        task::queued(&self.readers, scheduler, after, limit).await
    }

    async fn tasks_by_id(&self, ids: &[TaskId]) -> Result<Vec<Task>, StoreError> {
        task::by_id(&self.readers, ids).await
    }

    async fn facts_by_id(&self, ids: &[TaskId]) -> Result<Vec<StoredFacts>, StoreError> {
        facts::facts_by_id(&self.readers, ids).await
    }

    async fn data_by_id(&self, ids: &[TaskId]) -> Result<Vec<Option<String>>, StoreError> {
        facts::data_by_id(&self.readers, ids).await
    }

    async fn list_tasks(
        &self,
        query: &TaskQuery,
        window: Window,
    ) -> Result<Page<Task>, StoreError> {
        list::tasks(&self.readers, query, window).await
    }

    async fn match_queued(
        &self,
        scheduler: &SchedulerId,
        filter: &Filter,
        among: Option<&[TaskId]>,
        limit: u64,
    ) -> Result<Vec<TaskId>, StoreError> {
        matching::match_queued(&self.readers, scheduler, filter, among, limit).await
    }

    async fn task_events(&self, id: TaskId) -> Result<Vec<TaskEvent>, StoreError> {
        history::events(&self.readers, id).await
    }

    async fn ended_leases(
        &self,
        scheduler: &SchedulerId,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        task::ended_leases(&self.readers, scheduler, by, limit).await
    }

    async fn newest_by_hash(
        &self,
        scheduler: &SchedulerId,
        hash: &TaskHash,
    ) -> Result<Option<Task>, StoreError> {
        task::newest_by_hash(&self.readers, scheduler, hash).await
    }

    async fn newest_by_hashes(
        &self,
        scheduler: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<Task>>, StoreError> {
        task::newest_by_hashes(&self.readers, scheduler, hashes).await
    }

    async fn last_runs(
        &self,
        scheduler: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<LastRun>>, StoreError> {
        history::last_runs(&self.readers, scheduler, hashes).await
    }

    async fn counts(&self) -> Result<Vec<CountRow>, StoreError> {
        count::counts(&self.readers).await
    }

    async fn schedule(&self, id: ScheduleId) -> Result<Option<Schedule>, StoreError> {
        schedule::by_id(&self.readers, id).await
    }

    async fn schedules_by_hash(
        &self,
        scheduler: &SchedulerId,
        hashes: &[TaskHash],
    ) -> Result<Vec<Option<Schedule>>, StoreError> {
        schedule::by_hash(&self.readers, scheduler, hashes).await
    }

    async fn list_schedules(
        &self,
        query: &ScheduleQuery,
        window: Window,
    ) -> Result<Page<Schedule>, StoreError> {
        list::schedules(&self.readers, query, window).await
    }

    async fn due_schedules(
        &self,
        scheduler: &SchedulerId,
        by: Timestamp,
        limit: u32,
    ) -> Result<Vec<Schedule>, StoreError> {
        schedule::due(&self.readers, scheduler, by, limit).await
    }

    async fn kept_event(
        &self,
        scheduler: &SchedulerId,
        event: EventId,
    ) -> Result<Option<KeptEvent>, StoreError> {
        event::by_id(&self.readers, scheduler, event).await
    }

    async fn list_kept_events(
        &self,
        scheduler: Option<&SchedulerId>,
        state: Option<EventState>,
        window: Window,
    ) -> Result<Page<KeptEvent>, StoreError> {
        event::list(&self.readers, scheduler, state, window).await
    }

    async fn due_events(&self, by: Timestamp, limit: u32) -> Result<Vec<KeptEvent>, StoreError> {
        event::due(&self.readers, by, limit).await
    }

    async fn untold_finished(
        &self,
        scheduler: &SchedulerId,
        limit: u32,
    ) -> Result<Vec<Task>, StoreError> {
        event::untold(&self.readers, scheduler, limit).await
    }

    async fn state(&self, slot: &Slot, key: &str) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
        state::get(&self.readers, slot, key).await
    }

    async fn tidy(&self, before: Timestamp) -> Result<(), StoreError> {
        tidy::tidy(&self.writer, before).await
    }
}

#[async_trait]
impl Import for SqliteStore {
    async fn import(
        &self,
        batch: ImportBatch,
        mode: ImportMode,
    ) -> Result<ImportOutcomes, StoreError> {
        import::import(&self.writer, batch, mode).await
    }
}

#[async_trait]
impl PluginStore for SqliteStore {
    async fn put_version(
        &self,
        version: &PluginVersion,
        component: &[u8],
    ) -> Result<(), StoreError> {
        plugin::put_version(&self.writer, version, component).await
    }

    async fn version(&self, digest: &PluginDigest) -> Result<Option<PluginVersion>, StoreError> {
        plugin::version(&self.readers, digest).await
    }

    async fn versions(&self) -> Result<Vec<PluginVersion>, StoreError> {
        plugin::versions(&self.readers).await
    }

    async fn component(&self, digest: &PluginDigest) -> Result<Option<Vec<u8>>, StoreError> {
        plugin::component(&self.readers, digest).await
    }

    async fn put_signature(&self, signature: &PluginSignature) -> Result<(), StoreError> {
        trust::put_signature(&self.writer, signature).await
    }

    async fn signatures(
        &self,
        digest: Option<&PluginDigest>,
    ) -> Result<Vec<PluginSignature>, StoreError> {
        trust::signatures(&self.readers, digest).await
    }

    async fn put_refusal(&self, refusal: &Refusal) -> Result<(), StoreError> {
        trust::put_refusal(&self.writer, refusal).await
    }

    async fn refusals(&self) -> Result<Vec<Refusal>, StoreError> {
        trust::refusals(&self.readers).await
    }

    async fn activate(&self, activation: &Activation) -> Result<(), StoreError> {
        plugin::activate(&self.writer, activation).await
    }

    async fn activations(&self, slot: &Slot, limit: u32) -> Result<Vec<Activation>, StoreError> {
        plugin::activations(&self.readers, slot, limit).await
    }
}
