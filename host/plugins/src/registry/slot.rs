//! A place for one plugin, and what runs in it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::ArcSwapOption;
use hinny_core::{
    PluginDigest,
    plugin::{Activation, CallStats, Slot, SlotStatus},
    ranker::Ranker,
};
use tokio::sync::Semaphore;

use crate::{
    config::{Grants, InstancePolicy},
    ranker::{RankerProgram, WasmRanker},
    scheduler::{SchedulerProgram, WasmScheduler},
    settings::Settings,
};

/// A place for one plugin.
#[derive(Debug)]
pub(super) struct SlotState {
    pub(super) slot: Slot,
    pub(super) policy: InstancePolicy,
    pub(super) grants: Grants,
    /// Who holds the permit switches the slot.
    pub(super) switch: Arc<Semaphore>,
    current: ArcSwapOption<Current>,
    /// The generation that the queue was built with; 0: none.
    built_with: AtomicU64,
}

/// What a slot holds.
#[derive(Debug)]
pub(super) struct Current {
    pub(super) activation: Activation,
    /// None when the active version could not be started.
    pub(super) running: Option<Running>,
    /// What ran before, for going back to it.
    pub(super) before: Option<Program>,
}

/// A generation.
#[derive(Debug, Clone)]
pub(super) enum Running {
    Ranker(Arc<WasmRanker>),
    Scheduler(Arc<WasmScheduler>),
}

/// What a generation runs.
#[derive(Debug, Clone)]
pub(super) enum Program {
    Ranker(Arc<RankerProgram>),
    Scheduler(Arc<SchedulerProgram>),
}

impl SlotState {
    pub(super) fn new(slot: Slot, policy: InstancePolicy, grants: Grants) -> Self {
        Self {
            slot,
            policy,
            grants,
            switch: Arc::new(Semaphore::new(1)),
            current: ArcSwapOption::empty(),
            built_with: AtomicU64::new(0),
        }
    }

    pub(super) fn current(&self) -> Option<Arc<Current>> {
        self.current.load_full()
    }

    /// The generation that runs now.
    pub(super) fn running(&self) -> Option<Running> {
        self.current.load().as_ref()?.running.clone()
    }

    /// The ranker that runs now, for building a queue with it.
    pub(super) fn ranker_to_build_with(&self) -> Option<Arc<WasmRanker>> {
        let ranker = self.ranker()?;
        self.built_with.store(ranker.generation(), Ordering::SeqCst);
        Some(ranker)
    }

    /// The ranker that runs now, if it is not the one that the queue was built with.
    pub(super) fn ranker_to_follow(&self) -> Option<Arc<WasmRanker>> {
        self.ranker().filter(|ranker| ranker.generation() != self.built_with.load(Ordering::SeqCst))
    }

    fn ranker(&self) -> Option<Arc<WasmRanker>> {
        match self.running()? {
            Running::Ranker(ranker) => Some(ranker),
            Running::Scheduler(_) => None,
        }
    }

    /// Replaces what runs, in one step.
    pub(super) fn set(&self, current: Current) {
        self.current.store(Some(Arc::new(current)));
    }

    /// What is compiled and configured in just this way, of what runs now or ran before.
    pub(super) fn known(&self, digest: &PluginDigest, settings: &Settings) -> Option<Program> {
        let current = self.current()?;
        let now = current.running.as_ref().map(Running::program);
        [now, current.before.clone()]
            .into_iter()
            .flatten()
            .find(|program| program.is(digest, settings))
    }

    pub(super) fn status(&self) -> SlotStatus {
        let current = self.current.load();
        let current = current.as_deref();
        let running = current.and_then(|current| current.running.as_ref());
        let (title, inputs, stats) = match running {
            Some(Running::Ranker(ranker)) => {
                let description = ranker.program().description();
                (Some(&description.title), description.inputs.to_vec(), ranker.stats())
            }
            Some(Running::Scheduler(plugin)) => {
                (Some(plugin.program().title()), Vec::new(), plugin.stats())
            }
            None => (None, Vec::new(), CallStats::default()),
        };
        SlotStatus {
            slot: self.slot.clone(),
            active: current.map(|current| current.activation.clone()),
            title: title.map(|title| title.text.to_string()),
            inputs,
            stats,
        }
    }
}

impl Current {
    /// What there is to go back to when another program takes over.
    pub(super) fn before(&self, next: &Program) -> Option<Program> {
        let now = self.running.as_ref().map(Running::program);
        now.filter(|now| !now.is(next.digest(), next.settings())).or_else(|| self.before.clone())
    }
}

impl Running {
    pub(super) fn new(generation: u64, program: Program) -> Self {
        match program {
            Program::Ranker(program) => {
                Self::Ranker(Arc::new(WasmRanker::new(generation, program)))
            }
            Program::Scheduler(program) => {
                Self::Scheduler(Arc::new(WasmScheduler::new(generation, program)))
            }
        }
    }

    pub(super) fn program(&self) -> Program {
        match self {
            Self::Ranker(ranker) => Program::Ranker(Arc::clone(ranker.program())),
            Self::Scheduler(plugin) => Program::Scheduler(Arc::clone(plugin.program())),
        }
    }
}

impl Program {
    pub(super) fn title(&self) -> &str {
        match self {
            Self::Ranker(program) => &program.title().text,
            Self::Scheduler(program) => &program.title().text,
        }
    }

    /// Makes an instance ahead of the first call.
    pub(super) async fn warm_up(&self) {
        match self {
            Self::Ranker(program) => program.warm_up().await,
            Self::Scheduler(program) => program.warm_up().await,
        }
    }

    /// Drops instances that have waited too long for a call.
    pub(super) fn drop_idle(&self) {
        match self {
            Self::Ranker(program) => program.drop_idle(),
            Self::Scheduler(program) => program.drop_idle(),
        }
    }

    fn is(&self, digest: &PluginDigest, settings: &Settings) -> bool {
        self.digest() == digest && self.settings() == settings
    }

    fn digest(&self) -> &PluginDigest {
        match self {
            Self::Ranker(program) => program.digest(),
            Self::Scheduler(program) => program.digest(),
        }
    }

    fn settings(&self) -> &Settings {
        match self {
            Self::Ranker(program) => program.settings(),
            Self::Scheduler(program) => program.settings(),
        }
    }
}
