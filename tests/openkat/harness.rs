//! OpenKAT around a whole host, which runs the configuration of `examples/openkat`.

use std::{fs, path::Path, sync::Arc, time::Duration};

use hinny_core::{
    Clock, ManualClock, SchedulerId,
    event::EventOutcome,
    queue::{NewMessage, QueueStats},
};
use hinny_server::{
    config::{Config, RabbitmqConfig, Sources},
    host::Host,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    bytes::{self, Bytes},
    katalogus::Katalogus,
    octopoes::{Octopoes, hostname},
};

/// OpenKAT around a whole host.
pub(crate) struct OpenKat {
    pub(crate) katalogus: Katalogus,
    pub(crate) octopoes: Octopoes,
    pub(crate) bytes: Bytes,
    pub(crate) host: Host,
    clock: Arc<ManualClock>,
    client: reqwest::Client,
    folder: TempDir,
}

/// When a test begins.
const BEGIN: &str = "2026-02-02T02:40:00Z";

/// Longest time until something happens that a test waits for.
const PATIENCE: Duration = Duration::from_mins(1);

impl OpenKat {
    /// Starts the services and a host. Nobody has a plugin or an object yet.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same, after a change of the configuration.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (katalogus, octopoes, bytes) =
            (Katalogus::start().await, Octopoes::start().await, Bytes::start().await);
        let clock = Arc::new(ManualClock::at(BEGIN.parse().unwrap()));
        let services = [
            ("http://katalogus.example:8003", katalogus.service.url()),
            ("http://octopoes.example:8001", octopoes.service.url()),
            ("http://bytes.example:8002", bytes.service.url()),
        ];
        let mut config = configuration(folder.path(), &services);
        change(&mut config);
        let host = Host::start(config.clone(), Arc::clone(&clock) as Arc<dyn Clock>).await;
        let host = host.unwrap_or_else(|error| panic!("{error:#}"));
        Self { katalogus, octopoes, bytes, host, clock, client: client(), folder }
    }

    /// Stops the host, and starts another on the same database.
    pub(crate) async fn restart(mut self) -> Self {
        let services = [
            ("http://katalogus.example:8003", self.katalogus.service.url()),
            ("http://octopoes.example:8001", self.octopoes.service.url()),
            ("http://bytes.example:8002", self.bytes.service.url()),
        ];
        let config = configuration(self.folder.path(), &services);
        self.host.stop().await;
        self.host = Host::start(config, Arc::clone(&self.clock) as Arc<dyn Clock>).await.unwrap();
        self
    }

    /// Moves the clock, and has the host look at it.
    pub(crate) fn later(&self, by: Duration) {
        self.clock.advance(by);
        self.host.wake_listeners();
    }

    /// Says that a hostname has a scan level; the answer is what became of that.
    pub(crate) async fn mutation(
        &self,
        operation: &str,
        organisation: &str,
        name: &str,
        level: i64,
    ) -> EventOutcome {
        let value = if operation == "delete" { Value::Null } else { hostname(name, level) };
        let body = json!({
            "operation": operation, "primary_key": format!("Hostname|internet|{name}"),
            "value": value, "client_id": organisation,
        });
        self.message("scan_profile_mutations", &body.to_string()).await
    }

    /// Sends a message; the answer is what became of it at the one scheduler that wants it.
    pub(crate) async fn message(&self, source: &str, body: &str) -> EventOutcome {
        let message = NewMessage {
            id: None,
            content_type: "application/json".to_owned(),
            body: body.as_bytes().to_vec(),
            attributes: Vec::new(),
        };
        let mut submitted = self.host.events().submit(source, vec![message]).await.unwrap();
        let mut outcomes = submitted.remove(0).outcomes;
        assert_eq!(outcomes.len(), 1, "{outcomes:?}");
        outcomes.remove(0).1
    }

    /// Asks the host; the answer is the status and the document.
    pub(crate) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let url = format!("http://{}{path}", self.host.address());
        let mut request = self.client.request(method.parse().unwrap(), url);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or_default())
    }

    /// Pops everything that a scheduler has, one by one.
    pub(crate) async fn pop_all(&self, scheduler: &str) -> Vec<Value> {
        let mut popped = Vec::new();
        loop {
            match self.pop(scheduler, "?limit=1").await {
                tasks if tasks.is_empty() => return popped,
                tasks => popped.extend(tasks),
            }
        }
    }

    /// Pops once.
    pub(crate) async fn pop(&self, scheduler: &str, query: &str) -> Vec<Value> {
        let path = format!("/schedulers/{scheduler}/pop{query}");
        let (status, mut answer) = self.ask("POST", &path, None).await;
        assert_eq!(status, 200, "{answer}");
        serde_json::from_value(answer["results"].take()).unwrap()
    }

    /// Reports on a task.
    pub(crate) async fn report(&self, task: &Value, status: &str) {
        let path = format!("/tasks/{}", task["id"].as_str().unwrap());
        let (answered, answer) = self.ask("PATCH", &path, Some(&json!({"status": status}))).await;
        assert_eq!(answered, 200, "{answer}");
    }

    pub(crate) async fn stats(&self, scheduler: &str) -> QueueStats {
        self.host.queues().stats(&SchedulerId::new(scheduler).unwrap()).await.unwrap()
    }

    /// Waits until a scheduler has a number of queued tasks.
    pub(crate) async fn queued(&self, scheduler: &str, count: u64) {
        let reached = async {
            while self.stats(scheduler).await.queued != count {
                self.host.wake_listeners();
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, reached).await.is_ok();
        let queued = self.stats(scheduler).await.queued;
        assert!(in_time, "`{scheduler}` has {queued} queued, not {count}");
    }

    /// The schedules of a scheduler, newest first.
    pub(crate) async fn schedules(&self, scheduler: &str) -> Vec<Value> {
        let path = format!("/schedules?scheduler_id={scheduler}&limit=100");
        let (_, mut page) = self.ask("GET", &path, None).await;
        serde_json::from_value(page["results"].take()).unwrap()
    }
}

/// The configuration of the example, for a folder and with the services where they are.
fn configuration(folder: &Path, services: &[(&str, &str)]) -> Config {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut text = fs::read_to_string(root.join("examples/openkat/hinny.toml")).unwrap();
    let own = |name: &str| folder.join(name).display().to_string();
    text = text.replace("/var/lib/hinny/hinny.db", &own("hinny.db"));
    let password = ("change-me", bytes::PASSWORD);
    for (placeholder, value) in services.iter().copied().chain([password]) {
        assert!(text.contains(placeholder), "the example has no `{placeholder}` any more");
        text = text.replace(placeholder, value);
    }
    let dist = root.join("dist/plugins").canonicalize();
    let dist = dist.expect("no dist/plugins; hint: cargo xtask plugins");
    text = text.replace("dist/plugins", &dist.display().to_string());
    let file = folder.join("hinny.toml");
    fs::write(&file, text).unwrap();
    let loaded = Sources { file: Some(file), ..Sources::default() }.load();
    let mut config = loaded.unwrap_or_else(|error| panic!("{error}")).config;
    config.api.listen.set_port(0);
    // Messages come over HTTP here; those of a broker have tests of their own.
    config.rabbitmq = RabbitmqConfig::default();
    for connector in &mut config.connectors {
        // What a test changes counts at once, and what is broken is given up at once.
        connector.cache_seconds = 0;
        connector.attempts_max = 1;
        connector.breaker_failures = 0;
    }
    // Shared by all tests and kept between runs, so that each plugin is compiled once.
    config.plugins.cache_directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("openkat-plugins");
    // On a machine that is busy with other tests, a good call takes its time.
    config.plugins.limits.handle_ms = 20_000;
    config.plugins.limits.admit_ms = 20_000;
    config.plugins.limits.configure_ms = 20_000;
    config.plugins.limits.describe_ms = 20_000;
    config.plugins.limits.rank_ms = 20_000;
    config
}

fn client() -> reqwest::Client {
    // Fails when there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build().expect("a client needs nothing")
}
