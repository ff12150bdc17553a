//! SIGKILL while OpenKAT's plugins handle messages, ask services and write schedules.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use axum::{Json, Router, http::StatusCode, http::Uri, response::IntoResponse};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    api::Api,
    broker::{Broker, listening, runtime, url},
    home::Home,
};

/// Hosts that are killed.
const ROUNDS: u64 = 6;

/// Objects that get a scan profile in each round, and raw files that arrive.
const OBJECTS: u64 = 20;
const FILES: u64 = 60;

/// Boefjes of the organisation, all for each object.
const BOEFJES: [&str; 3] = ["dns-records", "nmap", "ssl-scan"];

/// Longest that the last host may take for what is left.
const PATIENCE: Duration = Duration::from_mins(1);

/// How often each piece of work was made, by what it is.
type Made = BTreeMap<String, u32>;

#[test]
fn openkats_messages_are_handled_once_whenever_the_host_is_killed() {
    let (url, runtime) = (url(), runtime());
    let run = Uuid::now_v7().simple().to_string();
    let (objects, files) = (format!("objects-{run}"), format!("files-{run}"));
    let queues =
        [(objects.as_str(), "scan_profile_mutations"), (files.as_str(), "raw_file_received")];
    let mutations = runtime.block_on(Broker::connect(&url, &objects));
    let received = runtime.block_on(Broker::connect(&url, &files));
    let home = Home::with(&configuration(&runtime.block_on(services())));
    let mut normalized = Made::new();
    for round in 0..ROUNDS {
        let host = home.start_by(listening(&url, &queues));
        runtime.block_on(mutations.send((round * OBJECTS..(round + 1) * OBJECTS).map(profile)));
        runtime.block_on(received.send((round * FILES..(round + 1) * FILES).map(file)));
        // From "nothing yet" to "most of it".
        thread::sleep(Duration::from_millis(30 + 90 * round));
        host.kill();
        // Normalizers run for each file, whatever ran before: what is handled again is seen.
        let quiet = home.start_by(listening(&url, &[]));
        pop(&quiet.api(), "normalizer", &mut normalized);
        quiet.kill();
    }
    let host = home.start_by(listening(&url, &queues));
    let api = host.api();
    // One more of each that comes behind all others: when it is handled, so are they.
    let (last_object, last_file) = (ROUNDS * OBJECTS, ROUNDS * FILES);
    runtime.block_on(mutations.send([profile(last_object)].into_iter()));
    runtime.block_on(received.send([file(last_file)].into_iter()));
    let (mut scanned, began) = (Made::new(), Instant::now());
    while began.elapsed() < PATIENCE
        && !(scanned.len() as u64 == (last_object + 1) * BOEFJES.len() as u64
            && normalized.len() as u64 == last_file + 1
            && runtime.block_on(mutations.is_empty())
            && runtime.block_on(received.is_empty()))
    {
        pop(&api, "boefje", &mut scanned);
        pop(&api, "normalizer", &mut normalized);
        thread::sleep(Duration::from_millis(50));
    }
    let schedules = api.get("/schedules?scheduler_id=boefje&limit=0")["count"].as_u64();
    let set_aside = api.get("/quarantine?limit=0")["count"].as_u64();
    host.kill();
    runtime.block_on(mutations.delete());
    runtime.block_on(received.delete());
    let doubled: Vec<_> =
        scanned.iter().chain(&normalized).filter(|(_, times)| **times != 1).collect();
    assert!(doubled.is_empty(), "handled twice: {doubled:?}");
    let tasks = (last_object + 1) * BOEFJES.len() as u64;
    assert_eq!(scanned.len() as u64, tasks, "boefjes were lost");
    assert_eq!(normalized.len() as u64, last_file + 1, "normalizers were lost");
    assert_eq!(schedules, Some(tasks), "each boefje on an object comes back");
    assert_eq!(set_aside, Some(0), "nothing is left to be tried again");
}

/// Takes everything off a queue, and counts how often each piece of work comes.
fn pop(api: &Api, scheduler: &str, made: &mut Made) {
    loop {
        let path = format!("/schedulers/{scheduler}/pop?limit=500");
        let (status, answer) = api.post(&path, &Value::Null).expect("it is up");
        assert_eq!(status, 200, "{answer}");
        let tasks = answer["results"].as_array().unwrap();
        if tasks.is_empty() {
            return;
        }
        for task in tasks {
            let data = &task["data"];
            let what = match scheduler {
                "boefje" => format!("{} on {}", data["boefje"]["id"], data["input_ooi"]),
                _ => format!("the file of {}", data["raw_data"]["boefje_meta"]["id"]),
            };
            *made.entry(what).or_default() += 1;
        }
    }
}

/// The configuration of the example, with the services where they are.
fn configuration(services: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut text = fs::read_to_string(root.join("examples/openkat/hinny.toml")).unwrap();
    let dist = root.join("dist/plugins").canonicalize();
    let dist = dist.expect("no dist/plugins; hint: cargo xtask plugins").display().to_string();
    for (placeholder, value) in [
        ("http://katalogus.example:8003", services),
        ("http://octopoes.example:8001", services),
        ("http://bytes.example:8002", services),
        ("/var/lib/hinny/", ""),
        ("/var/cache/hinny", "cache"),
        ("dist/plugins", &dist),
    ] {
        assert!(text.contains(placeholder), "the example has no `{placeholder}` any more");
        text = text.replace(placeholder, value);
    }
    text
}

/// Katalogus, Octopoes and Bytes at one address, which is the answer.
#[expect(clippy::disallowed_methods, reason = "it ends with the test")]
async fn services() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(answer);
    tokio::task::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

async fn answer(uri: Uri) -> impl IntoResponse {
    let parts: Vec<&str> = uri.path().split('/').filter(|part| !part.is_empty()).collect();
    let answer = match parts.as_slice() {
        ["health"] => json!({"service": "stand-in", "healthy": true}),
        ["token"] => json!({"access_token": "token", "token_type": "bearer",
                            "expires_at": "2100-01-01T00:00:00+00:00"}),
        ["v1", "organisations"] => json!({"org-1": {"id": "org-1", "name": "org-1"}}),
        ["v1", "organisations", _, "plugins"] => match uri.query() {
            Some(query) if query.contains("plugin_type=normalizer") => json!([normalizer()]),
            _ => BOEFJES.map(boefje).into_iter().collect(),
        },
        ["v1", "organisations", _, "plugins", id] if *id == "kat_normalize" => normalizer(),
        ["v1", "organisations", _, "plugins", id] => boefje(id),
        ["bytes", "boefje_meta"] | ["v1", "configs"] => json!([]),
        [_, "objects"] => json!({"count": 0, "items": []}),
        ["object-clients"] => json!({}),
        _ => return (StatusCode::NOT_FOUND, Json(json!({"detail": "Not Found"}))),
    };
    (StatusCode::OK, Json(answer))
}

fn boefje(id: &str) -> Value {
    json!({
        "id": id, "name": id, "version": null, "created": null, "description": "",
        "enabled": true, "static": true, "type": "boefje", "scan_level": 1,
        "consumes": ["Hostname"], "produces": [format!("boefje/{id}")], "cron": null,
        "interval": null, "run_on": null, "runnable_hash": "f8f5647a", "deduplicate": true,
        "oci_image": "ghcr.io/example/generic:latest", "oci_arguments": ["main"],
    })
}

fn normalizer() -> Value {
    json!({
        "id": "kat_normalize", "name": "kat_normalize", "version": null, "created": null,
        "description": "", "enabled": true, "static": true, "type": "normalizer",
        "consumes": ["boefje/dns-records"], "produces": ["Hostname"],
    })
}

/// An object gets a scan profile, as Octopoes tells it.
fn profile(number: u64) -> Value {
    let key = format!("Hostname|internet|h{number}.example");
    json!({
        "operation": "create", "primary_key": key, "client_id": "org-1",
        "value": {
            "primary_key": key, "object_type": "Hostname",
            "scan_profile": {
                "scan_profile_type": "declared", "reference": key, "level": 2, "user_id": 1,
            },
        },
    })
}

/// A boefje brought a file home, as Bytes tells it.
fn file(number: u64) -> Value {
    let id = |kind: u128| Uuid::from_u128(kind << 96 | u128::from(number)).to_string();
    json!({
        "event_id": "raw_file_received", "created_at": "2026-02-02T02:38:32.955991Z",
        "organization": "org-1",
        "raw_data": {
            "id": id(1), "mime_types": [{"value": "boefje/dns-records"}],
            "boefje_meta": {
                "id": id(2), "started_at": "2026-02-02T01:00:00Z",
                "ended_at": "2026-02-02T01:01:00Z",
                "boefje": {"id": "dns-records", "version": null},
                "input_ooi": "Hostname|internet|example.com", "arguments": {},
                "organization": "org-1", "runnable_hash": "f8f5", "environment": {},
            },
            "secure_hash": null, "signing_provider_url": null, "hash_retrieval_link": null,
        },
    })
}
