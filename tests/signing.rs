//! A whole host that asks who signed its plugins: what it starts with, and what is put into its folder.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use hinny_core::{
    Organisation, Priority, SchedulerId,
    plugin::{ActivateRequest, Activation},
    queue::{PopRequest, PushRequest},
};
use hinny_plugins::{SigningKey, digest};
use hinny_server::{
    clock::SystemClock,
    config::{Config, SchedulerConfig, TrustedKeyConfig},
    host::Host,
};
use serde_json::{Value, json};

fn jobs() -> SchedulerId {
    SchedulerId::new("jobs").unwrap()
}

fn secret() -> SigningKey {
    SigningKey::from_pem(&SigningKey::pem_of_random([1; 32])).unwrap()
}

/// A folder with copies of plugins, for a host of its own.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.path("in")).unwrap();
        for name in ["jobs", "rank-fifo"] {
            let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/plugins");
            fs::copy(built.join(format!("{name}.wasm")), place.path(&format!("{name}.wasm")))
                .unwrap();
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn sign(&self, name: &str) {
        let component = fs::read(self.path(&format!("{name}.wasm"))).unwrap();
        let signature = secret().sign(digest(&component));
        fs::write(self.path(&format!("{name}.wasm.sig")), signature.to_string()).unwrap();
    }

    /// What is put into the watched folder.
    fn put(&self, name: &str) {
        fs::copy(self.path(name), self.path(&format!("in/{name}"))).unwrap();
    }

    fn config(&self, signed: bool) -> Config {
        let mut scheduler = SchedulerConfig::named(jobs());
        scheduler.plugin = Some(self.path("jobs.wasm").display().to_string().into());
        let mut config = Config { schedulers: vec![scheduler], ..Config::default() };
        // The machine may be busy with other tests.
        for limit in [
            &mut config.plugins.limits.configure_ms,
            &mut config.plugins.limits.describe_ms,
            &mut config.plugins.limits.admit_ms,
            &mut config.plugins.limits.rank_ms,
        ] {
            *limit = 20_000;
        }
        config.api.listen.set_port(0);
        config.database.url = format!("sqlite:{}", self.path("hinny.db").display());
        config.plugins.cache_directory = self.path("cache");
        config.plugins.folder = Some(self.path("in"));
        if signed {
            config.plugins.trusted_keys = vec![TrustedKeyConfig {
                name: "release".to_owned(),
                key: secret().public().to_pem(),
                slots: Vec::new(),
            }];
        }
        config
    }

    async fn start(&self, signed: bool) -> Host {
        Host::start(self.config(signed), Arc::new(SystemClock)).await.unwrap()
    }
}

/// Asks again and again, for a minute at most.
async fn once<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            match ask().await {
                Some(answer) => return answer,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(1), asking).await.expect("it happens within a minute")
}

async fn ranker(host: &Host) -> Option<Activation> {
    let slots = host.plugins().slots().await.unwrap();
    slots.into_iter().find(|slot| slot.slot.to_string() == "jobs/ranker")?.active
}

/// The entry `plugins` of `/health`.
async fn health(host: &Host) -> Value {
    let url = format!("http://{}/health", host.address());
    let ask = move || ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap();
    let health = tokio::task::spawn_blocking(ask).await.unwrap();
    let health: Value = serde_json::from_str(&health).unwrap();
    assert_eq!(health["healthy"], true, "what is wrong with a plugin does not make it unhealthy");
    let results = health["results"].as_array().unwrap();
    results.iter().find(|part| part["service"] == "plugins").unwrap()["additional"].clone()
}

async fn push(host: &Host, name: &str, priority: i64) {
    let request = PushRequest {
        id: None,
        organisation: Organisation::new("acme").unwrap(),
        priority: Some(Priority(priority)),
        data: json!({ "name": name }).to_string(),
        not_before: None,
    };
    host.queues().push(&jobs(), vec![request]).await.unwrap().remove(0).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_does_not_start_with_a_plugin_that_nobody_signed() {
    let place = Place::new();
    let refused = Host::start(place.config(true), Arc::new(SystemClock)).await.err().unwrap();
    let refused = format!("{refused:#}");
    assert!(
        refused.starts_with("slot `jobs/scheduler` has no plugin yet, and the configured one"),
        "{refused}"
    );
    assert!(
        refused.contains("may not run in slot `jobs/scheduler`: it is not signed"),
        "{refused}"
    );
    // The signature beside it is all that it takes.
    place.sign("jobs");
    let host = place.start(true).await;
    assert_eq!(health(&host).await, Value::Null);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_goes_on_without_a_ranker_that_is_not_trusted_any_more() {
    let place = Place::new();
    place.sign("jobs");
    place.put("rank-fifo.wasm");
    fs::write(place.path("in/rank-fifo.toml"), "slot = \"jobs/ranker\"\n").unwrap();
    let host = place.start(false).await;
    let active = once(async || ranker(&host).await).await;
    assert_eq!(active.by, "folder: rank-fifo.wasm");
    push(&host, "late", 9).await;
    push(&host, "soon", 3).await;
    host.stop().await;

    let host = place.start(true).await;
    let trouble = health(&host).await;
    assert!(trouble.as_str().unwrap().starts_with("`jobs/ranker` is empty: `sha256:"), "{trouble}");
    let pop = PopRequest { limit: Some(2), ..PopRequest::default() };
    let popped = host.queues().pop(&jobs(), pop).await.unwrap();
    let names: Vec<_> = popped.iter().map(|task| task.data.get()).collect();
    assert!(names[0].contains("soon") && names[1].contains("late"), "{names:?}");

    // The folder is told why, and by name; with a signature the ranker comes back.
    let refusals = once(async || {
        let refusals = host.plugins().refusals().await.unwrap();
        refusals.iter().any(|refusal| refusal.wanted == "start").then_some(refusals)
    });
    assert!(refusals.await[0].reason.contains("it is not signed"));
    place.sign("rank-fifo");
    place.put("rank-fifo.wasm.sig");
    // Same content, so that nothing is due: a person says that it is to run again.
    let version = active.digest;
    let activated = once(async || {
        let slot = "jobs/ranker".parse().unwrap();
        let request = ActivateRequest::version(slot, version, "ann");
        host.plugins().activate(request).await.ok()
    });
    assert_eq!(activated.await.generation, 2);
    assert_eq!(health(&host).await, Value::Null);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_folder_brings_in_what_is_signed_and_nothing_else() {
    let place = Place::new();
    place.sign("jobs");
    let host = place.start(true).await;
    fs::write(place.path("in/rank-fifo.toml"), "slot = \"jobs/ranker\"\n").unwrap();
    place.put("rank-fifo.wasm");
    let refusal = once(async || host.plugins().refusals().await.unwrap().pop()).await;
    assert_eq!((&*refusal.by, &*refusal.wanted), ("folder: rank-fifo.wasm", "activate"));
    assert!(ranker(&host).await.is_none());
    place.sign("rank-fifo");
    place.put("rank-fifo.wasm.sig");
    let active = once(async || ranker(&host).await).await;
    assert_eq!((active.generation, &*active.by), (1, "folder: rank-fifo.wasm"));
    host.stop().await;
}
