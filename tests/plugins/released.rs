//! Guests of released versions, as they were built then: they go on working.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;

use hinny_core::{
    command::Command,
    plugin::{ActivateRequest, Plugins, Upload, World},
};
use hinny_plugins::Limits;
use serde_json::{Value, json};

use super::{
    guests::{batch, draft, message, now},
    harness::{Rig, Setup, patient, rank, slot},
};

/// The guests of a version, which is their folder.
const VERSIONS: [&str; 1] = ["0.1.0"];

/// A component of a version; large ones are packed.
fn component(version: &str, name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("plugins/released").join(version);
    let plain = folder.join(name).with_extension("wasm");
    if plain.is_file() {
        return fs::read(plain).unwrap();
    }
    let packed = fs::File::open(plain.with_extension("wasm.gz")).unwrap();
    let mut component = Vec::new();
    GzDecoder::new(packed).read_to_end(&mut component).unwrap();
    component
}

/// The components in other languages than Rust that a version has, of a kind.
fn in_other_languages(version: &str, kind: &str) -> Vec<String> {
    let released = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins/released");
    let entries = fs::read_dir(released.join(version).join("languages")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = |file: String| format!("languages/{}", file.split('.').next().unwrap());
    let mut found: Vec<_> = names.map(name).filter(|name| name.ends_with(kind)).collect();
    found.sort();
    found
}

/// Without optimisation of the engine itself, an interpreter takes a minute to compile.
async fn start() -> Rig {
    let limits = Limits { verify_seconds: 600, ..patient() };
    Setup::default().limits(limits).start().await
}

async fn activate(rig: &Rig, version: &str, name: &str, settings: Value) {
    let component = component(version, name);
    let ours = format!("@{version}").into_bytes();
    assert!(component.windows(ours.len()).any(|part| part == ours), "it is of {version}");
    let uploaded = rig.registry.upload(Upload::unsigned(component, "ann")).await.unwrap();
    let request = ActivateRequest::version(slot("jobs", uploaded.world), uploaded.digest, "ann");
    let request = ActivateRequest { settings: Some(settings), ..request };
    rig.registry.activate(request).await.unwrap();
}

#[tokio::test]
async fn a_ranker_of_each_released_version_ranks() {
    for version in VERSIONS {
        let rig = Rig::start().await;
        activate(&rig, version, "rank-fifo", json!({})).await;
        let ranker = rig.ranker();
        let ranked = rank(&*ranker, batch(&*ranker, &[json!({}), json!({})])).await.unwrap();
        let [first, second] = ranked[..] else { panic!("{ranked:?}") };
        assert!(first < second, "the older one goes first");
    }
}

#[tokio::test]
async fn a_scheduler_plugin_of_each_released_version_admits_and_handles() {
    for version in VERSIONS {
        let rig = Rig::start().await;
        let settings = json!({"sources": "evil", "default_organisation": "acme"});
        activate(&rig, version, "jobs", settings).await;
        assert!(rig.status(World::Scheduler).await.title.is_some());
        let plugin = rig.plugin();
        let admitted = plugin.admit(now(), vec![draft("{}")]).await.unwrap();
        assert!(admitted[0].as_ref().is_ok_and(|admitted| admitted.plan.is_none()));
        let handled = plugin.handle(now(), &message(r#"{"data": {"n": 1}}"#)).await.unwrap();
        assert!(
            matches!(&handled.commands[..], [Command::Push(push)] if push.data == r#"{"n": 1}"#)
        );
        assert!(handled.messages.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ranker_in_each_language_of_each_released_version_ranks() {
    for version in VERSIONS {
        let rankers = in_other_languages(version, "-ranker");
        assert!(rankers.len() >= 5, "{rankers:?}");
        for name in rankers {
            let rig = start().await;
            activate(&rig, version, &name, json!({})).await;
            let ranker = rig.ranker();
            let tasks = [json!({"scan_level": 1}), json!({}), json!({"scan_level": 9})];
            let ranked = rank(&*ranker, batch(&*ranker, &tasks)).await.unwrap();
            assert_eq!(ranked, [-1, 0, -4], "{name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduler_plugin_in_each_language_of_each_released_version_keeps_and_commands() {
    for version in VERSIONS {
        for name in in_other_languages(version, "-scheduler") {
            let rig = start().await;
            activate(&rig, version, &name, json!({"source": "evil"})).await;
            let plugin = rig.plugin();
            let admitted = plugin.admit(now(), vec![draft(r#"{"host": "localhost"}"#)]).await;
            let refused = admitted.unwrap().remove(0).unwrap_err();
            assert_eq!(refused.field, "/host", "{name}");
            let found = r#"{"organisation": "acme", "host": "a.example"}"#;
            let handled = plugin.handle(now(), &message(found)).await.unwrap();
            assert!(
                matches!(&handled.commands[..], [Command::Push(_), Command::UpsertSchedule(_)]),
                "{name}: {handled:?}"
            );
            assert_eq!(handled.state[0].key, "day/acme", "{name}");
        }
    }
}
