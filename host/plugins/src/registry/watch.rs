//! Going back by itself: from a ranker that is beyond its budget to the one before it.
//!
//! Only what was activated lately is watched, and trials for as long as they run. What the host has
//! ended once is not activated again unless a person insists, and then it is not watched: the host
//! never overrules the same person twice.

use std::{sync::Arc, time::Duration};

use hinny_core::plugin::{Activation, PluginError};
use metrics::counter;
use tracing::{error, warn};

use super::{
    Inner,
    slot::{Current, Running, SlotState},
    target::{automatic, is_watched},
};

/// How often rankers are looked at.
const EVERY: Duration = Duration::from_millis(250);

impl Inner {
    /// Starts the watch. It ends with the host, or when nobody has the registry any more.
    pub(super) fn start_watch(self: &Arc<Self>) {
        self.start_chore(EVERY, |registry| async move { registry.look().await });
    }

    async fn look(self: &Arc<Self>) {
        for pair in self.schedulers.values() {
            let slot = &pair.ranker;
            let Some(current) = slot.current() else { continue };
            if let Some((generation, why)) = self.beyond_budget(slot, &current) {
                self.go_back(slot, generation, &why).await;
            }
        }
    }

    /// The generation that is beyond the budget of its slot, and why.
    fn beyond_budget(&self, slot: &SlotState, current: &Current) -> Option<(u64, String)> {
        let budget = &slot.budget;
        if !budget.watch {
            return None;
        }
        if let Some(trial) = &current.trial {
            let watched = is_watched(&trial.activation);
            let why = watched.then(|| trial.exceeded(budget)).flatten()?;
            return Some((trial.activation.generation, why));
        }
        let Some(Running::Ranker(ranker)) = &current.running else { return None };
        let activation = &current.activation;
        let watched = is_watched(activation) && self.is_young(activation, budget.minutes);
        let why = watched.then(|| budget.exceeded(&ranker.stats(), None)).flatten()?;
        Some((activation.generation, why))
    }

    fn is_young(&self, activation: &Activation, minutes: u32) -> bool {
        let age = self.services.clock.now().as_micros() - activation.at.as_micros();
        age < i64::from(minutes) * 60_000_000
    }

    async fn go_back(self: &Arc<Self>, slot: &Arc<SlotState>, generation: u64, why: &str) {
        let target = |history: &[Activation]| {
            // A person was faster.
            let last = history.first().map(|last| last.generation);
            if last != Some(generation) {
                return Err(PluginError::Busy(slot.slot.to_string()));
            }
            automatic(&slot.slot, history, generation, why)
        };
        match self.switch_slot(slot, target).await {
            Ok(activation) => {
                counter!("hinny_plugin_automatic_rollbacks_total", "slot" => slot.slot.to_string())
                    .increment(1);
                warn!(
                    plugin.slot = %slot.slot,
                    plugin.generation = activation.generation,
                    "{} in `{}`; hint: `hinny plugin history {1}`",
                    activation.reason,
                    slot.slot
                );
            }
            // It is looked at again.
            Err(PluginError::Busy(_)) => {}
            Err(error) if slot.complain_once(generation) => {
                error!(
                    plugin.slot = %slot.slot,
                    plugin.generation = generation,
                    %error,
                    "generation {generation} in `{}` is beyond its budget ({why}) and stays, since there is no way back",
                    slot.slot
                );
                self.note_distrust(&slot.slot, "roll back", Activation::BY_HOST, &error).await;
            }
            Err(_) => {}
        }
    }
}
