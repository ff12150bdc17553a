//! State of scheduler plugins over versions of the plugin: a whole host, swapped while it runs.

use std::{fs, path::Path, sync::Arc};

use hinny_core::{
    EventId, SchedulerId,
    event::EventOutcome,
    plugin::{ActivateRequest, Slot, Upload, World},
    queue::NewMessage,
    task::{TaskQuery, Window},
};
use hinny_server::{
    clock::SystemClock,
    config::{Config, SchedulerConfig},
    host::Host,
};
use serde_json::{Value, json};

fn jobs() -> SchedulerId {
    SchedulerId::new("jobs").unwrap()
}

fn slot() -> Slot {
    Slot { scheduler: jobs(), world: World::Scheduler }
}

fn component(name: &str) -> Vec<u8> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist/guests");
    let file = guests.join(name).with_extension("wasm");
    fs::read(&file).unwrap_or_else(|error| {
        panic!("{}: {error}; hint: `cargo xtask plugins` builds it", file.display())
    })
}

/// A host with one scheduler and no plugin yet.
async fn start(folder: &Path) -> Host {
    let mut config =
        Config { schedulers: vec![SchedulerConfig::named(jobs())], ..Config::default() };
    // The machine may be busy with other tests.
    config.plugins.limits.configure_ms = 20_000;
    config.plugins.limits.handle_ms = 20_000;
    config.plugins.limits.describe_ms = 20_000;
    config.plugins.limits.verify_seconds = 600;
    // What waits is tried again when the test says so.
    config.events.first_seconds = 3_600;
    config.events.longest_seconds = 3_600;
    config.api.listen.set_port(0);
    config.database.url = format!("sqlite:{}", folder.join("hinny.db").display());
    config.plugins.cache_directory = folder.join("cache");
    Host::start(config, Arc::new(SystemClock)).await.unwrap()
}

async fn activate(host: &Host, guest: &str, settings: Value) {
    let uploaded = host.plugins().upload(Upload::unsigned(component(guest), "ann")).await.unwrap();
    let request = ActivateRequest::version(slot(), uploaded.digest, "ann");
    let request = ActivateRequest { settings: Some(settings), ..request };
    host.plugins().activate(request).await.unwrap();
}

/// Sends a word; what became of it, and under which identity it is kept.
async fn send(host: &Host, word: &str) -> (EventId, EventOutcome) {
    let message = NewMessage {
        id: None,
        content_type: "text/plain".to_owned(),
        body: word.into(),
        attributes: Vec::new(),
    };
    let mut submitted = host.events().submit("words", vec![message]).await.unwrap();
    let submitted = submitted.remove(0);
    (submitted.event, submitted.outcomes.into_iter().next().unwrap().1)
}

fn is_handled(outcome: &EventOutcome) -> bool {
    matches!(outcome, EventOutcome::Handled { pushed: 1, .. })
}

/// What the tasks say, oldest first.
async fn tasks(host: &Host) -> Vec<Value> {
    let window = Window { offset: 0, limit: 100, count_max: Some(0) };
    let page = host.store().list_tasks(&TaskQuery::default(), window).await.unwrap();
    let data = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let mut all: Vec<_> = page.items.iter().map(|task| data(task.data.get())).collect();
    all.sort_by_key(|task| task["count"].as_u64());
    all
}

async fn kept(host: &Host) -> Vec<u8> {
    host.store().state(&slot(), "tally").await.unwrap().unwrap().0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_goes_through_its_layouts_as_versions_are_swapped_and_waits_for_one_that_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let host = start(folder.path()).await;

    activate(&host, "tally", json!({"unversioned": true})).await;
    assert!(is_handled(&send(&host, "a").await.1));
    assert_eq!(kept(&host).await, b"1");

    activate(&host, "tally", json!({})).await;
    assert!(is_handled(&send(&host, "b").await.1));
    assert_eq!(kept(&host).await, b"\0layout 1\n2");

    activate(&host, "tally-next", json!({})).await;
    assert!(is_handled(&send(&host, "c").await.1));
    assert_eq!(kept(&host).await, b"\0layout 2\n{\"count\":3,\"last\":\"c\"}");

    host.plugins().activate(ActivateRequest::rollback(slot(), "ann")).await.unwrap();
    let (waiting, outcome) = send(&host, "d").await;
    let EventOutcome::Waiting { reason, .. } = &outcome else { panic!("{outcome:?}") };
    let expected = "state `tally` has layout 2, and this version of the plugin knows none after 1; \
                    hint: activate the version that wrote it, or a later one";
    assert!(reason.contains(expected), "{reason}");
    assert_eq!(kept(&host).await, b"\0layout 2\n{\"count\":3,\"last\":\"c\"}");

    activate(&host, "tally-next", json!({})).await;
    let again = host.events().replay(&jobs(), waiting).await.unwrap().unwrap();
    assert!(is_handled(&again), "{again:?}");
    let expected = [
        json!({"count": 1, "word": "a"}),
        json!({"count": 2, "word": "b"}),
        json!({"count": 3, "word": "c", "last": "nobody knows"}),
        json!({"count": 4, "word": "d", "last": "c"}),
    ];
    assert_eq!(tasks(&host).await, expected, "nothing was lost, nothing counted twice");
    host.stop().await;
}

/// Hosts of an organisation that the examples count, sent one after the other.
async fn found(host: &Host, name: &str) -> EventOutcome {
    let message = NewMessage {
        id: None,
        content_type: "application/json".to_owned(),
        body: json!({"organisation": "acme", "host": name}).to_string().into_bytes(),
        attributes: Vec::new(),
    };
    let mut submitted = host.events().submit("hosts", vec![message]).await.unwrap();
    submitted.remove(0).outcomes.remove(0).1
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plugin_is_swapped_for_the_same_in_another_language_and_goes_on_with_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let host = start(folder.path()).await;
    let languages = ["rust", "python", "javascript", "c"];
    for (at, language) in languages.into_iter().enumerate() {
        let guest = format!("../examples/{language}-scheduler");
        activate(&host, &guest, json!({"per_day": languages.len()})).await;
        let outcome = found(&host, &format!("{at}.example")).await;
        assert!(is_handled(&outcome), "{language}: {outcome:?}");
        let (kept, _) = host.store().state(&slot(), "day/acme").await.unwrap().unwrap();
        let kept: Value = serde_json::from_slice(&kept).unwrap();
        assert_eq!(kept["count"], json!(at + 1), "{language}");
    }
    for language in languages {
        let guest = format!("../examples/{language}-scheduler");
        activate(&host, &guest, json!({"per_day": languages.len()})).await;
        let outcome = found(&host, "late.example").await;
        let EventOutcome::Waiting { reason, .. } = &outcome else { panic!("{outcome:?}") };
        assert!(reason.contains("`acme` had its 4 hosts today"), "{language}: {reason}");
    }
    host.stop().await;
}
