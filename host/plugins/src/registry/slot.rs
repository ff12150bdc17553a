//! A place for one plugin, and what runs in it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use hinny_core::{
    PluginDigest,
    plugin::{Activation, CallStats, RankerBudget, Slot, SlotStatus},
    ranker::Ranker,
};
use tokio::sync::Semaphore;

use crate::{
    config::{Grants, InstancePolicy},
    decisions::DecisionLog,
    lines::SlotLines,
    ranker::{RankerProgram, WasmRanker},
    scheduler::{SchedulerProgram, WasmScheduler},
    settings::Settings,
    trial::Trial,
};

/// A place for one plugin.
#[derive(Debug)]
pub(super) struct SlotState {
    pub(super) slot: Slot,
    pub(super) policy: InstancePolicy,
    pub(super) grants: Grants,
    pub(super) budget: RankerBudget,
    /// What its plugins wrote last.
    pub(super) lines: Arc<SlotLines>,
    /// Where its decisions are recorded, if they are.
    decisions: Option<Arc<DecisionLog>>,
    /// Who holds the permit switches the slot.
    pub(super) switch: Arc<Semaphore>,
    current: ArcSwapOption<Current>,
    /// The generation of which it was said that there is no way back.
    complained: AtomicU64,
    /// The generation that the queue was built with; 0: none.
    built_with: AtomicU64,
}

/// What a slot holds.
#[derive(Debug, Clone)]
pub(super) struct Current {
    pub(super) activation: Activation,
    /// None when the active version could not be started.
    pub(super) running: Option<Running>,
    /// What ran before, for going back to it.
    pub(super) before: Option<Program>,
    /// A version that is tried beside it.
    pub(super) trial: Option<Arc<Trial>>,
    /// Why something of it does not run that should.
    pub(super) trouble: Option<String>,
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
    pub(super) fn new(
        slot: Slot,
        policy: InstancePolicy,
        grants: Grants,
        budget: RankerBudget,
        lines: SlotLines,
        decisions: Option<Arc<DecisionLog>>,
    ) -> Self {
        Self {
            slot,
            policy,
            grants,
            budget,
            lines: Arc::new(lines),
            decisions,
            switch: Arc::new(Semaphore::new(1)),
            current: ArcSwapOption::empty(),
            complained: AtomicU64::new(0),
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

    /// A generation of a program in this slot.
    pub(super) fn generation(&self, number: u64, program: Program) -> Running {
        match program {
            Program::Ranker(program) => {
                Running::Ranker(Arc::new(self.ranker_generation(number, program)))
            }
            Program::Scheduler(program) => {
                Running::Scheduler(Arc::new(WasmScheduler::new(number, program)))
            }
        }
    }

    pub(super) fn ranker_generation(&self, number: u64, program: Arc<RankerProgram>) -> WasmRanker {
        WasmRanker::new(number, program, Duration::from_millis(self.budget.call_ms))
    }

    /// The ranker that runs now, for building a queue with it.
    pub(super) fn ranker_to_build_with(&self) -> Option<Arc<dyn Ranker>> {
        let ranker = self.ranker_of(&*self.current()?)?;
        self.built_with.store(ranker.generation(), Ordering::SeqCst);
        Some(ranker)
    }

    /// The ranker that runs now, if it is not the one that the queue was built with.
    pub(super) fn ranker_to_follow(&self) -> Option<Arc<dyn Ranker>> {
        let ranker = self.ranker_of(&*self.current()?)?;
        (ranker.generation() != self.built_with.load(Ordering::SeqCst)).then_some(ranker)
    }

    /// What the queue is to be ranked by.
    pub(super) fn ranker_of(&self, current: &Current) -> Option<Arc<dyn Ranker>> {
        if let Some(trial) = &current.trial {
            return Some(Arc::clone(trial) as _);
        }
        match current.running.as_ref()? {
            Running::Ranker(ranker) => Some(self.recorded(Arc::clone(ranker))),
            Running::Scheduler(_) => None,
        }
    }

    /// A ranker with its decisions recorded.
    pub(super) fn recorded(&self, ranker: Arc<WasmRanker>) -> Arc<dyn Ranker> {
        match &self.decisions {
            Some(decisions) => decisions.recorded(&self.slot.scheduler, ranker),
            None => ranker,
        }
    }

    /// Whether this is the first complaint about a generation.
    pub(super) fn complain_once(&self, generation: u64) -> bool {
        self.complained.swap(generation, Ordering::Relaxed) != generation
    }

    /// Replaces what runs, in one step.
    pub(super) fn set(&self, current: Current) {
        self.current.store(Some(Arc::new(current)));
    }

    /// What is compiled and configured in just this way, of what runs now or ran before.
    pub(super) fn known(&self, digest: &PluginDigest, settings: &Settings) -> Option<Program> {
        let current = self.current()?;
        current.programs().find(|program| program.is(digest, settings))
    }

    /// Why something does not run that is active; none: everything does.
    pub(super) fn trouble(&self) -> Option<String> {
        self.current.load().as_ref()?.trouble.clone()
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
            trial: current.and_then(|current| Some(current.trial.as_ref()?.status())),
        }
    }
}

impl Current {
    /// All programs that are ready to run.
    pub(super) fn programs(&self) -> impl Iterator<Item = Program> {
        let trial = self.trial.as_ref();
        let trial = trial.map(|trial| Program::Ranker(Arc::clone(trial.candidate().program())));
        let now = self.running.as_ref().map(Running::program);
        now.into_iter().chain(trial).chain(self.before.clone())
    }

    /// What there is to go back to when another program takes over.
    pub(super) fn before(&self, next: &Program) -> Option<Program> {
        let now = self.running.as_ref().map(Running::program);
        now.filter(|now| !now.is(next.digest(), next.settings())).or_else(|| self.before.clone())
    }
}

impl Running {
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
