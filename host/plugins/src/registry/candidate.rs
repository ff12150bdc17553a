//! Rankers that are looked through before they are activated.

use std::sync::Arc;

use hinny_core::{
    decision::{Replay, ReplayRequest},
    plugin::{Activation, CandidateRequest, CandidateSource, PluginError, Slot, World},
};

use super::{ACTIVATIONS_READ, Inner, slot::Running, target::last_settings};
use crate::{ranker::WasmRanker, verify::digest};

impl Inner {
    /// A ranker as it would be once active: verified in the same way, with the same settings. What
    /// is sent along is not kept, apart from its code in the cache.
    pub(super) async fn candidate(
        &self,
        CandidateRequest { scheduler, source, settings }: CandidateRequest,
    ) -> Result<Arc<WasmRanker>, PluginError> {
        let slot = self.slot(&Slot { scheduler, world: World::Ranker })?;
        let digest = match &source {
            CandidateSource::Version(digest) => *digest,
            CandidateSource::Component(component) => digest(component),
        };
        let history = self.services.plugins.activations(&slot.slot, ACTIVATIONS_READ).await?;
        let settings = settings.unwrap_or_else(|| last_settings(&digest, &history));
        let program = match source {
            CandidateSource::Version(digest) => {
                self.check_world(&slot.slot, &digest).await?;
                self.prepare(slot, &digest, &settings, true).await?
            }
            CandidateSource::Component(component) => {
                self.prepare_component(slot, component, &settings).await?
            }
        };
        let next = history.first().map_or(0, |last| last.generation) + 1;
        match slot.generation(next, program) {
            Running::Ranker(ranker) => Ok(ranker),
            // A slot for rankers takes nothing else.
            Running::Scheduler(_) => Err(PluginError::UnknownSlot(slot.slot.to_string())),
        }
    }

    /// What a ranker makes of the decisions that are recorded.
    pub(super) async fn replay(
        &self,
        ReplayRequest { scheduler, source, settings, options }: ReplayRequest,
    ) -> Result<Replay, PluginError> {
        let decisions = self.decisions()?;
        let slot = Slot { scheduler: scheduler.clone(), world: World::Ranker };
        let (source, settings) = if let Some(source) = source {
            (source, settings)
        } else {
            // Its own: a trial may have run the same version with others since.
            let Activation { digest, settings: own, .. } = self.active(&slot)?;
            (CandidateSource::Version(digest), Some(settings.unwrap_or(own)))
        };
        let request = CandidateRequest { scheduler: scheduler.clone(), source, settings };
        let ranker = self.candidate(request).await?;
        decisions.replay(scheduler, ranker, &options).await
    }

    fn active(&self, slot: &Slot) -> Result<Activation, PluginError> {
        let current = self.slot(slot)?.current();
        let current = current.ok_or_else(|| PluginError::NothingActive(slot.to_string()))?;
        Ok(current.activation.clone())
    }
}
