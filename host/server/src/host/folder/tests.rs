//! The watched folder, look by look.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use hinny_core::plugin::Activation;
use hinny_core::{
    ManualClock, PluginDigest, Timestamp,
    plugin::{
        CandidateRequest, Distrust, Lines, LinesRequest, PluginVersion, Signature, SignatureStatus,
        SlotStatus, Stage, Verdict, World,
    },
    ranker::Ranker,
};
use serde_json::json;
use tempfile::TempDir;

use super::*;

/// A plugin host that takes what begins with `good`, and writes down what it is asked.
#[derive(Default)]
struct Fake {
    uploads: Mutex<Vec<Upload>>,
    activations: Mutex<Vec<Activation>>,
    refusals: Mutex<Vec<Refusal>>,
    is_busy: Mutex<bool>,
    distrusts: Mutex<bool>,
}

fn verdict() -> Verdict {
    Verdict { accepted: true, checks: Vec::new(), imports: Vec::new(), took_ms: 1 }
}

#[async_trait]
impl Plugins for Fake {
    async fn upload(&self, upload: Upload) -> Result<PluginVersion, PluginError> {
        if !upload.component.starts_with(b"good") {
            return Err(PluginError::Refused(Box::new(verdict())));
        }
        let version = PluginVersion {
            digest: PluginDigest([upload.component[4]; 32]),
            name: "rank".to_owned(),
            version: "1.0.0".to_owned(),
            world: World::Ranker,
            size: 1,
            verdict: verdict(),
            uploaded_at: Timestamp::MIN,
            uploaded_by: upload.by.clone(),
        };
        self.uploads.lock().unwrap().push(upload);
        Ok(version)
    }

    async fn sign(&self, _: Signature, _: String) -> Result<(), PluginError> {
        unreachable!("signatures come with their components")
    }

    async fn signatures(
        &self,
        _: Option<&PluginDigest>,
    ) -> Result<Vec<SignatureStatus>, PluginError> {
        Ok(Vec::new())
    }

    async fn refusals(&self) -> Result<Vec<Refusal>, PluginError> {
        Ok(self.refusals.lock().unwrap().clone())
    }

    async fn refuse(&self, refusal: Refusal) -> Result<(), PluginError> {
        self.refusals.lock().unwrap().push(refusal);
        Ok(())
    }

    async fn check(&self, _: Vec<u8>) -> Result<Verdict, PluginError> {
        Ok(verdict())
    }

    async fn versions(&self) -> Result<Vec<PluginVersion>, PluginError> {
        Ok(Vec::new())
    }

    async fn slots(&self) -> Result<Vec<SlotStatus>, PluginError> {
        Ok(Vec::new())
    }

    async fn activations(&self, slot: &Slot) -> Result<Vec<Activation>, PluginError> {
        if slot.scheduler.as_str() != "jobs" {
            return Err(PluginError::UnknownSlot(slot.to_string()));
        }
        Ok(self.activations.lock().unwrap().iter().rev().cloned().collect())
    }

    async fn lines(&self, _: LinesRequest) -> Result<Lines, PluginError> {
        unreachable!("nobody reads what plugins wrote through it")
    }

    async fn candidate(&self, _: CandidateRequest) -> Result<Arc<dyn Ranker>, PluginError> {
        unreachable!("nobody looks through it")
    }

    async fn activate(&self, request: ActivateRequest) -> Result<Activation, PluginError> {
        let slot = request.slot.to_string();
        if *self.is_busy.lock().unwrap() {
            return Err(PluginError::Busy(slot));
        }
        let digest = request.digest.unwrap();
        if *self.distrusts.lock().unwrap() {
            let (digest, why) = (digest.to_string(), Distrust::Unsigned);
            return Err(PluginError::Untrusted { slot, digest, why });
        }
        let mut activations = self.activations.lock().unwrap();
        let activation = Activation {
            slot: request.slot,
            generation: activations.len() as u64 + 1,
            digest,
            settings: request.settings.unwrap_or_else(|| json!({})),
            at: now(),
            by: request.by,
            reason: "activate".to_owned(),
            stage: request.stage,
            ended: None,
            forced: false,
        };
        activations.push(activation.clone());
        Ok(activation)
    }
}

/// Later than every file.
fn now() -> Timestamp {
    Timestamp::from_millis(4_000_000_000_000)
}

struct Rig {
    plugins: Arc<Fake>,
    watched: Folder,
    place: TempDir,
}

impl Rig {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let plugins = Arc::new(Fake::default());
        let clock = Arc::new(ManualClock::at(now()));
        let watched = Folder::new(place.path().to_owned(), Arc::clone(&plugins) as _, clock, 64);
        Self { plugins, watched, place }
    }

    /// As after a restart: only the database remembers.
    fn restart(&mut self) {
        let clock = Arc::new(ManualClock::at(now()));
        let path = self.place.path().to_owned();
        self.watched = Folder::new(path, Arc::clone(&self.plugins) as _, clock, 64);
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Writes a file, a second later with each number.
    fn write(&self, name: &str, text: &str, second: u64) {
        fs::write(self.file(name), text).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + second);
        fs::File::options().write(true).open(self.file(name)).unwrap().set_modified(at).unwrap();
    }

    fn wish(&self, more: &str, second: u64) {
        self.write("rank.toml", &format!("slot = \"jobs/ranker\"\n{more}"), second);
    }

    async fn look(&mut self, times: usize) {
        for _ in 0..times {
            self.watched.look().await;
        }
    }

    /// What was brought in: digest and stage.
    fn brought_in(&self) -> Vec<(u8, String)> {
        let activations = self.plugins.activations.lock().unwrap();
        activations.iter().map(|it| (it.digest.0[0], it.stage.to_string())).collect()
    }

    fn refused(&self) -> Vec<String> {
        let refusals = self.plugins.refusals.lock().unwrap();
        refusals.iter().map(|refusal| format!("{}: {}", refusal.plugin, refusal.reason)).collect()
    }

    fn person_activates(&self, digest: u8, at: Timestamp) {
        let mut activations = self.plugins.activations.lock().unwrap();
        let generation = activations.len() as u64 + 1;
        activations.push(Activation {
            slot: "jobs/ranker".parse().unwrap(),
            generation,
            digest: PluginDigest([digest; 32]),
            settings: json!({}),
            at,
            by: "ann".to_owned(),
            reason: "activate".to_owned(),
            stage: Stage::Active,
            ended: None,
            forced: false,
        });
    }
}

fn active(digest: u8) -> (u8, String) {
    (digest, "active".to_owned())
}

#[tokio::test]
async fn a_file_is_brought_in_once_it_looks_the_same_twice() {
    let mut rig = Rig::new();
    rig.wish("", 1);
    rig.write("rank.wasm", "good1", 1);
    rig.look(1).await;
    rig.write("rank.wasm", "good1 and more", 2);
    rig.look(1).await;
    assert_eq!(rig.brought_in(), []);
    rig.look(1).await;
    assert_eq!(rig.brought_in(), [active(b'1')]);
    rig.look(5).await;
    rig.restart();
    rig.look(5).await;
    assert_eq!(rig.brought_in(), [active(b'1')], "and once only");
    assert_eq!(rig.plugins.activations.lock().unwrap()[0].by, "folder: rank.wasm");
}

#[tokio::test]
async fn the_wish_says_how_much_it_decides() {
    let mut rig = Rig::new();
    rig.wish("rollout = \"shadow\"\nsettings = { weight = 2 }", 1);
    rig.write("rank.wasm", "good1", 1);
    rig.look(2).await;
    assert_eq!(rig.brought_in(), [(b'1', "shadow".to_owned())]);
    assert_eq!(rig.plugins.activations.lock().unwrap()[0].settings, json!({"weight": 2}));
    rig.wish("rollout = \"canary 5%\"\nsettings = { weight = 2 }", 2);
    rig.look(2).await;
    assert_eq!(rig.brought_in()[1], (b'1', "canary 5%".to_owned()));
}

#[tokio::test]
async fn without_a_wish_it_is_only_kept() {
    let mut rig = Rig::new();
    rig.write("rank.wasm", "good1", 1);
    rig.write("README.md", "bad", 1);
    rig.write(".rank.wasm", "bad", 1);
    rig.look(3).await;
    assert_eq!((rig.brought_in(), rig.refused()), (vec![], vec![]));
    assert_eq!(rig.plugins.uploads.lock().unwrap().len(), 1);
    rig.wish("", 2);
    rig.look(2).await;
    assert_eq!(rig.brought_in(), [active(b'1')]);
}

#[tokio::test]
async fn a_signature_goes_along_also_when_it_comes_later() {
    let mut rig = Rig::new();
    rig.wish("", 1);
    rig.write("rank.wasm", "good1", 1);
    *rig.plugins.distrusts.lock().unwrap() = true;
    rig.look(4).await;
    assert_eq!(rig.brought_in(), []);
    assert!(rig.refused().is_empty(), "the plugin host writes it down itself");
    *rig.plugins.distrusts.lock().unwrap() = false;
    let (digest, key) = (PluginDigest([1; 32]), hinny_core::plugin::KeyFingerprint([2; 32]));
    let signature = Signature { digest, key, bytes: [3; 64] };
    rig.write("rank.wasm.sig", &signature.to_string(), 2);
    rig.look(2).await;
    assert_eq!(rig.brought_in(), [active(b'1')]);
    assert_eq!(rig.plugins.uploads.lock().unwrap().last().unwrap().signatures, [signature]);
}

#[tokio::test]
async fn what_a_person_goes_back_from_stays_away_until_the_file_changes() {
    let mut rig = Rig::new();
    rig.wish("", 1);
    rig.write("rank.wasm", "good1", 1);
    rig.look(2).await;
    rig.person_activates(9, now());
    rig.write("rank.wasm", "good1", 2);
    rig.look(3).await;
    rig.restart();
    rig.look(3).await;
    assert_eq!(rig.brought_in().last(), Some(&active(9)));
    // A new file is newer than the decision, in the world of this test after the end of time.
    rig.plugins.activations.lock().unwrap()[1].at = Timestamp::MIN;
    rig.write("rank.wasm", "good2", 3);
    rig.look(2).await;
    assert_eq!(rig.brought_in().last(), Some(&active(b'2')));
}

#[tokio::test]
async fn a_person_who_decided_after_the_file_was_written_is_not_overruled() {
    let mut rig = Rig::new();
    rig.person_activates(9, now());
    rig.wish("", 1);
    rig.write("rank.wasm", "good1", 1);
    rig.look(4).await;
    assert_eq!(rig.brought_in(), [active(9)]);
    let refused = rig.refused();
    assert_eq!(refused.len(), 1);
    assert!(
        refused[0].starts_with(
            "rank.wasm: `ann` decided on generation 1 of `jobs/ranker` after it; hint:"
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn what_is_refused_is_written_down_by_name_once() {
    let mut rig = Rig::new();
    rig.wish("", 1);
    for (name, text) in [("evil", "bad"), ("large", &*"good".repeat(20)), ("rank", "good1")] {
        rig.write(&format!("{name}.wasm"), text, 1);
    }
    rig.write("rank.wasm.sig", "x", 1);
    rig.write("lost.wasm", "good1", 1);
    rig.write("lost.toml", "slot = \"nowhere/ranker\"", 1);
    rig.write("odd.wasm", "good1", 1);
    rig.write("odd.toml", "slot = 7", 1);
    rig.look(5).await;
    let refused = rig.refused();
    let of = |name: &str| refused.iter().find(|line| line.starts_with(name)).unwrap();
    assert!(of("evil.wasm: ").contains("plugin refused at check"), "{refused:?}");
    assert!(of("large.wasm: ").contains("80 bytes, the limit is 64"), "{refused:?}");
    assert!(of("rank.wasm: ").contains("rank.wasm.sig` cannot be read"), "{refused:?}");
    assert!(of("lost.wasm: ").contains("no slot `nowhere/ranker`"), "{refused:?}");
    assert!(of("odd.wasm: ").contains("odd.toml` cannot be used"), "{refused:?}");
    assert_eq!((refused.len(), rig.brought_in()), (5, vec![]));
}

#[tokio::test]
async fn a_busy_slot_is_tried_again() {
    let mut rig = Rig::new();
    rig.wish("", 1);
    rig.write("rank.wasm", "good1", 1);
    *rig.plugins.is_busy.lock().unwrap() = true;
    rig.look(3).await;
    assert_eq!((rig.brought_in(), rig.refused()), (vec![], vec![]));
    *rig.plugins.is_busy.lock().unwrap() = false;
    rig.look(1).await;
    assert_eq!(rig.brought_in(), [active(b'1')]);
}

#[tokio::test]
async fn a_file_that_is_gone_changes_nothing() {
    let mut rig = Rig::new();
    rig.wish("", 1);
    rig.write("rank.wasm", "good1", 1);
    rig.look(2).await;
    fs::remove_file(rig.file("rank.wasm")).unwrap();
    rig.look(3).await;
    rig.write("rank.wasm", "good1", 5);
    rig.look(3).await;
    assert_eq!(rig.brought_in(), [active(b'1')]);
    fs::remove_dir_all(rig.place.path()).unwrap();
    rig.look(2).await;
    assert_eq!(rig.brought_in(), [active(b'1')]);
}

#[cfg(unix)]
#[test]
fn a_folder_that_everybody_can_write_to_is_watched_for_signed_plugins_only() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::new();
    let path = rig.place.path();
    refuse_open(path, false).unwrap();
    fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    let refused = format!("{:#}", refuse_open(path, false).unwrap_err());
    assert!(refused.contains("everybody on this machine may write to it (mode 777)"), "{refused}");
    refuse_open(path, true).unwrap();
    refuse_open(&path.join("none"), false).unwrap();
}
