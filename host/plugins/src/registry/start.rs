//! Starting: what was active when the host stopped is active again.

use std::sync::{Arc, OnceLock};

use futures::future::try_join_all;
use hinny_core::{
    Clock,
    plugin::{Activation, PluginError, Slot, World},
};
use tracing::{error, info};

use super::{
    ACTIVATIONS_READ, Inner, Registry, RegistryServices, SlotPair,
    slot::{Current, Program, SlotState},
    target::active,
};
use crate::{
    config::{PluginHostConfig, SchedulerSlots},
    decisions::DecisionLog,
    error::HostError,
    host::PluginHost,
    lines::SlotLines,
    trust::Trust,
    verifier::Verifier,
};

impl Registry {
    /// Starts the plugin host, and in it what was active last.
    ///
    /// A plugin that cannot be started again does not keep the host from starting: its slot stays
    /// empty, and the log says why.
    pub async fn start(
        config: PluginHostConfig,
        services: RegistryServices,
    ) -> Result<Self, HostError> {
        let host = PluginHost::new(&config)?;
        let decisions = start_decisions(&config)?;
        let pair =
            |slots: &SchedulerSlots| SlotPair::new(slots, &services.clock, decisions.as_ref());
        let schedulers =
            config.schedulers.iter().map(|slots| (slots.scheduler.clone(), pair(slots)));
        let schedulers = schedulers.collect();
        let inner = Arc::new(Inner {
            verifier: Verifier::new(&host.limits),
            trust: Trust::new(config.trusted_keys.clone()),
            host,
            services,
            schedulers,
            decisions: decisions.clone(),
            queues: OnceLock::new(),
        });
        try_join_all(inner.slots().map(|slot| inner.resume(slot))).await?;
        inner.start_housekeeping();
        inner.start_watch();
        Ok(Self(inner))
    }
}

/// Begins to record decisions, if they are to be.
fn start_decisions(config: &PluginHostConfig) -> Result<Option<Arc<DecisionLog>>, HostError> {
    let Some(decisions) = config.decisions.clone() else { return Ok(None) };
    let schedulers = config.schedulers.iter().map(|slots| slots.scheduler.clone());
    let log = DecisionLog::start(decisions, schedulers).map_err(HostError::DecisionThread)?;
    Ok(Some(Arc::new(log)))
}

impl SlotPair {
    fn new(
        slots: &SchedulerSlots,
        clock: &Arc<dyn Clock>,
        decisions: Option<&Arc<DecisionLog>>,
    ) -> Self {
        let slot = |world, policy| {
            let slot = Slot { scheduler: slots.scheduler.clone(), world };
            let (grants, budget) = (slots.grants.clone(), slots.ranker_budget);
            let lines = SlotLines::new(Arc::clone(clock));
            Arc::new(SlotState::new(slot, policy, grants, budget, lines, decisions.cloned()))
        };
        Self {
            ranker: slot(World::Ranker, slots.ranker_instances),
            scheduler: slot(World::Scheduler, slots.scheduler_instances),
        }
    }
}

impl Inner {
    /// Makes what was active in a slot run again.
    async fn resume(&self, slot: &SlotState) -> Result<(), HostError> {
        let history = self.services.plugins.activations(&slot.slot, ACTIVATIONS_READ).await?;
        let Some(last) = history.first() else { return Ok(()) };
        let activation = active(&history).unwrap_or(last).clone();
        let mut trouble = None;
        let running = match self.load(slot, &activation).await {
            Ok(program) => Some(slot.generation(activation.generation, program)),
            // Not the plugin's fault: without it everything queued would be ranked anew.
            Err(PluginError::Store(error)) => return Err(error.into()),
            Err(error) => {
                error!(
                    plugin.slot = %slot.slot,
                    plugin.generation = activation.generation,
                    %error,
                    "the active plugin of `{}` cannot be started, the slot stays empty; hint: `hinny plugin rollback {0}`",
                    slot.slot
                );
                self.note_distrust(&slot.slot, "start", Activation::BY_HOST, &error).await;
                trouble = Some(format!("`{}` is empty: {error}", slot.slot));
                None
            }
        };
        let mut current = Current { activation, running, before: None, trial: None, trouble };
        if last.stage.is_trial() {
            self.resume_trial(slot, &mut current, last).await?;
        }
        slot.set(current);
        Ok(())
    }

    /// Goes on with a trial that ran when the host stopped.
    async fn resume_trial(
        &self,
        slot: &SlotState,
        current: &mut Current,
        activation: &Activation,
    ) -> Result<(), HostError> {
        match self.load(slot, activation).await {
            Ok(program) => {
                current.trial = self.trial(slot, current, activation, program);
                Ok(())
            }
            Err(PluginError::Store(error)) => Err(error.into()),
            Err(error) => {
                error!(
                    plugin.slot = %slot.slot,
                    plugin.generation = activation.generation,
                    %error,
                    "the {} of `{}` cannot be started, the active plugin runs alone",
                    activation.stage,
                    slot.slot
                );
                self.note_distrust(&slot.slot, "start", Activation::BY_HOST, &error).await;
                let alone =
                    || format!("the {} of `{}` does not run: {error}", activation.stage, slot.slot);
                current.trouble.get_or_insert_with(alone);
                Ok(())
            }
        }
    }

    async fn load(
        &self,
        slot: &SlotState,
        activation: &Activation,
    ) -> Result<Program, PluginError> {
        self.check_trust(&slot.slot, &activation.digest).await?;
        // It ranked its samples when it was activated.
        let program = self.prepare(slot, &activation.digest, &activation.settings, false).await?;
        program.warm_up().await;
        info!(
            plugin.slot = %slot.slot,
            plugin.generation = activation.generation,
            "`{}` runs in `{}` as generation {} ({})",
            program.title(),
            slot.slot,
            activation.generation,
            activation.stage
        );
        Ok(program)
    }
}
