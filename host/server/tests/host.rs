//! A whole host in this process: its start, its stop, and what it leaves to the next one.

use std::{path::Path, sync::Arc};

use hinny_core::SchedulerId;
use hinny_server::{
    clock::SystemClock,
    config::{Config, SchedulerConfig},
    host::Host,
};

fn jobs() -> SchedulerId {
    SchedulerId::new("jobs").expect("it is a name")
}

fn config(folder: &Path) -> Config {
    let mut config =
        Config { schedulers: vec![SchedulerConfig::named(jobs())], ..Config::default() };
    config.api.listen.set_port(0);
    config.database.url = format!("sqlite:{}", folder.join("hinny.db").display());
    config.plugins.cache_directory = folder.join("cache");
    config
}

async fn start(config: Config) -> anyhow::Result<Host> {
    Host::start(config, Arc::new(SystemClock)).await
}

fn client() -> reqwest::Client {
    // Fails when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build().expect("a client needs nothing")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_that_waits_is_answered_when_the_host_stops() {
    let folder = tempfile::tempdir().unwrap();
    let host = start(config(folder.path())).await.unwrap();
    let url = format!("http://{}/schedulers/jobs/pop?wait=60", host.address());
    let waiting = tokio_util::task::AbortOnDropHandle::new(spawn(client().post(url).send()));
    while host.queues().stats(&jobs()).await.unwrap().waiting == 0 {
        tokio::task::yield_now().await;
    }
    host.stop().await;
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), r#"{"results":[]}"#);
}

#[expect(clippy::disallowed_methods, reason = "the test awaits it")]
fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(task)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_has_one_host_at_a_time_and_is_free_after_its_stop() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(config(folder.path())).await.unwrap();
    let refused = start(config(folder.path())).await.map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("is in use by another hinny"), "{refused}");
    first.stop().await;
    start(config(folder.path())).await.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_that_a_plugin_fails_says_which_key_to_mend_and_leaves_the_database_free() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = config(folder.path());
    broken.schedulers[0].ranker = Some("no-such-file.wasm".to_owned().into());
    let refused = start(broken).await.map(|_| ()).unwrap_err();
    let said: Vec<_> = refused.chain().map(ToString::to_string).collect();
    insta::assert_snapshot!(said.join("\n"), @"
    slot `jobs/ranker` has no plugin yet, and the configured one, `no-such-file.wasm`, cannot be activated; hint: mend `ranker` or `ranker_settings` of scheduler `jobs` in the configuration
    plugin file `no-such-file.wasm` cannot be read; hint: relative paths count from the working directory
    No such file or directory (os error 2)
    ");
    start(config(folder.path())).await.unwrap().stop().await;
}
