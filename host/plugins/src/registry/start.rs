//! Starting: what was active when the host stopped is active again.

use std::sync::{Arc, OnceLock};

use futures::future::try_join_all;
use hinny_core::plugin::{Activation, PluginError, Slot, World};
use tracing::{error, info};

use super::{
    Inner, Registry, RegistryServices, SlotPair,
    slot::{Current, Running, SlotState},
};
use crate::{
    config::{PluginHostConfig, SchedulerSlots},
    error::HostError,
    host::PluginHost,
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
        let schedulers =
            config.schedulers.iter().map(|slots| (slots.scheduler.clone(), SlotPair::new(slots)));
        let inner = Arc::new(Inner {
            verifier: Verifier::new(&host.limits),
            host,
            services,
            schedulers: schedulers.collect(),
            queues: OnceLock::new(),
        });
        try_join_all(inner.slots().map(|slot| inner.resume(slot))).await?;
        inner.start_housekeeping();
        Ok(Self(inner))
    }
}

impl SlotPair {
    fn new(slots: &SchedulerSlots) -> Self {
        let slot = |world, policy| {
            let slot = Slot { scheduler: slots.scheduler.clone(), world };
            Arc::new(SlotState::new(slot, policy, slots.grants.clone()))
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
        let last = self.services.plugins.activations(&slot.slot, 1).await?;
        let Some(activation) = last.into_iter().next() else { return Ok(()) };
        let running = match self.load(slot, &activation).await {
            Ok(running) => Some(running),
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
                None
            }
        };
        slot.set(Current { activation, running, before: None });
        Ok(())
    }

    async fn load(
        &self,
        slot: &SlotState,
        activation: &Activation,
    ) -> Result<Running, PluginError> {
        // It ranked its samples when it was activated.
        let program = self.prepare(slot, &activation.digest, &activation.settings, false).await?;
        program.warm_up().await;
        info!(
            plugin.slot = %slot.slot,
            plugin.generation = activation.generation,
            "`{}` runs in `{}` as generation {}",
            program.title(),
            slot.slot,
            activation.generation
        );
        Ok(Running::new(activation.generation, program))
    }
}
