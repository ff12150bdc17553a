//! A plugin host on a database of its own.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hinny_core::{
    Clock, ManualClock, Priority,
    connector::Connectors,
    input::Columns,
    plugin::{
        ActivateRequest, Activation, ActivePlugins, PluginError, PluginVersion, Plugins,
        RankerBudget, Slot, SlotStatus, Stage, Upload, World,
    },
    ranker::{RankFailure, Ranker},
    scheduler::SchedulerPlugin,
    store::{self, PluginStore},
};
use hinny_plugins::{
    DecisionsConfig, Grants, InstancePolicy, Limits, PluginHostConfig, Registry, RegistryServices,
    SchedulerSlots, TrustedKey,
};
use hinny_store::{SqliteOptions, SqliteStore};
use serde_json::Value;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    guests::{component, context, now, scheduler},
    services::{STORE, Store},
};

/// A plugin host with the slots of two schedulers, `jobs` and `others`.
pub(crate) struct Rig {
    pub(crate) registry: Registry,
    pub(crate) store: Arc<SqliteStore>,
    setup: Setup,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// How a host is set up.
#[derive(Clone)]
pub(crate) struct Setup {
    config: PluginHostConfig,
    /// What takes the place of the database, for plugins that ask it.
    asked: Option<Arc<dyn store::Store>>,
    /// What plugins ask that are granted services.
    services: Arc<dyn Connectors>,
    /// What goes between the registry and the database.
    kept: Option<fn(Arc<SqliteStore>) -> Arc<dyn PluginStore>>,
}

impl Default for Setup {
    fn default() -> Self {
        let slots = |name| SchedulerSlots { grants: all(), ..SchedulerSlots::new(scheduler(name)) };
        let schedulers = ["jobs", "others"].map(slots);
        // Shared by all tests and kept between runs, so that each guest is compiled once.
        let cache = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled-plugins");
        let config = PluginHostConfig {
            limits: patient(),
            cache_folder: Some(cache),
            decisions: None,
            trusted_keys: Vec::new(),
            schedulers: schedulers.to_vec(),
        };
        Self { config, asked: None, services: Arc::new(Store::default()), kept: None }
    }
}

/// Everything, and one service.
pub(crate) fn all() -> Grants {
    Grants { connector: vec![STORE.to_owned()], ..Grants::default() }
}

/// Deadlines that a good call meets on a machine that is busy with other tests.
pub(crate) fn patient() -> Limits {
    Limits {
        configure_ms: 20_000,
        describe_ms: 20_000,
        rank_ms: 20_000,
        explain_ms: 20_000,
        admit_ms: 20_000,
        handle_ms: 20_000,
        call_timeout_ms: 60_000,
        ..Limits::default()
    }
}

/// Deadlines for guests that never end.
pub(crate) fn strict() -> Limits {
    Limits {
        configure_ms: 250,
        describe_ms: 250,
        rank_ms: 250,
        explain_ms: 250,
        admit_ms: 250,
        handle_ms: 250,
        ..Limits::default()
    }
}

/// A pool for guests whose start is slow.
pub(crate) fn warm(calls_max: u32) -> InstancePolicy {
    InstancePolicy::Warm { size: 4, calls_max, idle_ms_max: 600_000 }
}

pub(crate) fn slot(name: &str, world: World) -> Slot {
    Slot { scheduler: scheduler(name), world }
}

impl Setup {
    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    pub(crate) fn instances(mut self, policy: InstancePolicy) -> Self {
        for slots in &mut self.config.schedulers {
            slots.ranker_instances = policy;
            slots.scheduler_instances = policy;
        }
        self
    }

    #[expect(clippy::needless_pass_by_value, reason = "grants are made where they are given")]
    pub(crate) fn grants(mut self, grants: Grants) -> Self {
        for slots in &mut self.config.schedulers {
            slots.grants = grants.clone();
        }
        self
    }

    pub(crate) fn budget(mut self, budget: RankerBudget) -> Self {
        for slots in &mut self.config.schedulers {
            slots.ranker_budget = budget;
        }
        self
    }

    pub(crate) fn cache(mut self, folder: Option<PathBuf>) -> Self {
        self.config.cache_folder = folder;
        self
    }

    pub(crate) fn recording(mut self, decisions: DecisionsConfig) -> Self {
        self.config.decisions = Some(decisions);
        self
    }

    pub(crate) fn asking(mut self, store: Arc<dyn store::Store>) -> Self {
        self.asked = Some(store);
        self
    }

    pub(crate) fn services(mut self, services: Arc<dyn Connectors>) -> Self {
        self.services = services;
        self
    }

    pub(crate) fn trusting(mut self, keys: Vec<TrustedKey>) -> Self {
        self.config.trusted_keys = keys;
        self
    }

    pub(crate) fn keeping(mut self, store: fn(Arc<SqliteStore>) -> Arc<dyn PluginStore>) -> Self {
        self.kept = Some(store);
        self
    }

    pub(crate) fn config(&self) -> &PluginHostConfig {
        &self.config
    }

    pub(crate) async fn start(self) -> Rig {
        let store = SqliteStore::open(&SqliteOptions::temporary()).await.unwrap();
        self.start_on(Arc::new(store)).await
    }

    async fn start_on(self, store: Arc<SqliteStore>) -> Rig {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let services = RegistryServices {
            plugins: match self.kept {
                Some(kept) => kept(Arc::clone(&store)),
                None => Arc::clone(&store) as _,
            },
            store: self.asked.clone().unwrap_or_else(|| Arc::clone(&store) as _),
            connectors: Arc::clone(&self.services),
            clock: Arc::new(ManualClock::at(now())) as Arc<dyn Clock>,
            tasks: tasks.clone(),
            stop: stop.clone(),
        };
        let registry = Registry::start(self.config.clone(), services).await.unwrap();
        Rig { registry, store, setup: self, tasks, stop }
    }

    /// A host in which a version runs that was not asked to rank samples: what was active before
    /// a start is active again without. So a guest gets to sin where verification would have
    /// found it out.
    pub(crate) async fn start_with(self, guest: &str, settings: Value) -> Rig {
        self.start().await.with_row(guest, settings).await
    }
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Setup::default().start().await
    }

    /// Another host on the same database, as after a restart.
    pub(crate) async fn restarted(&self) -> Self {
        self.setup.clone().start_on(Arc::clone(&self.store)).await
    }

    /// The same, with other keys to trust.
    pub(crate) async fn restarted_trusting(&self, keys: Vec<TrustedKey>) -> Self {
        self.setup.clone().trusting(keys).start_on(Arc::clone(&self.store)).await
    }

    /// The same, after what is active now.
    pub(crate) async fn with_row(&self, guest: &str, settings: Value) -> Self {
        let version = self.upload(guest).await;
        let activation = self.row(&version, settings).await;
        self.store.activate(&activation).await.unwrap();
        self.restarted().await
    }

    /// Waits until the last instance is gone: one whose call nobody waits for ends at its next turn.
    pub(crate) async fn until_there_are_no_instances(&self) {
        let gone = async {
            while self.registry.instances() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), gone).await.expect("instances are left");
    }

    pub(crate) async fn upload(&self, guest: &str) -> PluginVersion {
        self.registry.upload(Upload::unsigned(component(guest), "ann")).await.unwrap()
    }

    /// Uploads a guest and makes it the active plugin of `jobs`.
    pub(crate) async fn activate(
        &self,
        guest: &str,
        settings: Value,
    ) -> Result<Activation, PluginError> {
        self.activate_for("jobs", guest, settings).await
    }

    pub(crate) async fn activate_for(
        &self,
        name: &str,
        guest: &str,
        settings: Value,
    ) -> Result<Activation, PluginError> {
        let request = self.request(name, guest, settings).await;
        self.registry.activate(request).await
    }

    pub(crate) async fn request(
        &self,
        name: &str,
        guest: &str,
        settings: Value,
    ) -> ActivateRequest {
        let version = self.upload(guest).await;
        let slot = slot(name, version.world);
        let request = ActivateRequest::version(slot, version.digest, "ann");
        ActivateRequest { settings: Some(settings), ..request }
    }

    pub(crate) async fn roll_back(&self, world: World) -> Result<Activation, PluginError> {
        self.registry.activate(ActivateRequest::rollback(slot("jobs", world), "ann")).await
    }

    /// The row that makes a version the active plugin of `jobs`.
    pub(crate) async fn row(&self, version: &PluginVersion, settings: Value) -> Activation {
        let slot = slot("jobs", version.world);
        let before = self.store.activations(&slot, 1).await.unwrap();
        Activation {
            slot,
            generation: before.first().map_or(1, |last| last.generation + 1),
            digest: version.digest,
            settings,
            at: now(),
            by: "ann".to_owned(),
            reason: "activate".to_owned(),
            stage: Stage::Active,
            ended: None,
            forced: false,
        }
    }

    pub(crate) fn ranker(&self) -> Arc<dyn Ranker> {
        self.ranker_of("jobs")
    }

    pub(crate) fn ranker_of(&self, name: &str) -> Arc<dyn Ranker> {
        self.registry.initial_ranker(&scheduler(name)).expect("a ranker is active")
    }

    pub(crate) fn plugin(&self) -> Arc<dyn SchedulerPlugin> {
        self.registry.scheduler(&scheduler("jobs")).expect("a scheduler plugin is active")
    }

    /// What is active in a slot of `jobs`.
    pub(crate) async fn status(&self, world: World) -> SlotStatus {
        let slots = self.registry.slots().await.unwrap();
        let wanted = slot("jobs", world);
        slots.into_iter().find(|status| status.slot == wanted).unwrap()
    }

    /// Ends the host as a stop does: what is under way is done first.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// What a ranker says to a batch.
pub(crate) async fn rank(ranker: &dyn Ranker, batch: Columns) -> Result<Vec<i64>, RankFailure> {
    let ranked = ranker.rank(&context(), batch).await?;
    Ok(ranked.into_iter().map(|Priority(priority)| priority).collect())
}
