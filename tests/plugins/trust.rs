//! Signatures: nothing that no trusted key signed becomes active, by whatever way.

use hinny_core::{
    PluginDigest,
    health::Health as _,
    plugin::{
        ActivateRequest, Activation, Distrust, PluginError, PluginVersion, Plugins as _, Refusal,
        Signature, SignatureState, Stage, Upload, World,
    },
    store::PluginStore as _,
};
use hinny_plugins::{SigningKey, TrustedKey, digest};
use serde_json::json;

use super::{
    guests::{base, component, good, poisoned, scheduler, sin},
    harness::{Rig, Setup, rank, slot},
};

const FIFO: &str = "plugins/rank-fifo";
const WEIGHTED: &str = "plugins/rank-weighted";

/// A key of whoever it is.
fn secret(seed: u8) -> SigningKey {
    SigningKey::from_pem(&SigningKey::pem_of_random([seed; 32])).unwrap()
}

fn key(name: &str, seed: u8, slots: &[&str]) -> TrustedKey {
    let slots = slots.iter().map(|text| text.parse().unwrap()).collect();
    TrustedKey { name: name.to_owned(), key: secret(seed).public(), slots }
}

/// The key of releases, for every slot.
fn release() -> TrustedKey {
    key("release", 1, &[])
}

fn signed_by(seed: u8, guest: &str) -> Signature {
    secret(seed).sign(digest(&component(guest)))
}

async fn trusting() -> Rig {
    Setup::default().trusting(vec![release()]).start().await
}

impl Rig {
    async fn upload_signed(&self, seed: u8, guest: &str) -> PluginVersion {
        let signatures = vec![signed_by(seed, guest)];
        let upload = Upload { component: component(guest), signatures, by: "ann".to_owned() };
        self.registry.upload(upload).await.unwrap()
    }

    /// Uploads with a signature of the release, and activates.
    async fn activate_signed(&self, guest: &str) -> Activation {
        self.upload_signed(1, guest).await;
        self.activate(guest, json!({})).await.unwrap()
    }

    async fn refusals(&self) -> Vec<Refusal> {
        self.registry.refusals().await.unwrap()
    }

    /// What was not let in, and why, without digests.
    async fn refused(&self) -> Vec<String> {
        let line = |refusal: Refusal| {
            let slot = refusal.slot.map(|slot| slot.to_string()).unwrap_or_default();
            format!("{} by {} in {slot}", refusal.wanted, refusal.by)
        };
        self.refusals().await.into_iter().map(line).collect()
    }

    fn trouble(&self) -> Option<String> {
        self.registry.health().remove(0).trouble
    }
}

fn why(error: PluginError) -> Distrust {
    match error {
        PluginError::Untrusted { why, .. } => why,
        other => panic!("it is refused for want of trust, and not since {other}"),
    }
}

#[tokio::test]
async fn what_nobody_signed_is_kept_and_not_activated() {
    let rig = trusting().await;
    let version = rig.upload(FIFO).await;
    assert!(version.verdict.accepted);
    assert_eq!(rig.registry.signatures(Some(&version.digest)).await.unwrap(), []);
    let refused = rig.activate(FIFO, json!({})).await.unwrap_err();
    insta::with_settings!({filters => vec![("sha256:[0-9a-f]+", "sha256:…")]}, {
        insta::assert_snapshot!(refused, @"`sha256:…` may not run in slot `jobs/ranker`: it is not signed; hint: sign it with a key of `[[plugins.trusted_keys]]` (`hinny plugin sign FILE --key KEY`), and send the signature with it (`hinny plugin load FILE`); `hinny dev --key KEY` does both with each build");
    });
    assert_eq!(why(refused), Distrust::Unsigned);
    assert!(rig.status(World::Ranker).await.active.is_none());
    let refusal = rig.refusals().await.remove(0);
    assert_eq!((refusal.wanted.as_str(), refusal.by.as_str()), ("activate", "ann"));
    assert_eq!(
        (refusal.slot, refusal.plugin),
        (Some(slot("jobs", World::Ranker)), version.digest.to_string())
    );
    assert!(refusal.reason.contains("it is not signed"), "{}", refusal.reason);
}

#[tokio::test]
async fn what_a_trusted_key_signed_is_activated() {
    let rig = trusting().await;
    assert_eq!(rig.activate_signed(FIFO).await.generation, 1);
    let ranker = rig.ranker();
    assert_eq!(rank(&*ranker, good(&*ranker, 2)).await, Ok(vec![0, 1]));
    assert_eq!((rig.refusals().await, rig.trouble()), (vec![], None));
}

#[tokio::test]
async fn a_signature_may_come_after_the_plugin() {
    let rig = trusting().await;
    rig.upload(FIFO).await;
    rig.activate(FIFO, json!({})).await.unwrap_err();
    rig.registry.sign(signed_by(1, FIFO), "bob".to_owned()).await.unwrap();
    rig.activate(FIFO, json!({})).await.unwrap();
    let statuses = rig.registry.signatures(None).await.unwrap();
    assert_eq!((statuses[0].state, &*statuses[0].kept.by), (SignatureState::Trusted, "bob"));
    // Once more changes nothing.
    rig.registry.sign(signed_by(1, FIFO), "eve".to_owned()).await.unwrap();
    assert_eq!(rig.registry.signatures(None).await.unwrap(), statuses);
}

#[tokio::test]
async fn a_key_that_is_not_trusted_lets_nothing_in() {
    let rig = trusting().await;
    let version = rig.upload_signed(9, FIFO).await;
    let statuses = rig.registry.signatures(Some(&version.digest)).await.unwrap();
    assert_eq!(statuses[0].state, SignatureState::UnknownKey);
    let refused = why(rig.activate(FIFO, json!({})).await.unwrap_err());
    assert_eq!(refused, Distrust::UnknownKeys(vec![secret(9).public().fingerprint()]));
}

#[tokio::test]
async fn a_key_signs_for_its_slots_only() {
    let keys = vec![release(), key("jobs", 2, &["jobs/ranker"])];
    let rig = Setup::default().trusting(keys).start().await;
    rig.upload_signed(2, FIFO).await;
    rig.activate(FIFO, json!({})).await.unwrap();
    let refused = rig.activate_for("others", FIFO, json!({})).await.unwrap_err();
    assert_eq!(why(refused), Distrust::OtherSlots("jobs".to_owned()));
}

#[tokio::test]
async fn a_wrong_signature_is_not_kept_and_neither_is_what_it_came_with() {
    let rig = trusting().await;
    let stolen = Signature { digest: digest(&component(FIFO)), ..signed_by(1, WEIGHTED) };
    let other = signed_by(1, WEIGHTED);
    for (signature, expected) in
        [(stolen, "it is wrong, key `release` did not sign this"), (other, "it came with `sha256:")]
    {
        let signatures = vec![signature];
        let upload = Upload { component: component(FIFO), signatures, by: "eve".to_owned() };
        let refused = rig.registry.upload(upload).await.unwrap_err();
        assert!(matches!(refused, PluginError::Signature { .. }), "{refused:?}");
        assert!(refused.to_string().contains(expected), "{refused}");
        assert_eq!(rig.registry.versions().await.unwrap().len(), 0);
    }
    rig.upload(FIFO).await;
    rig.registry.sign(stolen, "eve".to_owned()).await.unwrap_err();
    let unknown = rig.registry.sign(other, "ann".to_owned()).await.unwrap_err();
    assert!(matches!(unknown, PluginError::UnknownVersion(_)), "{unknown:?}");
    assert_eq!(rig.registry.signatures(None).await.unwrap(), []);
}

#[tokio::test]
async fn a_signature_that_was_changed_in_the_database_lets_nothing_in() {
    let rig = trusting().await;
    rig.upload_signed(1, FIFO).await;
    let mut kept = rig.store.signatures(None).await.unwrap().remove(0);
    kept.signature.bytes[7] ^= 1;
    rig.store.put_signature(&kept).await.unwrap();
    let refused = why(rig.activate(FIFO, json!({})).await.unwrap_err());
    assert_eq!(refused, Distrust::Wrong("release".to_owned()));
    let statuses = rig.registry.signatures(None).await.unwrap();
    assert_eq!(statuses[0].state, SignatureState::Wrong);
}

#[tokio::test]
async fn neither_a_shadow_nor_a_canary_runs_unsigned() {
    let rig = trusting().await;
    rig.activate_signed(FIFO).await;
    let request = rig.request("jobs", WEIGHTED, base(1)).await;
    for stage in [Stage::Shadow, Stage::Canary("5%".parse().unwrap())] {
        // Not even if a person insists.
        let request = ActivateRequest { stage, force: true, ..request.clone() };
        let refused = rig.registry.activate(request).await.unwrap_err();
        assert_eq!(why(refused), Distrust::Unsigned);
    }
    assert!(rig.status(World::Ranker).await.trial.is_none());
    assert_eq!(
        rig.refused().await,
        ["canary 5% by ann in jobs/ranker", "shadow by ann in jobs/ranker"]
    );
    rig.registry.sign(signed_by(1, WEIGHTED), "ann".to_owned()).await.unwrap();
    rig.registry.activate(ActivateRequest { stage: Stage::Shadow, ..request }).await.unwrap();
}

#[tokio::test]
async fn nobody_goes_back_to_what_is_not_trusted_any_more() {
    let rig = Rig::start().await;
    rig.activate(FIFO, json!({})).await.unwrap();
    rig.upload_signed(1, WEIGHTED).await;
    rig.activate(WEIGHTED, base(1)).await.unwrap();
    let rig = rig.restarted_trusting(vec![release()]).await;
    let refused = rig.roll_back(World::Ranker).await.unwrap_err();
    assert_eq!(why(refused), Distrust::Unsigned);
    assert_eq!(rig.ranker().generation(), 2);
    assert_eq!(rig.refused().await, ["roll back by ann in jobs/ranker"]);
}

#[tokio::test]
async fn the_host_itself_does_not_go_back_to_what_is_not_trusted() {
    let rig = Rig::start().await;
    rig.activate(FIFO, json!({})).await.unwrap();
    let version = rig.upload_signed(1, "guests/evil-ranker").await;
    let row = rig.row(&version, sin("trap-on-poison")).await;
    rig.store.activate(&row).await.unwrap();
    let rig = rig.restarted_trusting(vec![release()]).await;
    let ranker = rig.ranker();
    for _ in 0..3 {
        let _ = rank(&*ranker, poisoned(&*ranker)).await;
    }
    let refused = || async { rig.refused().await == ["roll back by hinny in jobs/ranker"] };
    for _ in 0..2_000 {
        if refused().await {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(refused().await, "{:?}", rig.refused().await);
    // It is looked at again and again, and written down once.
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(rig.refusals().await.len(), 1);
    assert_eq!(rig.status(World::Ranker).await.active.unwrap().generation, 2);
}

#[tokio::test]
async fn a_start_leaves_a_slot_empty_whose_plugin_is_not_trusted_any_more() {
    let rig = trusting().await;
    rig.activate_signed(FIFO).await;
    rig.upload_signed(1, "plugins/jobs").await;
    rig.activate("plugins/jobs", json!({})).await.unwrap();
    let rig = rig
        .restarted_trusting(vec![key("other", 2, &[]), key("jobs", 1, &["jobs/scheduler"])])
        .await;
    // The queue goes by its own rule, as without a ranker.
    assert!(rig.registry.initial_ranker(&scheduler("jobs")).is_none());
    assert!(rig.status(World::Ranker).await.title.is_none());
    assert!(rig.status(World::Scheduler).await.title.is_some(), "its key is still trusted for it");
    let trouble = rig.trouble().unwrap();
    assert!(trouble.starts_with("`jobs/ranker` is empty: `sha256:"), "{trouble}");
    assert!(
        trouble.contains("key `jobs` signed it, which is not trusted for this slot"),
        "{trouble}"
    );
    assert_eq!(rig.refused().await, ["start by hinny in jobs/ranker"]);
    // A signature of a trusted key, and it is let in again.
    rig.registry.sign(signed_by(2, FIFO), "ann".to_owned()).await.unwrap();
    rig.activate(FIFO, json!({})).await.unwrap();
    assert_eq!(rig.trouble(), None);
}

#[tokio::test]
async fn a_start_ends_a_trial_that_is_not_trusted_any_more() {
    let rig = Rig::start().await;
    rig.upload_signed(1, FIFO).await;
    rig.activate(FIFO, json!({})).await.unwrap();
    let request = rig.request("jobs", WEIGHTED, base(1)).await;
    rig.registry.activate(ActivateRequest { stage: Stage::Shadow, ..request }).await.unwrap();
    let rig = rig.restarted_trusting(vec![release()]).await;
    let status = rig.status(World::Ranker).await;
    assert!(status.title.is_some() && status.trial.is_none());
    assert!(rig.trouble().unwrap().starts_with("the shadow of `jobs/ranker` does not run:"));
    assert_eq!(rig.refused().await, ["start by hinny in jobs/ranker"]);
}

#[tokio::test]
async fn bytes_that_are_not_those_of_the_digest_are_not_run() {
    let rig = Setup::default().cache(None).trusting(vec![release()]).start().await;
    let version = rig.upload_signed(1, FIFO).await;
    let swapped = PluginVersion { digest: PluginDigest([9; 32]), ..version };
    rig.store.put_version(&swapped, &component(WEIGHTED)).await.unwrap();
    let signature = secret(1).sign(swapped.digest);
    rig.registry.sign(signature, "ann".to_owned()).await.unwrap();
    let request = ActivateRequest::version(slot("jobs", World::Ranker), swapped.digest, "eve");
    let refused = rig.registry.activate(request).await.unwrap_err().to_string();
    assert!(refused.contains("its bytes are those of `sha256:"), "{refused}");
}
