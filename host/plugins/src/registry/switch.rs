//! Switching a slot to another version, or back.

use std::sync::Arc;

use hinny_core::{
    PluginDigest,
    plugin::{ActivateRequest, Activation, PluginError, Slot, Stage},
    ranker::Ranker,
    store::StoreError,
};
use metrics::counter;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use tracing::{info, warn};

use super::{
    ACTIVATIONS_READ, Inner,
    slot::{Current, Program, Running, SlotState},
    target::{Target, asked},
};
use crate::{
    ranker::RankerProgram,
    scheduler::{SchedulerProgram, Services},
    settings::Settings,
    trial::Trial,
    verify::{Candidate, Ready, Verified, digest, verify_candidate},
};

impl Inner {
    /// Switches a slot. Whoever waits for it may stop waiting: it is done as a whole or not at all.
    pub(super) async fn activate(
        self: &Arc<Self>,
        request: ActivateRequest,
    ) -> Result<Activation, PluginError> {
        let slot = Arc::clone(self.slot(&request.slot)?);
        let permit = permit(&slot)?;
        let inner = Arc::clone(self);
        let switching = self.services.tasks.spawn(async move {
            let _permit = permit;
            let (wanted, by) = (wanted(&request), request.by.clone());
            let done = inner.switch(&slot, |history| asked(request, history)).await;
            if let Err(error @ PluginError::Untrusted { .. }) = &done {
                warn!(plugin.slot = %slot.slot, "not let in ({wanted}, by {by}): {error}");
                inner.note_distrust(&slot.slot, &wanted, &by, error).await;
            }
            done
        });
        switching.await.unwrap_or_else(|_| Err(PluginError::Store(ended())))
    }

    /// Switches a slot to what its history says it is to run.
    pub(super) async fn switch_slot(
        &self,
        slot: &SlotState,
        target: impl FnOnce(&[Activation]) -> Result<Target, PluginError>,
    ) -> Result<Activation, PluginError> {
        let _permit = permit(slot)?;
        self.switch(slot, target).await
    }

    async fn switch(
        &self,
        slot: &SlotState,
        target: impl FnOnce(&[Activation]) -> Result<Target, PluginError>,
    ) -> Result<Activation, PluginError> {
        let history = self.services.plugins.activations(&slot.slot, ACTIVATIONS_READ).await?;
        let Target { digest, settings, by, reason, stage, ended, forced } = target(&history)?;
        self.check_world(&slot.slot, &digest).await?;
        self.check_trust(&slot.slot, &digest).await?;
        let program = self.prepare(slot, &digest, &settings, true).await?;
        let activation = Activation {
            slot: slot.slot.clone(),
            generation: history.first().map_or(0, |last| last.generation) + 1,
            digest,
            settings,
            at: self.services.clock.now(),
            by,
            reason,
            stage,
            ended,
            forced,
        };
        self.write(&activation).await?;
        program.warm_up().await;
        self.replace(slot, &activation, program);
        Ok(activation)
    }

    /// Writes the row that makes a version the active one.
    async fn write(&self, activation: &Activation) -> Result<(), StoreError> {
        let plugins = &self.services.plugins;
        let Err(error) = plugins.activate(activation).await else { return Ok(()) };
        // It may be the answer that was lost, and not the row.
        let last = plugins.activations(&activation.slot, 1).await.unwrap_or_default();
        let there = last.first().is_some_and(|last| {
            (last.generation, last.digest, last.at, &last.by)
                == (activation.generation, activation.digest, activation.at, &activation.by)
        });
        if there { Ok(()) } else { Err(error) }
    }

    pub(super) async fn check_world(
        &self,
        slot: &Slot,
        digest: &PluginDigest,
    ) -> Result<(), PluginError> {
        let version = self.services.plugins.version(digest).await?;
        let version = version.ok_or_else(|| PluginError::UnknownVersion(digest.to_string()))?;
        if version.world == slot.world {
            return Ok(());
        }
        Err(PluginError::WrongWorld {
            slot: slot.to_string(),
            wanted: slot.world,
            digest: digest.to_string(),
            got: version.world,
        })
    }

    /// A program for a slot: the one that is there already, or a new one, verified.
    pub(super) async fn prepare(
        &self,
        slot: &SlotState,
        digest: &PluginDigest,
        settings: &Value,
        samples: bool,
    ) -> Result<Program, PluginError> {
        let flat = Settings::flatten(settings).ok();
        if let Some(program) = flat.and_then(|flat| slot.known(digest, &flat)) {
            return Ok(program);
        }
        let job = |component| self.verification(slot, digest, settings, component, samples);
        // Nearly always the code is in the cache, and the bytes need not be fetched.
        let mut verified = self.verifier.switch(job(None)).await?;
        if verified.is_none() {
            let component = self.component(digest).await?;
            verified = self.verifier.switch(job(component)).await?;
        }
        self.accepted(slot, *digest, verified)
    }

    /// The bytes of a version. What was verified and signed is what has its digest, so a database that
    /// gives other bytes is not believed.
    async fn component(&self, digest: &PluginDigest) -> Result<Option<Vec<u8>>, PluginError> {
        let component = self.services.plugins.component(digest).await?;
        match component.as_deref().map(self::digest) {
            Some(found) if found != *digest => Err(PluginError::Store(StoreError::Corrupt {
                what: format!("the component of `{digest}`"),
                why: format!("its bytes are those of `{found}`"),
            })),
            _ => Ok(component),
        }
    }

    /// A program for a slot, of a component that is not kept.
    pub(super) async fn prepare_component(
        &self,
        slot: &SlotState,
        component: Vec<u8>,
        settings: &Value,
    ) -> Result<Program, PluginError> {
        let digest = digest(&component);
        let job = self.verification(slot, &digest, settings, Some(component), true);
        // Anybody may send as many as they like, so these wait for their turn like uploads.
        let verified = self.verifier.upload(job).await?;
        self.accepted(slot, digest, verified)
    }

    fn accepted(
        &self,
        slot: &SlotState,
        digest: PluginDigest,
        verified: Option<Verified>,
    ) -> Result<Program, PluginError> {
        let Some(Verified { verdict, ready, .. }) = verified else {
            return Err(PluginError::UnknownVersion(digest.to_string()));
        };
        let ready = ready.ok_or_else(|| PluginError::Refused(Box::new(verdict)))?;
        Ok(self.program(slot, digest, ready))
    }

    fn verification(
        &self,
        slot: &SlotState,
        digest: &PluginDigest,
        settings: &Value,
        component: Option<Vec<u8>>,
        samples: bool,
    ) -> impl FnOnce() -> Option<Verified> + Send + 'static {
        let host = Arc::clone(&self.host);
        let (world, grants) = (slot.slot.world, slot.grants.clone());
        let (digest, settings) = (*digest, settings.clone());
        move || {
            let component = component.as_deref();
            let settings = &settings;
            let candidate = Candidate { world, digest, component, settings, grants, samples };
            verify_candidate(&host, &candidate)
        }
    }

    fn program(&self, slot: &SlotState, digest: PluginDigest, ready: Ready) -> Program {
        match ready {
            Ready::Ranker(code, description) => Program::Ranker(Arc::new(RankerProgram::new(
                code,
                digest,
                description,
                slot.policy,
            ))),
            Ready::Scheduler(code, described) => {
                let services = Services {
                    store: Arc::clone(&self.services.store),
                    connectors: Arc::clone(&self.services.connectors),
                    slot: slot.slot.clone(),
                    granted: slot.grants.connector.iter().cloned().collect(),
                    sources: described.sources(),
                    lines: Arc::clone(&slot.lines),
                    digest,
                };
                Program::Scheduler(Arc::new(SchedulerProgram::new(
                    code,
                    digest,
                    *described,
                    services,
                    slot.policy,
                )))
            }
        }
    }

    /// Swaps the pointer, and has the queue follow. Nothing here can fail half-way.
    fn replace(&self, slot: &SlotState, activation: &Activation, program: Program) {
        let title = program.title().to_owned();
        let current = self.next(slot, activation, program);
        let ranker = slot.ranker_of(&current);
        slot.set(current);
        counter!("hinny_plugin_switches_total", "slot" => slot.slot.to_string()).increment(1);
        info!(
            plugin.slot = %slot.slot,
            plugin.generation = activation.generation,
            plugin.digest = %activation.digest,
            "`{title}` runs in `{}` as generation {} ({}): {} by {}",
            slot.slot,
            activation.generation,
            activation.stage,
            activation.reason,
            activation.by
        );
        if let Some(ranker) = ranker {
            self.follow(&slot.slot, ranker);
        }
    }

    /// What a slot holds after an activation.
    fn next(&self, slot: &SlotState, activation: &Activation, program: Program) -> Current {
        let now = slot.current();
        if let Some(now) = now.as_deref().filter(|_| activation.stage.is_trial()) {
            let trial = self.trial(slot, now, activation, program);
            // A trial does not mend a slot that is empty.
            let trouble = now.trouble.clone().filter(|_| now.running.is_none());
            return Current { trial, trouble, ..now.clone() };
        }
        Current {
            activation: activation.clone(),
            before: now.and_then(|current| current.before(&program)),
            running: Some(slot.generation(activation.generation, program)),
            trial: None,
            trouble: None,
        }
    }

    /// A version beside the one that runs. None where there is none beside which it could run, since
    /// it could not be started: the slot stays empty then.
    pub(super) fn trial(
        &self,
        slot: &SlotState,
        current: &Current,
        activation: &Activation,
        program: Program,
    ) -> Option<Arc<Trial>> {
        let Some(Running::Ranker(base)) = &current.running else { return None };
        let Program::Ranker(program) = program else { return None };
        let candidate = Arc::new(slot.ranker_generation(activation.generation, program));
        let (tasks, stop) = (&self.services.tasks, self.services.stop.clone());
        let recorded = |ranker| slot.recorded(ranker);
        let (activation, base) = (activation.clone(), Arc::clone(base));
        Some(Arc::new(Trial::new(activation, base, candidate, tasks, stop, recorded)))
    }

    pub(super) fn follow(&self, slot: &Slot, ranker: Arc<dyn Ranker>) {
        // Without queues: `attach` looks whether they were built with another generation.
        let Some(queues) = self.queues.get() else { return };
        if let Err(error) = queues.swap_ranker(&slot.scheduler, Some(ranker)) {
            warn!(
                plugin.slot = %slot,
                %error,
                "the queue of `{}` does not follow its ranker until the next start",
                slot.scheduler
            );
        }
    }
}

/// What a request is for, in a word.
fn wanted(request: &ActivateRequest) -> String {
    match (request.digest, request.stage) {
        (None, _) => "roll back".to_owned(),
        (Some(_), Stage::Active) => "activate".to_owned(),
        (Some(_), stage) => stage.to_string(),
    }
}

fn permit(slot: &SlotState) -> Result<OwnedSemaphorePermit, PluginError> {
    let permit = Arc::clone(&slot.switch).try_acquire_owned();
    permit.map_err(|_| PluginError::Busy(slot.slot.to_string()))
}

fn ended() -> StoreError {
    StoreError::Unavailable {
        why: "the switch was ended before it was done".to_owned(),
        hint: "look at the slot, and try again",
    }
}
