//! A whole host with a service beside it: questions, messages to oneself, plans, health.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use hinny_core::{
    Organisation, SchedulerId,
    queue::{NewMessage, PushRequest},
    task::{TaskQuery, Window},
};
use hinny_server::{
    clock::SystemClock,
    config::{AuthKind, Config, ConnectorConfig, SchedulerConfig},
    host::Host,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

fn jobs() -> SchedulerId {
    SchedulerId::new("jobs").unwrap()
}

/// A service that gives tokens and answers each path with itself, as JSON.
async fn service() -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut running = JoinSet::new();
    running.spawn(async move {
        let mut open = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.spawn(answer(stream));
        }
    });
    (url, running)
}

async fn answer(mut stream: TcpStream) {
    let mut seen = String::new();
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut chunk).await {
        seen.push_str(std::str::from_utf8(&chunk[..count]).unwrap());
        let whole = seen.contains("password=w") || seen.starts_with("GET ");
        if !(whole && seen.contains("\r\n\r\n")) {
            continue;
        }
        let path = seen.split(' ').nth(1).unwrap();
        let (status, body) = match path {
            "/token" => (200, json!({"access_token": "t1"})),
            _ if !seen.contains("authorization: Bearer t1\r\n") => (401, json!(null)),
            "/health" => (200, json!({"healthy": true})),
            _ => (200, json!(path)),
        };
        let body = body.to_string();
        let head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        seen.clear();
    }
}

fn config(folder: &Path, url: String) -> Config {
    let mut scheduler = SchedulerConfig::named(jobs());
    let guest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/guests/asker.wasm");
    scheduler.plugin = Some(guest.display().to_string().into());
    scheduler.plugin_grants.connector = vec!["store".to_owned()];
    let connector = ConnectorConfig {
        name: "store".to_owned(),
        url,
        auth: AuthKind::Login,
        username: "ann".to_owned(),
        password: "w".to_owned(),
        health_path: "/health".to_owned(),
        ..ConnectorConfig::default()
    };
    let mut config =
        Config { schedulers: vec![scheduler], connectors: vec![connector], ..Config::default() };
    // The machine may be busy with other tests.
    config.plugins.limits.configure_ms = 20_000;
    config.plugins.limits.handle_ms = 20_000;
    config.plugins.limits.admit_ms = 20_000;
    config.plugins.limits.describe_ms = 20_000;
    config.api.listen.set_port(0);
    config.database.url = format!("sqlite:{}", folder.join("hinny.db").display());
    config.plugins.cache_directory = folder.join("cache");
    config
}

/// The tasks by hash: what the service answered, and in which delivery.
async fn answers(host: &Host) -> BTreeMap<String, (Value, u64)> {
    let window = Window { offset: 0, limit: 100, count_max: Some(0) };
    let page = host.store().list_tasks(&TaskQuery::default(), window).await.unwrap();
    let read = page.items.iter().filter_map(|task| {
        let data: Value = serde_json::from_str(task.data.get()).unwrap();
        let delivery = data["delivery"].as_u64()?;
        Some((task.hash.to_string(), (data["answer"].clone(), delivery)))
    });
    read.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_asks_a_service_puts_work_off_and_plans_what_is_pushed() {
    let (url, _running) = service().await;
    let folder = tempfile::tempdir().unwrap();
    let host = Host::start(config(folder.path(), url), Arc::new(SystemClock)).await.unwrap();

    let message = NewMessage {
        id: None,
        content_type: "application/json".to_owned(),
        body: json!(["/a", "/b", "/later/c"]).to_string().into_bytes(),
        attributes: Vec::new(),
    };
    host.events().submit("paths", vec![message]).await.unwrap();
    let expected = ["/a", "/b"].map(|path| (path.to_owned(), (json!(path), 1)));
    assert_eq!(answers(&host).await, BTreeMap::from(expected));
    let put_off = async {
        while answers(&host).await.len() < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), put_off).await.unwrap();
    assert_eq!(answers(&host).await["/later/c"], (json!("/later/c"), 1));

    let request = PushRequest {
        id: None,
        organisation: Organisation::new("acme").unwrap(),
        priority: None,
        data: json!({"name": "nightly", "cron": "0 2 * * *"}).to_string(),
        not_before: None,
    };
    let mut pushed = host.queues().push(&jobs(), vec![request]).await.unwrap();
    let task = pushed.remove(0).unwrap();
    let schedule = host.store().schedule(task.schedule.unwrap()).await.unwrap().unwrap();
    assert_eq!((schedule.cron.as_deref(), schedule.hash), (Some("0 2 * * *"), task.hash));
    assert!(schedule.deadline_at.is_some());

    let health = health_with_externals(&host).await;
    assert_eq!(health["externals"], json!({"store": true}), "{health}");
    host.stop().await;
}

/// `/health?externals=true`.
async fn health_with_externals(host: &Host) -> Value {
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let request = "GET /health?externals=true HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}
