//! The parts of a host, and how they hang together.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use hinny_api::{Access, ApiLimits, ApiState, ScheduleDefaults, ServiceInfo};
use hinny_connectors::HttpConnectors;
use hinny_core::{Clock, connector::Connectors, health::Health, id::IdGenerator};
use hinny_dispatch::Dispatcher;
use hinny_listeners::{Deps, Listeners, Mail, Rabbit};
use hinny_plugins::{PluginHostConfig, Registry, RegistryServices};
use hinny_queue::{HostQueues, QueueParts};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{chores, folder::Folder, storage::Storage, wishes::Wishes};
use crate::config::{Config, ConnectorConfig, SchedulerConfig};

/// What clients of older schedulers look for in `/health`.
const SERVICE: &str = "scheduler";

/// The parts of a host that have a life of their own.
pub(super) struct Parts {
    pub(super) storage: Storage,
    pub(super) plugins: Registry,
    pub(super) queues: Arc<HostQueues>,
    connectors: Arc<dyn Connectors>,
    clock: Arc<dyn Clock>,
    ids: Arc<IdGenerator>,
}

impl Parts {
    /// Opens the database, loads the active plugins, and fills the queues.
    pub(super) async fn build(
        config: &Config,
        clock: Arc<dyn Clock>,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let ids = Arc::new(IdGenerator::default());
        let storage = Storage::open(&config.database).await?;
        let connectors: Arc<dyn Connectors> = Arc::new(connectors(config)?);
        let services = RegistryServices {
            plugins: storage.plugins(),
            store: storage.store(),
            connectors: Arc::clone(&connectors),
            clock: Arc::clone(&clock),
            tasks: tracker.clone(),
            stop: stop.clone(),
        };
        let plugins = Registry::start(plugin_host(config)?, services)
            .await
            .context("the plugin host cannot be started")?;
        let queue = |scheduler: &SchedulerConfig| {
            (scheduler.queue(), plugins.initial_ranker(&scheduler.id))
        };
        let queues = HostQueues::start(QueueParts {
            store: storage.store(),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            plugins: Arc::new(plugins.clone()),
            queues: config.schedulers.iter().map(queue).collect(),
        })
        .await
        .context("the queues cannot be filled from the database")?;
        plugins.attach(Arc::clone(&queues) as _);
        storage.index(&config.schedulers);
        Ok(Self { storage, plugins, queues, connectors, clock, ids })
    }

    /// Starts what wakes the schedulers. What of it says how it is doing is the second half.
    pub(super) fn listen(
        &self,
        config: &Config,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) -> anyhow::Result<(Listeners, Vec<Arc<dyn Health>>)> {
        let deps = Deps {
            queues: Arc::clone(&self.queues) as _,
            store: self.storage.store(),
            plugins: Arc::new(self.plugins.clone()),
            clock: Arc::clone(&self.clock),
            retry: config.events.retry_policy(),
            mail: Mail::default(),
        };
        let (store, clock) = (Arc::clone(&deps.store), Arc::clone(&deps.clock));
        tracker.spawn(chores::tidy(store, clock, config.events.remember(), stop.clone()));
        let wishes = Wishes::new(config, self.plugins.clone(), self.storage.clone());
        wishes.follow();
        tracker.spawn(wishes.run(stop.clone()));
        let listeners = Listeners::start(&deps, tracker, stop);
        let mut health: Vec<Arc<dyn Health>> = Vec::new();
        if let Some(options) = config.rabbitmq.options()? {
            health.push(Arc::new(Rabbit::start(&options, &listeners.inbox(), tracker, stop)));
        }
        for (place, dispatcher) in config.dispatchers.iter().enumerate() {
            let options = dispatcher.options(place, config.rabbitmq.url.as_deref())?;
            let queues = Arc::clone(&deps.queues);
            health.push(Dispatcher::start(options, queues, Arc::clone(&deps.store), tracker, stop));
        }
        health.push(Arc::new(self.plugins.clone()));
        Ok((listeners, health))
    }

    /// Begins to look into the folder for plugins, if there is one.
    pub(super) fn watch_folder(
        &self,
        config: &Config,
        tracker: &TaskTracker,
        stop: &CancellationToken,
    ) {
        let Some(path) = config.plugins.folder.clone() else { return };
        let bytes_max = u64::from(config.plugins.limits.component_mb) << 20;
        let plugins = Arc::new(self.plugins.clone());
        let folder = Folder::new(path, plugins, Arc::clone(&self.clock), bytes_max);
        tracker.spawn(folder.run(stop.clone()));
    }

    /// What the API works with.
    pub(super) fn api(
        &self,
        config: &Config,
        listeners: &Listeners,
        parts: Vec<Arc<dyn Health>>,
        access: Access,
        metrics: PrometheusHandle,
    ) -> ApiState {
        let defaults = |scheduler: &SchedulerConfig| {
            let defaults = ScheduleDefaults {
                time_zone: scheduler.time_zone.clone(),
                missed: scheduler.missed,
            };
            (scheduler.id.clone(), defaults)
        };
        ApiState {
            parts,
            queues: Arc::clone(&self.queues) as _,
            events: listeners.inbox(),
            store: self.storage.store(),
            plugins: Arc::new(self.plugins.clone()),
            decisions: Arc::new(self.plugins.clone()),
            connectors: Arc::clone(&self.connectors),
            clock: Arc::clone(&self.clock),
            ids: Arc::clone(&self.ids),
            access,
            limits: limits(config),
            info_labels: config.api.info_labels(),
            metrics,
            info: ServiceInfo {
                service: SERVICE.to_owned(),
                version: env!("CARGO_PKG_VERSION").to_owned(),
            },
            schedules: config.schedulers.iter().map(defaults).collect(),
        }
    }

    /// Ends what runs by itself, then the queues: they commit and answer what they have.
    pub(super) async fn stop(&self, tracker: &TaskTracker, quiet: &CancellationToken) {
        quiet.cancel();
        tracker.close();
        tracker.wait().await;
        self.queues.stop().await;
        self.plugins.flush_decisions().await;
    }

    /// Closes the database, once nothing uses it any more.
    pub(super) async fn close(&self) {
        if let Err(error) = self.storage.close().await {
            tracing::warn!(
                "the database was not closed in order, the next start mends it: {error}"
            );
        }
    }
}

/// The services that plugins may ask.
pub(crate) fn connectors(config: &Config) -> anyhow::Result<HttpConnectors> {
    let services = config.connectors.iter().map(ConnectorConfig::service).collect();
    let connectors = HttpConnectors::new(services, env!("CARGO_PKG_VERSION"));
    connectors.context("the connectors cannot be set up")
}

fn plugin_host(config: &Config) -> anyhow::Result<PluginHostConfig> {
    Ok(PluginHostConfig {
        limits: config.plugins.limits.clone(),
        cache_folder: Some(config.plugins.cache_directory.clone()),
        decisions: config.plugins.decisions.beside(&config.database),
        trusted_keys: config.plugins.read_trusted_keys()?,
        schedulers: config.schedulers.iter().map(SchedulerConfig::slots).collect(),
    })
}

fn limits(config: &Config) -> ApiLimits {
    let api = &config.api;
    let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    ApiLimits {
        body_bytes_max: size(api.body_bytes_max),
        batch_bytes_max: size(api.batch_bytes_max),
        plugin_bytes_max: size(u64::from(config.plugins.limits.component_mb) << 20),
        body_time_max: Duration::from_secs(api.body_seconds_max),
        push_batch_max: api.push_batch_max as usize,
        event_batch_max: api.event_batch_max as usize,
        page_max: api.page_max,
        pop_wait_max: Duration::from_secs(api.pop_wait_seconds_max),
    }
}
