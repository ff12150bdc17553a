//! `[[schedulers]]`: the schedulers, each with its queue and its two plugins.

use std::time::Duration;

use hinny_core::{
    SchedulerId, cron::CronExpression, plugin::RankerBudget, queue::QueueConfig,
    schedule::MissedFire, status::StatusRule,
};
use hinny_plugins::{Grants, InstancePolicy, SchedulerSlots};
use serde_json::{Map, Value};

use super::{
    ConfigError,
    section::{kind, section},
};
use crate::plugin_ref::PluginRef;

kind! {
    Grants: "a table of `log`, `tasks`, `state`, `schedules`, `messages`, and `connector`: a list of services",
    RankerBudget: "a table of `watch`, `minutes`, `failed_percent`, `call_ms` and `kendall_tau_min`",
    InstancePolicy: "`fresh`, `auto`, or `{ warm = { size, calls_max, idle_ms_max } }`",
    Option<PluginRef>: "a file, `name`, `name@version` or `sha256:…`",
}

section! {
    /// A scheduler: its queue, its plugins and what it expects of workers. Write one
    /// `[[schedulers]]` for each.
    pub struct SchedulerConfig {
        /// Its name. Tasks are stored under it: with another name it is another scheduler.
        id (required): SchedulerId = placeholder(),
        /// Its scheduler plugin. Only used while the slot has never had a generation; after that
        /// `hinny plugin activate` changes it.
        plugin: Option<PluginRef> = None,
        /// Settings of the scheduler plugin, for that first generation.
        plugin_settings: Map<String, Value> = Map::new(),
        /// What the scheduler plugin may use of the host, as far as it asks for it: all but services,
        /// unless said otherwise; the services that it may ask are named in `connector`.
        plugin_grants: Grants = Grants::default(),
        /// How long instances of the scheduler plugin live: one call, or, for plugins whose start is
        /// slow, many. `size`: most instances that wait for a call. `calls_max`: calls after which
        /// one is dropped. `idle_ms_max`: milliseconds without a call after which one is dropped.
        /// `auto`: many for plugins that carry a language runtime, such as those in Python and
        /// JavaScript, and one for others.
        plugin_instances: InstancePolicy = InstancePolicy::Fresh,
        /// Its ranker; without one, tasks go in the order of the priority that was asked for, then
        /// of age. Only used while the slot has never had a generation.
        ranker: Option<PluginRef> = None,
        /// Settings of the ranker, for that first generation.
        ranker_settings: Map<String, Value> = Map::new(),
        /// How long instances of the ranker live; as for `plugin_instances`.
        ranker_instances: InstancePolicy = InstancePolicy::Auto,
        /// What the ranker may get wrong before hinny goes back to the one before it by itself.
        /// `minutes`: how long after an activation it is watched; a canary or a shadow is watched
        /// for as long as it runs. `failed_percent`: calls that may fail, of a hundred. `call_ms`:
        /// milliseconds that a call may take; one in a hundred may take longer. `kendall_tau_min`:
        /// how alike the order of a canary or a shadow must be to that of the active ranker, from -1
        /// (anything will do) to 1 (the same). `watch = false`: it is never watched.
        ranker_budget: RankerBudget = RankerBudget::default(),
        /// Most queued tasks; 0: no limit. A full queue answers 429, but takes tasks that ask for
        /// priority 1 or lower.
        tasks_max (0..=1_000_000_000): u64 = 0,
        /// How long a worker has a task without a heartbeat, in seconds; 0: for ever.
        lease_seconds (0..=31_536_000): u64 = 3600,
        /// How often a task is handed out before it is given up.
        attempts_max (1..=1_000_000): u32 = 3,
        /// Wait before a lost task is handed out again, in seconds: doubles with each attempt.
        backoff_seconds (0..=2_592_000): u64 = 10,
        /// Longest such wait, in seconds.
        backoff_max_seconds (0..=2_592_000): u64 = 600,
        /// `strict`: finished tasks stay finished. `open`: any status may follow any other, as
        /// clients of older schedulers expect.
        status_rule: StatusRule = StatusRule::Strict,
        /// Places in the data, as JSON pointers such as `/image`, on which workers filter: such
        /// pops cost no scan.
        classes: Vec<String> = Vec::new(),
        /// Places in the data, as JSON pointers such as `/image`, on which people filter lists of
        /// tasks. `PostgreSQL` keeps an index over each, which finds and counts them; it costs each
        /// push of the scheduler about as much as a tenth of a push. `SQLite` has none.
        indexed: Vec<String> = Vec::new(),
        /// Place in the data, as a JSON pointer such as `/batch`: queued tasks with the same text
        /// there are a group. A pop whose first task has a group hands out the group, as far as its
        /// filter admits it: up to the limit of the pop, without one whole.
        group: Option<String> = None,
        /// How many tasks a pop without a limit hands out.
        pop_default (1..=100_000): u32 = 1,
        /// Most tasks that one pop hands out.
        pop_max (1..=100_000): u32 = 1000,
        /// IANA time zone of cron expressions that do not name one.
        time_zone: String = "UTC".to_owned(),
        /// What to do about fires that were missed while hinny was down, for schedules that do not
        /// say: fire `once`, `skip` them, or `all`.
        missed: MissedFire = MissedFire::Once,
    }
}

fn placeholder() -> SchedulerId {
    SchedulerId::new("jobs").expect("a short name without control characters")
}

impl SchedulerConfig {
    /// A scheduler with the defaults.
    pub fn named(id: SchedulerId) -> Self {
        Self { id, ..Self::default() }
    }

    /// Checks what types cannot.
    pub(crate) fn validate(&self, place: usize) -> Result<(), ConfigError> {
        let key = |name: &str| format!("schedulers[{place}].{name}");
        self.check_ranges(&format!("schedulers[{place}]"))?;
        ConfigError::unless(
            self.pop_default <= self.pop_max,
            &key("pop_default"),
            self.pop_default,
            || ("it is more than `pop_max`", "lower it, or raise `pop_max`"),
        )?;
        ConfigError::unless(
            self.backoff_seconds <= self.backoff_max_seconds,
            &key("backoff_seconds"),
            self.backoff_seconds,
            || ("it is more than `backoff_max_seconds`", "lower it, or raise the longest wait"),
        )?;
        let budget = &self.ranker_budget;
        ConfigError::unless(
            (0.0..=100.0).contains(&budget.failed_percent),
            &key("ranker_budget.failed_percent"),
            budget.failed_percent,
            || ("it is not between 0 and 100", "write how many calls of a hundred may fail"),
        )?;
        ConfigError::unless(
            (-1.0..=1.0).contains(&budget.kendall_tau_min),
            &key("ranker_budget.kendall_tau_min"),
            budget.kendall_tau_min,
            || ("it is not between -1 and 1", "write -1 where any order will do"),
        )?;
        let classes = self.classes.iter().map(|class| ("classes", class));
        let indexed = self.indexed.iter().map(|place| ("indexed", place));
        for (name, pointer) in
            classes.chain(indexed).chain(self.group.iter().map(|group| ("group", group)))
        {
            ConfigError::unless(pointer.starts_with('/'), &key(name), pointer, || {
                ("it is not a JSON pointer", "write a place in the data, such as `/image`")
            })?;
        }
        let hint = "write `UTC` or a name from the IANA time zone database";
        CronExpression::parse("@daily", &self.time_zone)
            .map(|_| ())
            .map_err(|error| ConfigError::invalid(&key("time_zone"), &self.time_zone, error, hint))
    }

    /// As the queue wants it.
    pub fn queue(&self) -> QueueConfig {
        QueueConfig {
            scheduler: self.id.clone(),
            tasks_max: self.tasks_max,
            lease: (self.lease_seconds > 0).then(|| Duration::from_secs(self.lease_seconds)),
            attempts_max: self.attempts_max,
            backoff: Duration::from_secs(self.backoff_seconds),
            backoff_max: Duration::from_secs(self.backoff_max_seconds),
            status_rule: self.status_rule,
            classes: self.classes.clone(),
            group: self.group.clone(),
            pop_default: self.pop_default,
            pop_max: self.pop_max,
        }
    }

    /// As the plugin host wants it.
    pub fn slots(&self) -> SchedulerSlots {
        SchedulerSlots {
            scheduler: self.id.clone(),
            ranker_instances: self.ranker_instances,
            scheduler_instances: self.plugin_instances,
            grants: self.plugin_grants.clone(),
            ranker_budget: self.ranker_budget,
        }
    }
}
