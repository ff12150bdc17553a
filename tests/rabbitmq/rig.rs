//! A host that takes messages from the broker, through the proxy.

use std::{path::Path, sync::Arc, time::Duration};

use hinny_core::{
    SchedulerId,
    filter::Filter,
    queue::PopRequest,
    task::{Task, Window},
};
use hinny_server::{
    clock::SystemClock,
    config::{Config, RabbitmqQueueConfig, SchedulerConfig},
    host::Host,
    plugin_ref::PluginRef,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{RwLockReadGuard, RwLockWriteGuard};

use super::{
    broker::{self, Broker, until},
    proxy::Proxy,
};

/// A host, the broker, a proxy between them, and a queue with a name that nobody else uses.
pub(super) struct Rig {
    pub(super) host: Option<Host>,
    pub(super) broker: Broker,
    pub(super) proxy: Proxy,
    /// Of the queue, the source and the scheduler.
    pub(super) name: String,
    pub(super) config: Config,
    folder: TempDir,
    _right: Right,
}

/// To use the broker, or to have it alone.
#[expect(dead_code, reason = "it is held, not looked at")]
pub(super) enum Right {
    Shared(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

impl Rig {
    pub(super) async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let rig = Self::prepare(change).await;
        rig.begin().await
    }

    /// With a broker that nobody else uses meanwhile.
    pub(super) async fn start_alone() -> Self {
        let right = Right::Alone(broker::alone().await);
        Self::prepare_by(right, |_| {}).await.begin().await
    }

    /// Everything but the host.
    pub(super) async fn prepare(change: impl FnOnce(&mut Config)) -> Self {
        Self::prepare_by(Right::Shared(broker::shared().await), change).await
    }

    async fn prepare_by(right: Right, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("test-{}", uuid::Uuid::now_v7().simple());
        let (proxy, url) = Proxy::before_the_broker().await;
        let mut config = config(folder.path(), &name);
        config.rabbitmq.url = Some(url);
        change(&mut config);
        let broker = Broker::connect().await;
        Self { host: None, broker, proxy, name, config, folder, _right: right }
    }

    /// Starts the host.
    pub(super) async fn begin(mut self) -> Self {
        let host = Host::start(self.config.clone(), Arc::new(SystemClock)).await.unwrap();
        self.host = Some(host);
        self
    }

    pub(super) fn host(&self) -> &Host {
        self.host.as_ref().expect("the host runs")
    }

    pub(super) fn scheduler(&self) -> SchedulerId {
        SchedulerId::new(self.name.as_str()).unwrap()
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) async fn send(&self, bodies: &[String]) {
        self.broker.send(&self.name, bodies).await;
    }

    /// Waits until the queue is there and somebody takes messages from it.
    pub(super) async fn until_it_takes(&self) {
        until("nobody takes messages", async || self.trouble().await.is_null()).await;
    }

    /// Asks the API.
    pub(super) async fn get(&self, path: &str) -> String {
        let url = format!("http://{}{path}", self.host().address());
        let ask = move || ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
        tokio::task::spawn_blocking(ask).await.unwrap()
    }

    /// What `/health` says is wrong with the queue; null: nothing.
    pub(super) async fn trouble(&self) -> Value {
        let health: Value = serde_json::from_str(&self.get("/health").await).unwrap();
        let part = format!("rabbitmq:{}", self.name);
        let results = health["results"].as_array().unwrap();
        results.iter().find(|one| one["service"] == part).unwrap()["additional"].clone()
    }

    /// How many messages had an effect: what a plugin answered was committed.
    pub(super) async fn handled(&self) -> u64 {
        let labels = format!(r#"{{scheduler="{}",kind="message",outcome="done"}}"#, self.name);
        self.metric(&format!("hinny_triggers_total{labels}")).await
    }

    pub(super) async fn metric(&self, name: &str) -> u64 {
        let metrics = self.get("/metrics").await;
        let line = metrics.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |number| number.trim().parse::<f64>().unwrap() as u64)
    }

    pub(super) async fn until_handled(&self, count: u64) {
        let enough = async || self.handled().await >= count;
        if !broker::comes(Duration::from_secs(55), enough).await {
            let (handled, trouble) = (self.handled().await, self.trouble().await);
            let metrics = self.get("/metrics").await;
            let told = metrics.lines().filter(|line| line.contains(&self.name));
            let told: Vec<_> = told.filter(|line| !line.contains("_bucket")).collect();
            let broker = broker::rabbitmqctl(&[
                "list_queues",
                "name",
                "messages_ready",
                "messages_unacknowledged",
                "consumers",
            ]);
            panic!(
                "{handled} of {count} messages were handled; health: {trouble}\n{}\n{broker}",
                told.join("\n")
            );
        }
    }

    /// Waits until the broker has nothing left, also not under way.
    pub(super) async fn until_empty(&self) {
        let unacknowledged = format!(r#"hinny_rabbitmq_unacknowledged{{queue="{}"}}"#, self.name);
        until("the queue is not empty", async || {
            self.broker.ready(&self.name).await == 0 && self.metric(&unacknowledged).await == 0
        })
        .await;
    }

    /// As [`Rig::until_empty`], also when the broker is late to find out that a connection is dead.
    pub(super) async fn until_quiet(&self) {
        self.until_empty().await;
        a_while().await;
        self.until_empty().await;
    }

    /// The tasks that are queued.
    pub(super) async fn tasks(&self) -> Vec<Task> {
        let store = self.host().store();
        store.queued_tasks(&self.scheduler(), None, 100_000).await.unwrap()
    }

    /// Takes tasks, as a worker does.
    pub(super) async fn pop(&self, limit: u32) -> Vec<Task> {
        let request =
            PopRequest { limit: Some(limit), filter: Filter::default(), ..PopRequest::default() };
        self.host().queues().pop(&self.scheduler(), request).await.unwrap()
    }

    /// The reasons of what is kept.
    pub(super) async fn kept(&self) -> Vec<(hinny_core::EventId, String)> {
        let window = Window { offset: 0, limit: 1000, count_max: None };
        let page = self.host().store().list_kept_events(None, None, window).await.unwrap();
        page.items.into_iter().map(|kept| (kept.message.id, kept.reason)).collect()
    }

    /// How many marks of messages there are.
    pub(super) async fn marks(&self) -> i64 {
        let file = self.folder().join("hinny.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        let count = sqlx::query_scalar("SELECT count(*) FROM event_seen").fetch_one(&pool).await;
        pool.close().await;
        count.unwrap()
    }

    /// With a connection of the test's own that works.
    pub(super) async fn with_new_connection(self) -> Self {
        Self { broker: Broker::connect().await, ..self }
    }

    /// Stops the host and removes the queue.
    pub(super) async fn end(mut self) {
        if let Some(host) = self.host.take() {
            host.stop().await;
        }
        self.broker.delete(&self.name).await;
    }
}

/// Messages that make one task each.
pub(super) fn messages(numbers: std::ops::Range<u64>) -> Vec<String> {
    numbers
        .map(|number| json!({ "organisation": "acme", "data": { "n": number } }).to_string())
        .collect()
}

fn config(folder: &Path, name: &str) -> Config {
    let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/plugins/jobs.wasm");
    assert!(plugin.exists(), "no dist/plugins/jobs.wasm; hint: cargo xtask plugins");
    let mut config = Config::default();
    config.api.listen = "127.0.0.1:0".parse().unwrap();
    config.database.url = format!("sqlite:{}", folder.join("hinny.db").display());
    config.plugins.cache_directory = folder.join("cache");
    let settings = json!({ "sources": [name] });
    config.schedulers = vec![SchedulerConfig {
        plugin: Some(PluginRef::File(plugin)),
        plugin_settings: settings.as_object().unwrap().clone(),
        ..SchedulerConfig::named(SchedulerId::new(name).unwrap())
    }];
    config.rabbitmq.queues =
        vec![RabbitmqQueueConfig { queue: name.to_owned(), ..RabbitmqQueueConfig::default() }];
    config
}

/// A little while, for what must not happen in it.
pub(crate) async fn a_while() {
    tokio::time::sleep(Duration::from_millis(1500)).await;
}
