//! Versions of plugins and their activations.

use hinny_core::{
    PluginDigest,
    plugin::{
        Activation, Check, KeyFingerprint, PluginSignature, PluginVersion, Refusal, Signature,
        Slot, Stage, Verdict, World,
    },
    store::{REFUSALS_KEPT, StoreError},
};
use serde_json::json;

use super::{
    make::{at, jobs, scheduler},
    subject::Subject,
};

fn version(number: u8) -> PluginVersion {
    PluginVersion {
        digest: PluginDigest([number; 32]),
        name: "rank-\"é\"".to_owned(),
        version: format!("1.0.{number}"),
        world: World::Ranker,
        size: 4,
        verdict: Verdict {
            accepted: false,
            checks: vec![
                Check { name: "parse".to_owned(), passed: true, detail: String::new() },
                Check { name: "imports".to_owned(), passed: false, detail: "no `x`".to_owned() },
            ],
            imports: vec!["hinny:plugin/log".to_owned()],
            took_ms: 12,
        },
        uploaded_at: at(i64::from(number)),
        uploaded_by: "anna".to_owned(),
    }
}

fn activation(slot: &Slot, generation: u64) -> Activation {
    Activation {
        slot: slot.clone(),
        generation,
        digest: PluginDigest([1; 32]),
        settings: json!({ "weight": 1.5, "of": ["é", null] }),
        at: at(7),
        by: "anna".to_owned(),
        reason: "it is faster".to_owned(),
        stage: if generation == 3 { Stage::Canary("0.5%".parse().unwrap()) } else { Stage::Active },
        ended: (generation == 3).then_some(2),
        forced: generation == 3,
    }
}

fn slot(of: &str, world: World) -> Slot {
    Slot { scheduler: scheduler(of), world }
}

impl Subject {
    async fn put(&self, number: u8, component: &[u8]) {
        self.store.put_version(&version(number), component).await.unwrap();
    }

    async fn generations(&self, slot: &Slot, limit: u32) -> Vec<u64> {
        let activations = self.store.activations(slot, limit).await.unwrap();
        activations.iter().map(|activation| activation.generation).collect()
    }
}

pub(crate) async fn a_version_reads_back_with_its_component(subject: &Subject) {
    let component: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    subject.put(1, &component).await;
    let digest = PluginDigest([1; 32]);
    let stored = subject.store.version(&digest).await.unwrap().unwrap();
    assert_eq!(format!("{stored:#?}"), format!("{:#?}", version(1)));
    assert_eq!(subject.store.component(&digest).await.unwrap(), Some(component));
    let unknown = PluginDigest([2; 32]);
    assert!(subject.store.version(&unknown).await.unwrap().is_none());
    assert_eq!(subject.store.component(&unknown).await.unwrap(), None);
}

pub(crate) async fn a_version_is_stored_once(subject: &Subject) {
    subject.put(1, b"wasm").await;
    let again = PluginVersion { name: "another".to_owned(), ..version(1) };
    subject.store.put_version(&again, b"else").await.unwrap();
    let digest = PluginDigest([1; 32]);
    let stored = subject.store.version(&digest).await.unwrap().unwrap();
    assert_eq!(stored.name, version(1).name);
    assert_eq!(subject.store.component(&digest).await.unwrap().unwrap(), b"wasm");
}

pub(crate) async fn versions_are_listed_newest_first(subject: &Subject) {
    for number in [2, 3, 1] {
        subject.put(number, b"wasm").await;
    }
    let versions = subject.store.versions().await.unwrap();
    let names: Vec<_> = versions.iter().map(|version| version.version.as_str()).collect();
    assert_eq!(names, ["1.0.3", "1.0.2", "1.0.1"]);
}

pub(crate) async fn a_generation_follows_the_one_before(subject: &Subject) {
    let slot = slot("jobs", World::Ranker);
    for generation in 1..=3 {
        subject.store.activate(&activation(&slot, generation)).await.unwrap();
    }
    for generation in [0, 1, 3, 5] {
        let refused = subject.store.activate(&activation(&slot, generation)).await;
        assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    }
    assert_eq!(subject.generations(&slot, 10).await, [3, 2, 1]);
    assert_eq!(subject.generations(&slot, 2).await, [3, 2]);
    let stored = subject.store.activations(&slot, 1).await.unwrap().remove(0);
    assert_eq!(format!("{stored:#?}"), format!("{:#?}", activation(&slot, 3)));
}

pub(crate) async fn slots_have_their_own_generations(subject: &Subject) {
    let slots =
        [slot("jobs", World::Ranker), slot("jobs", World::Scheduler), slot("x", World::Ranker)];
    for slot in &slots {
        subject.store.activate(&activation(slot, 1)).await.unwrap();
    }
    subject.store.activate(&activation(&slots[1], 2)).await.unwrap();
    assert_eq!(slots[0].scheduler, jobs());
    assert_eq!(subject.generations(&slots[0], 10).await, [1]);
    assert_eq!(subject.generations(&slots[1], 10).await, [2, 1]);
    assert_eq!(subject.generations(&slots[2], 10).await, [1]);
}

fn signature(digest: u8, key: u8, bytes: u8, moment: i64) -> PluginSignature {
    PluginSignature {
        signature: Signature {
            digest: PluginDigest([digest; 32]),
            key: KeyFingerprint([key; 32]),
            bytes: [bytes; 64],
        },
        at: at(moment),
        by: "an\"é\0na".to_owned(),
    }
}

pub(crate) async fn signatures_are_kept_by_version_and_key(subject: &Subject) {
    let (first, other) = (signature(1, 9, 1, 1), signature(2, 9, 2, 2));
    let second = signature(1, 8, 3, 3);
    for kept in [&first, &other, &second] {
        subject.store.put_signature(kept).await.unwrap();
    }
    let of = |digest: u8| PluginDigest([digest; 32]);
    let kept = subject.store.signatures(Some(&of(1))).await.unwrap();
    assert_eq!(kept, [first, second.clone()]);
    assert_eq!(subject.store.signatures(Some(&of(3))).await.unwrap(), []);
    assert_eq!(subject.store.signatures(None).await.unwrap().len(), 3);
    let again = signature(1, 9, 4, 4);
    subject.store.put_signature(&again).await.unwrap();
    assert_eq!(subject.store.signatures(Some(&of(1))).await.unwrap(), [second, again]);
}

pub(crate) async fn the_last_refusals_are_kept(subject: &Subject) {
    let refusal = |number: u32| Refusal {
        at: at(7),
        by: "anna".to_owned(),
        slot: number.is_multiple_of(2).then(|| slot("jobs", World::Ranker)),
        plugin: format!("rank-{number}.wasm"),
        wanted: "folder".to_owned(),
        reason: "it is \0 not \"signed\"".to_owned(),
    };
    for number in 0..REFUSALS_KEPT + 3 {
        subject.store.put_refusal(&refusal(number)).await.unwrap();
    }
    let kept = subject.store.refusals().await.unwrap();
    assert_eq!(kept.len(), REFUSALS_KEPT as usize);
    assert_eq!(kept[0], refusal(REFUSALS_KEPT + 2));
    assert_eq!(kept[1], refusal(REFUSALS_KEPT + 1));
    assert_eq!(*kept.last().unwrap(), refusal(3));
}
