//! Tasks that are handed to a real Celery worker, which reports on them over the API.
//!
//! `HINNY_TEST_CELERY` names a Python that has Celery; `cargo xtask test` prepares one.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use hinny_core::{SchedulerId, TaskId, TaskStatus, queue::PushRequest, task::Task};
use hinny_server::{
    clock::SystemClock,
    config::{Config, DispatcherConfig, SchedulerConfig},
    host::Host,
    plugin_ref::PluginRef,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::rabbitmq::{
    broker::{self, Broker, until},
    proxy::Proxy,
};

/// A Celery worker. It ends when this is dropped.
struct Worker(Child);

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Worker {
    /// Reads a queue of the broker, and reports to a host.
    fn start(queue: &str, host: &Host, folder: &Path) -> Self {
        let python = std::env::var("HINNY_TEST_CELERY").expect(
            "HINNY_TEST_CELERY is set; hint: run the tests with `cargo xtask test`, it prepares Celery",
        );
        let log = std::fs::File::create(folder.join("celery.log")).unwrap();
        let worker = Command::new(python)
            .args(["-m", "celery", "-A", "work", "worker", "--pool", "solo", "-Q", queue])
            .args(["--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "info"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("celery"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("BROKER", broker::url())
            .env("HINNY", format!("http://{}", host.address()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        Self(worker.unwrap())
    }
}

/// A host with a dispatcher.
struct Rig {
    host: Host,
    name: String,
    proxy: Proxy,
    folder: TempDir,
}

impl Rig {
    async fn start(in_flight_max: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("celery-{}", uuid::Uuid::now_v7().simple());
        let (proxy, url) = Proxy::before_the_broker().await;
        let plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/plugins/jobs.wasm");
        let mut config = Config::default();
        config.api.listen = "127.0.0.1:0".parse().unwrap();
        config.database.url = format!("sqlite:{}", folder.path().join("hinny.db").display());
        config.plugins.cache_directory = folder.path().join("cache");
        config.schedulers = vec![SchedulerConfig {
            plugin: Some(PluginRef::File(plugin)),
            attempts_max: 1000,
            ..SchedulerConfig::named(SchedulerId::new(name.as_str()).unwrap())
        }];
        config.dispatchers = vec![DispatcherConfig {
            scheduler: name.clone(),
            url: Some(url),
            queue: name.clone(),
            task: "work.add".to_owned(),
            in_flight_max,
        }];
        let host = Host::start(config, Arc::new(SystemClock)).await.unwrap();
        Self { host, name, proxy, folder }
    }

    async fn push(&self, data: &str) -> TaskId {
        let request = PushRequest {
            id: None,
            organisation: "acme".parse().unwrap(),
            priority: None,
            data: data.to_owned(),
            not_before: None,
        };
        let scheduler = SchedulerId::new(self.name.as_str()).unwrap();
        let mut pushed = self.host.queues().push(&scheduler, vec![request]).await.unwrap();
        pushed.remove(0).unwrap().id
    }

    async fn task(&self, id: TaskId) -> Task {
        self.host.store().tasks_by_id(&[id]).await.unwrap().remove(0)
    }

    async fn until(&self, id: TaskId, status: TaskStatus) -> Task {
        until(&format!("the task is not {status}"), async || self.task(id).await.status == status)
            .await;
        self.task(id).await
    }

    async fn health(&self) -> Value {
        let url = format!("http://{}/health", self.host.address());
        let ask = move || ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
        let health: Value =
            serde_json::from_str(&tokio::task::spawn_blocking(ask).await.unwrap()).unwrap();
        health["results"][0].clone()
    }

    async fn end(self, broker: &Broker) {
        self.host.stop().await;
        broker.delete(&self.name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_celery_worker_runs_what_is_pushed_and_reports_on_it() {
    let _shared = broker::shared().await;
    let broker = Broker::connect().await;
    let rig = Rig::start(10).await;
    let worker = Worker::start(&rig.name, &rig.host, rig.folder.path());
    let good = rig.push(r#"{"a": 2, "b": 3}"#).await;
    let bad = rig.push(r#"{"a": "poison", "b": 3}"#).await;
    let good = rig.until(good, TaskStatus::Completed).await;
    assert_eq!((good.attempt, good.reason.as_deref()), (1, Some("it is 5")));
    let bad = rig.until(bad, TaskStatus::Failed).await;
    assert_eq!(bad.reason.as_deref(), Some("cannot add poison"));
    drop(worker);
    rig.end(&broker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_tasks_are_handed_over_than_may_be_in_flight() {
    let _shared = broker::shared().await;
    let broker = Broker::connect().await;
    let rig = Rig::start(3).await;
    let first = rig.push(r#"{"a": 0, "b": 0}"#).await;
    for number in 1..8 {
        rig.push(&format!(r#"{{"a": {number}, "b": 0}}"#)).await;
    }
    // By then the dispatcher has made the queue.
    rig.until(first, TaskStatus::Dispatched).await;
    until("nothing is handed over", async || broker.ready(&rig.name).await >= 3).await;
    crate::rabbitmq::rig::a_while().await;
    assert_eq!(broker.ready(&rig.name).await, 3);
    rig.end(&broker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_away_tasks_stay_on_the_queue_and_are_handed_over_afterwards() {
    let _shared = broker::shared().await;
    let broker = Broker::connect().await;
    let rig = Rig::start(1000).await;
    let first = rig.push(r#"{"a": 0, "b": 0}"#).await;
    rig.until(first, TaskStatus::Dispatched).await;
    // One that is cut off before it is confirmed goes back, and may then be there twice.
    until("it is not there", async || broker.ready(&rig.name).await == 1).await;
    crate::rabbitmq::rig::a_while().await;
    rig.proxy.shut();
    until("nobody says so", async || rig.health().await["healthy"] == false).await;
    let later = rig.push(r#"{"a": 1, "b": 0}"#).await;
    crate::rabbitmq::rig::a_while().await;
    assert_eq!(rig.task(later).await.status, TaskStatus::Queued);
    rig.proxy.open();
    rig.until(later, TaskStatus::Dispatched).await;
    until("it is not well", async || rig.health().await["healthy"] == true).await;
    until("they are not there", async || broker.ready(&rig.name).await == 2).await;
    rig.end(&broker).await;
}
