//! How the plugin host is set up.

use std::{path::PathBuf, time::Duration};

use hinny_core::{SchedulerId, plugin::RankerBudget};
use serde::{Deserialize, Serialize};

use crate::{limits::Limits, trust::TrustedKey};

/// How the plugin host is set up.
#[derive(Debug, Clone, Default)]
pub struct PluginHostConfig {
    /// What each plugin may use.
    pub limits: Limits,
    /// Where compiled code is kept between starts; `None`: each start compiles anew. Only this
    /// user may have write access.
    pub cache_folder: Option<PathBuf>,
    /// Where and how decisions are recorded; `None`: they are not.
    pub decisions: Option<DecisionsConfig>,
    /// Whose plugins may run; without any key, everybody's.
    pub trusted_keys: Vec<TrustedKey>,
    /// The schedulers; each has a slot for a ranker and one for a scheduler plugin.
    pub schedulers: Vec<SchedulerSlots>,
}

/// Where and how the decisions of rankers are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionsConfig {
    /// The folder. One host writes there.
    pub folder: PathBuf,
    /// How much is kept, in MiB; the oldest makes room.
    pub size_max_mb: u32,
    /// How many of a hundred batches of up to 1,000 tasks.
    pub sample_percent: u32,
    /// The same for larger ones: parts of a new order of everything queued.
    pub sample_large_percent: u32,
}

impl Default for DecisionsConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("hinny-decisions"),
            size_max_mb: 256,
            sample_percent: 100,
            sample_large_percent: 10,
        }
    }
}

/// The slots of a scheduler.
#[derive(Debug, Clone)]
pub struct SchedulerSlots {
    /// The scheduler.
    pub scheduler: SchedulerId,
    /// How long instances of its ranker live.
    pub ranker_instances: InstancePolicy,
    /// How long instances of its scheduler plugin live.
    pub scheduler_instances: InstancePolicy,
    /// What its scheduler plugin may import.
    pub grants: Grants,
    /// What its ranker may get wrong before the host goes back to the one before it.
    pub ranker_budget: RankerBudget,
}

impl SchedulerSlots {
    /// The slots of a scheduler, with everything at its default.
    pub fn new(scheduler: SchedulerId) -> Self {
        Self {
            scheduler,
            ranker_instances: InstancePolicy::Auto,
            scheduler_instances: InstancePolicy::default(),
            grants: Grants::default(),
            ranker_budget: RankerBudget::default(),
        }
    }
}

/// How long an instance lives. Whatever the policy, an instance whose call trapped, ran past its
/// deadline or was given up is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum InstancePolicy {
    /// For one call. Nothing that a guest leaves in its memory is seen by the next call.
    #[default]
    Fresh,
    /// For one call, unless the plugin carries a language runtime, whose start takes longer than a
    /// call: then as [`Warm`](Self::Warm), with 8 instances for 1,000 calls and one minute.
    Auto,
    /// For many calls: for guests whose start is slow, such as those with a language runtime.
    Warm {
        /// Most instances that wait for a call.
        size: u32,
        /// Calls after which an instance is dropped.
        calls_max: u32,
        /// Milliseconds without a call after which an instance is dropped.
        idle_ms_max: u64,
    },
}

/// Compiled code beyond which a plugin carries a language runtime. Plugins of compiled languages
/// come to some 0.1 to 2 MiB, the interpreter of JavaScript to 6, that of Python to 60.
const RUNTIME_CODE_BYTES: usize = 4 << 20;

impl InstancePolicy {
    /// What it comes to for a plugin with so much compiled code.
    pub(crate) fn for_code(self, bytes: usize) -> Self {
        match self {
            Self::Auto if bytes > RUNTIME_CODE_BYTES => {
                Self::Warm { size: 8, calls_max: 1_000, idle_ms_max: 60_000 }
            }
            Self::Auto => Self::Fresh,
            other => other,
        }
    }

    pub(crate) fn idle_max(self) -> Option<Duration> {
        match self {
            Self::Fresh | Self::Auto => None,
            Self::Warm { idle_ms_max, .. } => Some(Duration::from_millis(idle_ms_max)),
        }
    }
}

/// What a scheduler plugin may import. What it gets is this, as far as it asks for it: neither
/// side can widen the other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "one for each interface")]
pub struct Grants {
    /// Lines in the host's log.
    pub log: bool,
    /// Questions about the tasks of its scheduler.
    pub tasks: bool,
    /// Small values of its own.
    pub state: bool,
    /// Questions about its schedules, and plans for them.
    pub schedules: bool,
    /// Messages to itself.
    pub messages: bool,
    /// The services that it may ask. None unless they are named: they are where data leaves the
    /// host, with credentials that the plugin does not have.
    pub connector: Vec<String>,
}

impl Default for Grants {
    fn default() -> Self {
        Self {
            log: true,
            tasks: true,
            state: true,
            schedules: true,
            messages: true,
            connector: Vec::new(),
        }
    }
}

impl Grants {
    /// Everything that any scheduler may grant: for a plugin of which it is not known yet where it
    /// will run. It is never called with a service behind it.
    pub(crate) fn anything() -> Self {
        Self { connector: vec!["any".to_owned()], ..Self::default() }
    }

    /// Whether an interface of the package is granted, by its name without package and version.
    pub(crate) fn allow(&self, interface: &str) -> bool {
        match interface {
            // Only names of types: nothing can be done with it.
            "types" => true,
            "log" => self.log,
            "tasks" => self.tasks,
            "state" => self.state,
            "schedules" => self.schedules,
            "messages" => self.messages,
            "connector" => !self.connector.is_empty(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_of_a_language_runtime_stay_warm_and_others_do_not() {
        let small = InstancePolicy::Auto.for_code(RUNTIME_CODE_BYTES);
        assert_eq!(small, InstancePolicy::Fresh);
        let large = InstancePolicy::Auto.for_code(RUNTIME_CODE_BYTES + 1);
        assert!(matches!(large, InstancePolicy::Warm { .. }));
        assert_eq!(InstancePolicy::Fresh.for_code(usize::MAX), InstancePolicy::Fresh);
    }
}
