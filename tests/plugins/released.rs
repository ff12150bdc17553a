//! Guests of released versions, as they were built then: they go on working.

use std::{fs, path::PathBuf};

use hinny_core::{
    command::Command,
    plugin::{ActivateRequest, Plugins, World},
};
use serde_json::{Value, json};

use super::{
    guests::{batch, draft, message, now},
    harness::{Rig, rank, slot},
};

/// The guests of a version, which is their folder.
const VERSIONS: [&str; 1] = ["0.1.0"];

async fn activate(rig: &Rig, version: &str, name: &str, settings: Value) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("plugins/released");
    let component = fs::read(folder.join(version).join(name).with_extension("wasm")).unwrap();
    let ours = format!("@{version}").into_bytes();
    assert!(component.windows(ours.len()).any(|part| part == ours), "it is of {version}");
    let uploaded = rig.registry.upload(component, "ann".to_owned()).await.unwrap();
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
