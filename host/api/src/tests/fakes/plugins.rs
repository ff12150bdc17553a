//! Plugins: a component is good when it starts with `good`.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use hinny_core::{
    PluginDigest, Priority,
    input::{Columns, InputSpec},
    plugin::{
        ActivateRequest, Activation, CallStats, CandidateRequest, CandidateSource, Check,
        KeyFingerprint, Line, LineLevel, Lines, LinesRequest, PluginError, PluginSignature,
        PluginVersion, Plugins, Refusal, Signature, SignatureState, SignatureStatus, Slot,
        SlotStatus, Upload, Verdict, World,
    },
    ranker::{Explanation, RankContext, RankFailure, Ranker},
};

use super::{FakeHost, now};
use crate::tests::jobs;

fn verdict(component: &[u8]) -> Verdict {
    let accepted = component.starts_with(b"good");
    let detail = if accepted { "a component" } else { "not a component; build it as one" };
    let check = Check { name: "parse".to_owned(), passed: accepted, detail: detail.to_owned() };
    Verdict { accepted, checks: vec![check], imports: Vec::new(), took_ms: 1 }
}

fn slot() -> Slot {
    Slot { scheduler: jobs(), world: World::Ranker }
}

#[async_trait]
impl Plugins for FakeHost {
    async fn upload(&self, upload: Upload) -> Result<PluginVersion, PluginError> {
        let Upload { component, signatures, by } = upload;
        for signature in signatures {
            self.sign(signature, by.clone()).await?;
        }
        let verdict = verdict(&component);
        if !verdict.accepted {
            return Err(PluginError::Refused(Box::new(verdict)));
        }
        let mut versions = self.versions.lock().unwrap();
        let version = PluginVersion {
            digest: PluginDigest([versions.len() as u8; 32]),
            name: "decay".to_owned(),
            version: format!("1.{}.0", versions.len()),
            world: World::Ranker,
            size: component.len() as u64,
            verdict,
            uploaded_at: now(),
            uploaded_by: by,
        };
        versions.push(version.clone());
        Ok(version)
    }

    /// A signature of zeros is wrong.
    async fn sign(&self, signature: Signature, by: String) -> Result<(), PluginError> {
        if signature.bytes == [0; 64] {
            let Signature { digest, key, .. } = signature;
            return Err(PluginError::Signature { digest, key, why: "it is wrong".to_owned() });
        }
        let kept = PluginSignature { signature, at: now(), by };
        self.signatures.lock().unwrap().push(kept);
        Ok(())
    }

    /// A key of ones is trusted, others are not known.
    async fn signatures(
        &self,
        digest: Option<&PluginDigest>,
    ) -> Result<Vec<SignatureStatus>, PluginError> {
        let kept = self.signatures.lock().unwrap().clone();
        let of_it = |kept: &PluginSignature| digest.is_none_or(|it| *it == kept.signature.digest);
        let status = |kept: PluginSignature| {
            let is_known = kept.signature.key == KeyFingerprint([1; 32]);
            let state = if is_known { SignatureState::Trusted } else { SignatureState::UnknownKey };
            let key_name = is_known.then(|| "release".to_owned());
            SignatureStatus { kept, key_name, state, slots: vec![slot()] }
        };
        Ok(kept.into_iter().filter(of_it).map(status).collect())
    }

    async fn refusals(&self) -> Result<Vec<Refusal>, PluginError> {
        Ok(self.refusals.lock().unwrap().clone())
    }

    async fn refuse(&self, refusal: Refusal) -> Result<(), PluginError> {
        self.refusals.lock().unwrap().insert(0, refusal);
        Ok(())
    }

    async fn check(&self, component: Vec<u8>) -> Result<Verdict, PluginError> {
        Ok(verdict(&component))
    }

    async fn versions(&self) -> Result<Vec<PluginVersion>, PluginError> {
        Ok(self.versions.lock().unwrap().clone())
    }

    async fn slots(&self) -> Result<Vec<SlotStatus>, PluginError> {
        Ok(vec![SlotStatus {
            slot: slot(),
            active: self.activations.lock().unwrap().last().cloned(),
            title: None,
            inputs: Vec::new(),
            stats: CallStats::default(),
            trial: None,
        }])
    }

    async fn activations(&self, asked: &Slot) -> Result<Vec<Activation>, PluginError> {
        if *asked != slot() {
            return Err(PluginError::UnknownSlot(asked.to_string()));
        }
        Ok(self.activations.lock().unwrap().iter().rev().cloned().collect())
    }

    async fn lines(&self, request: LinesRequest) -> Result<Lines, PluginError> {
        let LinesRequest { slot, after, limit, wait } = request;
        if slot.world == World::Ranker {
            return Err(PluginError::NoLines(slot.to_string()));
        }
        if slot.scheduler != jobs() {
            return Err(PluginError::UnknownSlot(slot.to_string()));
        }
        let line = Line {
            number: 8,
            at: now(),
            level: LineLevel::Warn,
            generation: Some(2),
            digest: PluginDigest([7; 32]),
            function: "handle",
            text: format!("after {after:?}, {limit} at most, within {wait:?}").into(),
        };
        Ok(Lines { lines: vec![line], last: 8, gone: 3 })
    }

    async fn candidate(&self, request: CandidateRequest) -> Result<Arc<dyn Ranker>, PluginError> {
        if request.scheduler != jobs() {
            let slot = Slot { scheduler: request.scheduler, world: World::Ranker };
            return Err(PluginError::UnknownSlot(slot.to_string()));
        }
        let title = match request.source {
            CandidateSource::Version(digest) => format!("kept {}", digest.0[0]),
            CandidateSource::Component(component) => {
                let verdict = verdict(&component);
                if !verdict.accepted {
                    return Err(PluginError::Refused(Box::new(verdict)));
                }
                "sent along".to_owned()
            }
        };
        let settings = request.settings.map(|settings| format!(" with {settings}"));
        Ok(Arc::new(FakeRanker(title + &settings.unwrap_or_default())))
    }

    async fn activate(&self, request: ActivateRequest) -> Result<Activation, PluginError> {
        let mut activations = self.activations.lock().unwrap();
        let before = activations.iter().rev().nth(1).map(|activation| activation.digest);
        let digest = request.digest.or(before);
        let activation = Activation {
            digest: digest.ok_or_else(|| PluginError::NoEarlier(request.slot.to_string()))?,
            slot: request.slot,
            generation: activations.len() as u64 + 1,
            settings: request.settings.unwrap_or_default(),
            at: now(),
            by: request.by,
            reason: "activate".to_owned(),
            stage: request.stage,
            ended: None,
            forced: request.force,
        };
        activations.push(activation.clone());
        Ok(activation)
    }
}

/// A ranker that has a title, and nothing to say.
struct FakeRanker(String);

#[async_trait]
impl Ranker for FakeRanker {
    fn generation(&self) -> u64 {
        1
    }

    fn title(&self) -> &str {
        &self.0
    }

    fn inputs(&self) -> &Arc<[InputSpec]> {
        unreachable!("the queue is a fake, too")
    }

    fn refresh(&self) -> Option<Duration> {
        None
    }

    async fn rank(&self, _: &RankContext, batch: Columns) -> Result<Vec<Priority>, RankFailure> {
        Ok(vec![Priority(1); batch.len])
    }

    async fn explain(&self, _: &RankContext, _: Columns) -> Result<Vec<Explanation>, RankFailure> {
        Ok(Vec::new())
    }
}
