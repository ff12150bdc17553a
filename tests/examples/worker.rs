//! The example worker, against a host with the plugin `jobs`.

use std::{net::TcpListener, path::Path, sync::Arc, time::Duration};

use hinny_core::{SchedulerId, TaskId, TaskStatus, queue::PushRequest, task::Task};
use hinny_example_worker::{look::look, worker::Worker};
use hinny_server::{
    clock::SystemClock,
    config::{Config, SchedulerConfig},
    host::Host,
    plugin_ref::PluginRef,
};

fn jobs() -> SchedulerId {
    SchedulerId::new("jobs").unwrap()
}

pub(super) fn config(folder: &Path) -> Config {
    let jobs_plugin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/plugins/jobs.wasm");
    assert!(jobs_plugin.exists(), "no dist/plugins/jobs.wasm; hint: cargo xtask plugins");
    let mut config = Config::default();
    config.api.listen = "127.0.0.1:0".parse().unwrap();
    config.database.url = format!("sqlite:{}", folder.join("hinny.db").display());
    config.plugins.cache_directory = folder.join("cache");
    config.schedulers = vec![SchedulerConfig {
        plugin: Some(PluginRef::File(jobs_plugin)),
        ..SchedulerConfig::named(jobs())
    }];
    config
}

pub(super) async fn start(config: Config) -> Host {
    Host::start(config, Arc::new(SystemClock)).await.unwrap()
}

pub(super) async fn push(host: &Host, data: &str) -> TaskId {
    let request = PushRequest {
        id: None,
        organisation: "acme".parse().unwrap(),
        priority: None,
        data: data.to_owned(),
        not_before: None,
    };
    let mut pushed = host.queues().push(&jobs(), vec![request]).await.unwrap();
    pushed.remove(0).unwrap().id
}

pub(super) async fn task(host: &Host, id: TaskId) -> Task {
    host.store().tasks_by_id(&[id]).await.unwrap().remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_carries_out_what_was_pushed_and_says_how_it_went() {
    let folder = tempfile::tempdir().unwrap();
    let host = start(config(folder.path())).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let good =
        push(&host, &format!(r#"{{"address": "{}"}}"#, listener.local_addr().unwrap())).await;
    let bad = push(&host, r#"{"place": "127.0.0.1:22"}"#).await;

    let url = format!("http://{}", host.address());
    let work = move || {
        let worker = Worker::new(&url, "jobs", "worker-7", None);
        for _ in 0..2 {
            let task = worker.pop(Duration::ZERO).unwrap().expect("two tasks were pushed");
            worker.carry_out(&task, look).unwrap();
        }
        worker.pop(Duration::ZERO).unwrap().map(|task| task.id)
    };
    assert_eq!(tokio::task::spawn_blocking(work).await.unwrap(), None);

    let (good, bad) = (task(&host, good).await, task(&host, bad).await);
    assert_eq!((good.status, good.attempt), (TaskStatus::Completed, 1));
    assert_eq!(good.worker.as_deref(), Some("worker-7"));
    assert_eq!(bad.status, TaskStatus::Failed);
    let reason = bad.reason.unwrap_or_default();
    assert!(reason.contains("`address`"), "{reason}");
    host.stop().await;
}
