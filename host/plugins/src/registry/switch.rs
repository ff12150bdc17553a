//! Switching a slot to another version, or back.

use std::sync::Arc;

use hinny_core::{
    PluginDigest,
    plugin::{ActivateRequest, Activation, PluginError, Slot},
    ranker::Ranker,
    store::StoreError,
};
use metrics::counter;
use serde_json::{Value, json};
use tracing::{info, warn};

use super::{
    ACTIVATIONS_LISTED, Inner,
    slot::{Current, Program, Running, SlotState},
};
use crate::{
    ranker::RankerProgram,
    scheduler::{SchedulerProgram, Services},
    settings::Settings,
    verify::{Candidate, Ready, Verified, digest, verify_candidate},
};

/// Who activates what the configuration names; such an activation has it as its reason, too.
const CONFIGURATION: &str = "configuration";

/// What a slot is to run.
#[derive(Debug)]
struct Target {
    digest: PluginDigest,
    settings: Value,
    reason: String,
}

impl Inner {
    /// Switches a slot. Whoever waits for it may stop waiting: it is done as a whole or not at all.
    pub(super) async fn activate(
        self: &Arc<Self>,
        request: ActivateRequest,
    ) -> Result<Activation, PluginError> {
        let slot = Arc::clone(self.slot(&request.slot)?);
        let permit = Arc::clone(&slot.switch)
            .try_acquire_owned()
            .map_err(|_| PluginError::Busy(slot.slot.to_string()))?;
        let inner = Arc::clone(self);
        let switching = self.services.tasks.spawn(async move {
            let _permit = permit;
            inner.switch(&slot, request).await
        });
        switching.await.unwrap_or_else(|_| Err(PluginError::Store(ended())))
    }

    async fn switch(
        &self,
        slot: &SlotState,
        request: ActivateRequest,
    ) -> Result<Activation, PluginError> {
        let history = self.services.plugins.activations(&slot.slot, ACTIVATIONS_LISTED).await?;
        let by = request.by.clone();
        let target = target(request, &history)?;
        self.check_world(&slot.slot, &target.digest).await?;
        let program = self.prepare(slot, &target.digest, &target.settings, true).await?;
        let activation = Activation {
            slot: slot.slot.clone(),
            generation: history.first().map_or(0, |last| last.generation) + 1,
            digest: target.digest,
            settings: target.settings,
            at: self.services.clock.now(),
            by,
            reason: target.reason,
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
            let component = self.services.plugins.component(digest).await?;
            verified = self.verifier.switch(job(component)).await?;
        }
        self.accepted(slot, *digest, verified)
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
        let before = slot.current().and_then(|current| current.before(&program));
        let title = program.title().to_owned();
        let running = Running::new(activation.generation, program);
        slot.set(Current {
            activation: activation.clone(),
            running: Some(running.clone()),
            before,
        });
        counter!("hinny_plugin_switches_total", "slot" => slot.slot.to_string()).increment(1);
        info!(
            plugin.slot = %slot.slot,
            plugin.generation = activation.generation,
            plugin.digest = %activation.digest,
            "`{title}` is active in `{}` as generation {}: {} by {}",
            slot.slot,
            activation.generation,
            activation.reason,
            activation.by
        );
        if let Running::Ranker(ranker) = running {
            self.follow(&slot.slot, ranker);
        }
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

/// What a request means, given what was active before; newest first.
fn target(request: ActivateRequest, history: &[Activation]) -> Result<Target, PluginError> {
    let Some(digest) = request.digest else { return earlier(&request.slot, history) };
    let reason = if request.by == CONFIGURATION { CONFIGURATION } else { "activate" };
    let settings = request.settings.unwrap_or_else(|| last_settings(&digest, history));
    Ok(Target { digest, settings, reason: reason.to_owned() })
}

/// The settings that a version had when it was last active.
pub(super) fn last_settings(digest: &PluginDigest, history: &[Activation]) -> Value {
    let last = history.iter().find(|activation| activation.digest == *digest);
    last.map_or_else(|| json!({}), |activation| activation.settings.clone())
}

/// The last generation that was another one than the active one: going back to the same version
/// with the same settings would change nothing.
fn earlier(slot: &Slot, history: &[Activation]) -> Result<Target, PluginError> {
    let (active, before) =
        history.split_first().ok_or_else(|| PluginError::NoEarlier(slot.to_string()))?;
    let differs = |activation: &&Activation| {
        activation.digest != active.digest || activation.settings != active.settings
    };
    let back = before.iter().find(differs);
    let back = back.ok_or_else(|| PluginError::NoEarlier(slot.to_string()))?;
    Ok(Target {
        digest: back.digest,
        settings: back.settings.clone(),
        reason: format!("rollback to generation {}", back.generation),
    })
}

fn ended() -> StoreError {
    StoreError::Unavailable {
        why: "the switch was ended before it was done".to_owned(),
        hint: "look at the slot, and try again",
    }
}

#[cfg(test)]
mod tests {
    use hinny_core::{SchedulerId, Timestamp, plugin::World};

    use super::*;

    fn slot() -> Slot {
        Slot { scheduler: SchedulerId::new("jobs").unwrap(), world: World::Ranker }
    }

    fn activation(generation: u64, digest: u8, weight: u64) -> Activation {
        Activation {
            slot: slot(),
            generation,
            digest: PluginDigest([digest; 32]),
            settings: json!({ "weight": weight }),
            at: Timestamp::MIN,
            by: "ann".to_owned(),
            reason: "activate".to_owned(),
        }
    }

    fn rollback(history: &[Activation]) -> Result<Target, PluginError> {
        let request =
            ActivateRequest { slot: slot(), digest: None, settings: None, by: "ann".to_owned() };
        target(request, history)
    }

    #[test]
    fn a_rollback_goes_to_the_last_generation_that_differs() {
        let history =
            [activation(4, 2, 1), activation(3, 2, 1), activation(2, 1, 7), activation(1, 1, 1)];
        let back = rollback(&history).unwrap();
        assert_eq!((back.digest, back.settings), (PluginDigest([1; 32]), json!({"weight": 7})));
        assert_eq!(back.reason, "rollback to generation 2");
    }

    #[test]
    fn without_another_generation_there_is_nothing_to_go_back_to() {
        for history in
            [&[][..], &[activation(1, 1, 1)], &[activation(2, 1, 1), activation(1, 1, 1)]]
        {
            assert!(matches!(rollback(history), Err(PluginError::NoEarlier(_))));
        }
    }

    #[test]
    fn settings_that_are_not_given_are_those_of_the_last_time() {
        let history = [activation(3, 2, 3), activation(2, 1, 2), activation(1, 1, 1)];
        let settings = |digest: u8, by: &str| {
            let digest = Some(PluginDigest([digest; 32]));
            let request =
                ActivateRequest { slot: slot(), digest, settings: None, by: by.to_owned() };
            let target = target(request, &history).unwrap();
            (target.settings, target.reason)
        };
        assert_eq!(settings(1, "ann"), (json!({"weight": 2}), "activate".to_owned()));
        assert_eq!(settings(9, CONFIGURATION), (json!({}), "configuration".to_owned()));
    }
}
