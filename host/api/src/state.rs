//! What the handlers work with.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use hinny_core::{
    Clock, SchedulerId,
    connector::Connectors,
    decision::Decisions,
    health::Health,
    id::IdGenerator,
    plugin::Plugins,
    queue::{Events, Queues},
    schedule::MissedFire,
    store::Store,
};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::Access;

/// What the handlers work with.
#[derive(Clone)]
pub struct ApiState {
    /// The queues.
    pub queues: Arc<dyn Queues>,
    /// The way in for messages.
    pub events: Arc<dyn Events>,
    /// Tasks, schedules and kept messages.
    pub store: Arc<dyn Store>,
    /// Versions of plugins and their slots.
    pub plugins: Arc<dyn Plugins>,
    /// What rankers decided.
    pub decisions: Arc<dyn Decisions>,
    /// The services that plugins may ask.
    pub connectors: Arc<dyn Connectors>,
    /// Parts of the host that say how they are doing.
    pub parts: Vec<Arc<dyn Health>>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Makes the ids of schedules.
    pub ids: Arc<IdGenerator>,
    /// Who may call what.
    pub access: Access,
    /// How much is taken.
    pub limits: ApiLimits,
    /// Labels of the metric `app_settings_info`; without any it is not written.
    pub info_labels: BTreeMap<String, String>,
    /// Renders `/metrics`. Its recorder must be installed before [`crate::router`] is called.
    pub metrics: PrometheusHandle,
    /// What `/health` says of the program.
    pub info: ServiceInfo,
    /// Zone and policy of schedules that name none, by scheduler.
    pub schedules: BTreeMap<SchedulerId, ScheduleDefaults>,
}

/// How much the API takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiLimits {
    /// Largest body, in bytes, where no other limit is named.
    pub body_bytes_max: usize,
    /// Largest body of a batch of tasks or messages, in bytes.
    pub batch_bytes_max: usize,
    /// Largest plugin, in bytes.
    pub plugin_bytes_max: usize,
    /// Longest time in which a body may arrive.
    pub body_time_max: Duration,
    /// Most tasks in a batch.
    pub push_batch_max: usize,
    /// Most messages in a batch.
    pub event_batch_max: usize,
    /// Most entries on a page; asking for more gives as many, and a link to the next page.
    pub page_max: u64,
    /// Longest wait of a pop.
    pub pop_wait_max: Duration,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            body_bytes_max: 1 << 20,
            batch_bytes_max: 16 << 20,
            // Guests that bring a language runtime have 10 to 40 MiB.
            plugin_bytes_max: 64 << 20,
            body_time_max: Duration::from_mins(1),
            push_batch_max: 1000,
            event_batch_max: 1000,
            page_max: 1000,
            // Proxies give up on silent requests after 60 s.
            pop_wait_max: Duration::from_mins(1),
        }
    }
}

/// What `/health` says of the program.
#[derive(Debug, Clone)]
pub struct ServiceInfo {
    /// Its name.
    pub service: String,
    /// Its version.
    pub version: String,
}

/// What counts for a schedule that does not say it.
#[derive(Debug, Clone)]
pub struct ScheduleDefaults {
    /// IANA zone of its cron expression.
    pub time_zone: String,
    /// What to do about fires that were missed.
    pub missed: MissedFire,
}

impl Default for ScheduleDefaults {
    fn default() -> Self {
        Self { time_zone: "UTC".to_owned(), missed: MissedFire::default() }
    }
}

impl ApiState {
    /// What counts for schedules of a scheduler that do not say it.
    pub(crate) fn schedule_defaults(&self, scheduler: &SchedulerId) -> ScheduleDefaults {
        self.schedules.get(scheduler).cloned().unwrap_or_default()
    }
}
