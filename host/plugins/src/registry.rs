//! Which plugins are active: loading them at the start, taking uploads, switching slots.
//!
//! Every slot is switched by one request at a time. What makes a version active is a row in the
//! database: it is written before anything changes in memory, and everything after it needs no
//! decision. The switch runs as a task of its own, so whoever asked for it may go away at any moment.
//!
//! A generation that is replaced is not stopped: calls that hold it finish, and its last holder
//! drops it. The one before the active one stays compiled, so that a rollback costs no time.

mod candidate;
mod housekeeping;
mod slot;
mod start;
mod switch;
mod target;
mod trust;
mod upload;
mod watch;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use hinny_core::{
    Clock, PluginDigest, SchedulerId,
    connector::Connectors,
    decision::{Decisions, Recorded, Replay, ReplayRequest},
    health::{Health, PartHealth},
    plugin::{
        ActivateRequest, Activation, ActivePlugins, CandidateRequest, Lines, LinesRequest,
        PluginError, PluginVersion, Plugins, Refusal, Signature, SignatureStatus, Slot, SlotStatus,
        Upload, Verdict, World,
    },
    queue::Queues,
    ranker::Ranker,
    scheduler::SchedulerPlugin,
    store::{PluginStore, Store},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::slot::{Running, SlotState};
use crate::{decisions::DecisionLog, host::PluginHost, trust::Trust, verifier::Verifier};

/// How many activations of a slot are listed.
const ACTIVATIONS_LISTED: u32 = 100;

/// How many activations of a slot are looked at for what ran before.
const ACTIVATIONS_READ: u32 = 1_000;

/// What the registry stands on.
#[derive(Clone)]
pub struct RegistryServices {
    /// Where versions and activations are kept.
    pub plugins: Arc<dyn PluginStore>,
    /// What scheduler plugins may ask.
    pub store: Arc<dyn Store>,
    /// The services that they may ask, where they are granted.
    pub connectors: Arc<dyn Connectors>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where switches run: a stop waits for them.
    pub tasks: TaskTracker,
    /// Ends the housekeeping.
    pub stop: CancellationToken,
}

impl fmt::Debug for RegistryServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryServices").finish_non_exhaustive()
    }
}

/// Which plugins are active. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    host: Arc<PluginHost>,
    verifier: Verifier,
    trust: Trust,
    services: RegistryServices,
    schedulers: BTreeMap<SchedulerId, SlotPair>,
    /// None: decisions are not recorded.
    decisions: Option<Arc<DecisionLog>>,
    queues: OnceLock<Arc<dyn Queues>>,
}

#[derive(Debug)]
struct SlotPair {
    ranker: Arc<SlotState>,
    scheduler: Arc<SlotState>,
}

impl Registry {
    /// The ranker that is active at the start, for building the queue of a scheduler with it.
    pub fn initial_ranker(&self, scheduler: &SchedulerId) -> Option<Arc<dyn Ranker>> {
        self.0.schedulers.get(scheduler)?.ranker.ranker_to_build_with()
    }

    /// Says which queues follow the rankers from now on. Once, after they are built: they are
    /// built with what [`Self::initial_ranker`] gives.
    pub fn attach(&self, queues: Arc<dyn Queues>) {
        // A second call would be a mistake in the wiring; the first one stays in force.
        let _ = self.0.queues.set(queues);
        // A slot may have been switched while its queue was built.
        for pair in self.0.schedulers.values() {
            if let Some(ranker) = pair.ranker.ranker_to_follow() {
                self.0.follow(&pair.ranker.slot, ranker);
            }
        }
    }

    /// Returns when every decision up to now is on its way to the disk. The last thing in a stop.
    pub async fn flush_decisions(&self) {
        if let Some(decisions) = &self.0.decisions {
            decisions.flush().await;
        }
    }

    /// How many instances of plugins exist now.
    pub fn instances(&self) -> usize {
        let host = &self.0.host;
        host.rankers.population().count() + host.schedulers.population().count()
    }
}

impl Inner {
    fn slot(&self, slot: &Slot) -> Result<&Arc<SlotState>, PluginError> {
        let pair = self.schedulers.get(&slot.scheduler);
        let pair = pair.ok_or_else(|| PluginError::UnknownSlot(slot.to_string()))?;
        Ok(match slot.world {
            World::Ranker => &pair.ranker,
            World::Scheduler => &pair.scheduler,
        })
    }

    fn decisions(&self) -> Result<&DecisionLog, PluginError> {
        self.decisions.as_deref().ok_or(PluginError::NotRecorded)
    }

    fn slots(&self) -> impl Iterator<Item = &Arc<SlotState>> {
        self.schedulers.values().flat_map(|pair| [&pair.scheduler, &pair.ranker])
    }
}

#[async_trait]
impl Plugins for Registry {
    async fn upload(&self, upload: Upload) -> Result<PluginVersion, PluginError> {
        self.0.upload(upload).await
    }

    async fn sign(&self, signature: Signature, by: String) -> Result<(), PluginError> {
        self.0.sign(signature, &by).await
    }

    async fn signatures(
        &self,
        digest: Option<&PluginDigest>,
    ) -> Result<Vec<SignatureStatus>, PluginError> {
        self.0.signatures(digest).await
    }

    async fn refusals(&self) -> Result<Vec<Refusal>, PluginError> {
        Ok(self.0.services.plugins.refusals().await?)
    }

    async fn refuse(&self, refusal: Refusal) -> Result<(), PluginError> {
        Ok(self.0.services.plugins.put_refusal(&refusal).await?)
    }

    async fn check(&self, component: Vec<u8>) -> Result<Verdict, PluginError> {
        self.0.check(component).await
    }

    async fn versions(&self) -> Result<Vec<PluginVersion>, PluginError> {
        Ok(self.0.services.plugins.versions().await?)
    }

    async fn slots(&self) -> Result<Vec<SlotStatus>, PluginError> {
        Ok(self.0.slots().map(|slot| slot.status()).collect())
    }

    async fn activations(&self, slot: &Slot) -> Result<Vec<Activation>, PluginError> {
        let slot = self.0.slot(slot)?;
        Ok(self.0.services.plugins.activations(&slot.slot, ACTIVATIONS_LISTED).await?)
    }

    async fn lines(&self, request: LinesRequest) -> Result<Lines, PluginError> {
        let LinesRequest { slot, after, limit, wait } = request;
        let slot = self.0.slot(&slot)?;
        if slot.slot.world == World::Ranker {
            return Err(PluginError::NoLines(slot.slot.to_string()));
        }
        Ok(slot.lines.after(after, limit, wait, &self.0.services.stop).await)
    }

    async fn candidate(&self, request: CandidateRequest) -> Result<Arc<dyn Ranker>, PluginError> {
        Ok(self.0.candidate(request).await?)
    }

    async fn activate(&self, request: ActivateRequest) -> Result<Activation, PluginError> {
        Inner::activate(&self.0, request).await
    }
}

#[async_trait]
impl Decisions for Registry {
    async fn recorded(&self) -> Result<Recorded, PluginError> {
        self.0.decisions()?.summary().await
    }

    async fn replay(&self, request: ReplayRequest) -> Result<Replay, PluginError> {
        self.0.replay(request).await
    }
}

/// One part: the slots. What is wrong with one is that what is active in it does not run.
impl Health for Registry {
    fn health(&self) -> Vec<PartHealth> {
        let troubles: Vec<_> = self.0.slots().filter_map(|slot| slot.trouble()).collect();
        let trouble = (!troubles.is_empty()).then(|| troubles.join("; "));
        vec![PartHealth { part: "plugins".to_owned(), trouble }]
    }
}

impl ActivePlugins for Registry {
    fn scheduler(&self, scheduler: &SchedulerId) -> Option<Arc<dyn SchedulerPlugin>> {
        match self.0.schedulers.get(scheduler)?.scheduler.running()? {
            Running::Scheduler(plugin) => Some(plugin),
            Running::Ranker(_) => None,
        }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("schedulers", &self.schedulers).finish_non_exhaustive()
    }
}
