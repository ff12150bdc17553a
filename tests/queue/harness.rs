//! Queues on a `SQLite` file of their own, under a clock that stands still.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use hinny_core::{
    Clock, ManualClock, Organisation, Priority, SchedulerId, TaskHash, TaskId, TaskType, Timestamp,
    command::Handled,
    id::IdGenerator,
    input::{ColumnValues, Columns, InputSpec},
    plugin::ActivePlugins,
    queue::{PopRequest, PushRefusal, PushRequest, QueueConfig, QueueError, Queues},
    ranker::{Explanation, FailureKind, PluginFailure, RankContext, RankFailure, Ranker},
    scheduler::{
        Admitted, Draft, HandleFailure, Rejection, SchedulePlan, SchedulerDescription,
        SchedulerPlugin,
    },
    status::StatusRule,
    store::Store,
    task::Task,
    trigger::{Interest, Trigger},
};
use hinny_queue::{HostQueues, QueueParts};
use hinny_store::{SqliteOptions, SqliteStore};
use serde_json::{Value, json};
use tokio::sync::Notify;

pub(crate) const START: i64 = 1_767_225_600_000_000;

/// A host of one queue, `jobs`.
pub(crate) struct Rig {
    pub(crate) queues: Arc<HostQueues>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) plugin: Arc<FakePlugin>,
    pub(crate) jobs: SchedulerId,
    config: QueueConfig,
    folder: Arc<tempfile::TempDir>,
}

#[derive(Default)]
pub(crate) struct RigBuilder {
    ranker: Option<Arc<dyn Ranker>>,
    change: Vec<Box<dyn FnOnce(&mut QueueConfig)>>,
    wrap: Option<Box<dyn FnOnce(Arc<dyn Store>) -> Arc<dyn Store>>>,
}

impl RigBuilder {
    pub(crate) fn ranker(mut self, ranker: FakeRanker) -> Self {
        self.ranker = Some(Arc::new(ranker));
        self
    }

    pub(crate) fn config(mut self, change: impl FnOnce(&mut QueueConfig) + 'static) -> Self {
        self.change.push(Box::new(change));
        self
    }

    /// Puts something between the queues and the database.
    pub(crate) fn wrap(
        mut self,
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store> + 'static,
    ) -> Self {
        self.wrap = Some(Box::new(wrap));
        self
    }

    pub(crate) async fn start(self) -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&SqliteOptions::file(folder.path().join("hinny.db"))).await;
        let mut store: Arc<dyn Store> = Arc::new(store.unwrap());
        if let Some(wrap) = self.wrap {
            store = wrap(store);
        }
        let mut config = config();
        for change in self.change {
            change(&mut config);
        }
        let clock = Arc::new(ManualClock::at(Timestamp::from_micros(START)));
        Rig::on(store, clock, config, self.ranker, Arc::new(folder)).await
    }
}

fn config() -> QueueConfig {
    QueueConfig {
        scheduler: SchedulerId::new("jobs").unwrap(),
        tasks_max: 0,
        lease: Some(Duration::from_mins(1)),
        attempts_max: 3,
        backoff: Duration::from_secs(10),
        backoff_max: Duration::from_secs(15),
        status_rule: StatusRule::Strict,
        classes: vec!["/kind".to_owned()],
        group: None,
        pop_default: 1,
        pop_max: 1000,
    }
}

impl Rig {
    pub(crate) fn builder() -> RigBuilder {
        RigBuilder::default()
    }

    pub(crate) async fn start() -> Self {
        Self::builder().start().await
    }

    async fn on(
        store: Arc<dyn Store>,
        clock: Arc<ManualClock>,
        config: QueueConfig,
        ranker: Option<Arc<dyn Ranker>>,
        folder: Arc<tempfile::TempDir>,
    ) -> Self {
        let plugin = Arc::new(FakePlugin::default());
        let parts = QueueParts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ids: Arc::new(IdGenerator::default()),
            plugins: Arc::new(OnePlugin(Arc::clone(&plugin))),
            queues: vec![(config.clone(), ranker)],
        };
        let queues = HostQueues::start(parts).await.unwrap();
        let jobs = config.scheduler.clone();
        Self { queues, store, clock, plugin, jobs, config, folder }
    }

    /// Another host on the same database, as after a restart.
    pub(crate) async fn restarted(&self) -> Self {
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        Self::on(store, clock, self.config.clone(), None, Arc::clone(&self.folder)).await
    }

    pub(crate) async fn push(&self, data: Value) -> Result<Task, PushRefusal> {
        self.push_as(None, data).await
    }

    pub(crate) async fn push_as(
        &self,
        priority: Option<i64>,
        data: Value,
    ) -> Result<Task, PushRefusal> {
        let mut answers = self.push_all(vec![request(priority, &data)]).await.unwrap();
        answers.pop().unwrap()
    }

    pub(crate) async fn push_all(
        &self,
        requests: Vec<PushRequest>,
    ) -> Result<Vec<Result<Task, PushRefusal>>, QueueError> {
        self.queues.push(&self.jobs, requests).await
    }

    pub(crate) async fn pop(&self) -> Option<Task> {
        self.pop_many(1).await.pop()
    }

    pub(crate) async fn pop_many(&self, limit: u32) -> Vec<Task> {
        let request = PopRequest { limit: Some(limit), ..PopRequest::default() };
        self.queues.pop(&self.jobs, request).await.unwrap()
    }

    /// The names of the tasks in the order in which they would be popped.
    pub(crate) async fn line(&self) -> Vec<String> {
        let head = self.queues.head(&self.jobs, None, 1000).await.unwrap();
        head.iter().map(|place| name(&place.task)).collect()
    }

    pub(crate) async fn queued(&self) -> u64 {
        self.queues.stats(&self.jobs).await.unwrap().queued
    }

    /// Moves the clock and does what time brings.
    pub(crate) async fn pass(&self, span: Duration) {
        self.clock.advance(span);
        self.queues.look_after(&self.jobs).await.unwrap();
    }

    pub(crate) async fn task(&self, id: TaskId) -> Task {
        self.store.tasks_by_id(&[id]).await.unwrap().pop().unwrap()
    }
}

/// Waits for what happens in the background, looking again and again.
pub(crate) async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..5_000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("did not come about in 10 s: {what}");
}

pub(crate) fn request(priority: Option<i64>, data: &Value) -> PushRequest {
    PushRequest {
        id: None,
        organisation: Organisation::new(data["org"].as_str().unwrap_or("acme")).unwrap(),
        priority: priority.map(Priority),
        data: data.to_string(),
        not_before: None,
    }
}

/// Data of a task called `name`.
pub(crate) fn named(name: &str) -> Value {
    json!({"name": name})
}

pub(crate) fn name(task: &Task) -> String {
    let data: Value = serde_json::from_str(task.data.get()).unwrap();
    data["name"].as_str().unwrap().to_owned()
}

/// A scheduler plugin: tasks are the same when they have the same name.
pub(crate) struct FakePlugin {
    description: SchedulerDescription,
    /// What the next triggers are answered with.
    pub(crate) answers: Mutex<Vec<Result<Handled, HandleFailure>>>,
}

impl Default for FakePlugin {
    fn default() -> Self {
        Self {
            description: SchedulerDescription {
                name: "fake".to_owned(),
                version: "1.0.0".to_owned(),
                task_type: TaskType::new("job").unwrap(),
                data_schema: Arc::new(Value::Bool(true)),
                interests: vec![Interest::Messages("orders".to_owned())],
            },
            answers: Mutex::default(),
        }
    }
}

#[async_trait]
impl SchedulerPlugin for FakePlugin {
    fn generation(&self) -> u64 {
        1
    }

    fn description(&self) -> &SchedulerDescription {
        &self.description
    }

    async fn admit(
        &self,
        _now: Timestamp,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Result<Admitted, Rejection>>, PluginFailure> {
        if drafts.iter().any(|draft| draft.data.contains("poison")) {
            return Err(failure(FailureKind::Trap, "admit"));
        }
        Ok(drafts.into_iter().map(admit).collect())
    }

    async fn handle(&self, _now: Timestamp, _trigger: &Trigger) -> Result<Handled, HandleFailure> {
        self.answers.lock().unwrap().remove(0)
    }
}

fn admit(draft: Draft) -> Result<Admitted, Rejection> {
    let data: Value = serde_json::from_str(&draft.data).unwrap();
    let Some(name) = data["name"].as_str() else {
        return Err(Rejection {
            reason: "a task needs a name".to_owned(),
            field: "/name".to_owned(),
        });
    };
    Ok(Admitted {
        id: draft.sent_id.unwrap_or(draft.fresh_id),
        hash: TaskHash::new(name).unwrap(),
        data: draft.data,
        priority: draft.priority,
        plan: data["cron"].as_str().map(|cron| SchedulePlan {
            cron: Some(cron.to_owned()),
            time_zone: "UTC".to_owned(),
            deadline_at: Some(Timestamp::from_micros(START)),
        }),
    })
}

fn failure(kind: FailureKind, call: &'static str) -> PluginFailure {
    PluginFailure { plugin: "fake 1.0.0".to_owned(), call, kind, message: "as asked".to_owned() }
}

struct OnePlugin(Arc<FakePlugin>);

impl ActivePlugins for OnePlugin {
    fn scheduler(&self, _scheduler: &SchedulerId) -> Option<Arc<dyn SchedulerPlugin>> {
        Some(Arc::clone(&self.0) as Arc<dyn SchedulerPlugin>)
    }
}

/// A ranker whose priority is a factor times its one integer input.
pub(crate) struct FakeRanker {
    generation: u64,
    inputs: Arc<[InputSpec]>,
    factor: i64,
    pub(crate) refresh: Option<Duration>,
    pub(crate) fails: AtomicBool,
    /// When closed, `rank` waits at it.
    pub(crate) gate: Option<Arc<Gate>>,
}

/// Where calls wait until it is opened.
#[derive(Default)]
pub(crate) struct Gate {
    open: AtomicBool,
    opened: Notify,
    pub(crate) reached: Notify,
}

impl Gate {
    pub(crate) fn open(&self) {
        self.open.store(true, Ordering::SeqCst);
        self.opened.notify_waiters();
    }

    async fn pass(&self) {
        let mut opened = std::pin::pin!(self.opened.notified());
        opened.as_mut().enable();
        self.reached.notify_one();
        if !self.open.load(Ordering::SeqCst) {
            opened.await;
        }
    }
}

impl FakeRanker {
    pub(crate) fn new(generation: u64, input: InputSpec, factor: i64) -> Self {
        Self {
            generation,
            inputs: [input].into(),
            factor,
            refresh: None,
            fails: AtomicBool::new(false),
            gate: None,
        }
    }
}

#[async_trait]
impl Ranker for FakeRanker {
    fn generation(&self) -> u64 {
        self.generation
    }

    fn title(&self) -> &'static str {
        "fake 1.0.0"
    }

    fn inputs(&self) -> &Arc<[InputSpec]> {
        &self.inputs
    }

    fn refresh(&self) -> Option<Duration> {
        self.refresh
    }

    async fn rank(
        &self,
        _context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Priority>, RankFailure> {
        if let Some(gate) = &self.gate {
            gate.pass().await;
        }
        if self.fails.load(Ordering::SeqCst) {
            return Err(failure(FailureKind::Trap, "rank"));
        }
        let Some(ColumnValues::Integers(values)) =
            batch.columns.first().map(|column| &column.values)
        else {
            return Err(failure(FailureKind::Refused, "rank"));
        };
        Ok(values.iter().map(|value| Priority(value * self.factor)).collect())
    }

    async fn explain(
        &self,
        context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Explanation>, RankFailure> {
        let priorities = self.rank(context, batch).await?;
        Ok(priorities
            .into_iter()
            .map(|priority| Explanation { priority, terms: Vec::new(), note: None })
            .collect())
    }
}
