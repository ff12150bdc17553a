//! A ranker with its settings: everything but its number in a slot.

use std::{
    cell::Cell,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use hinny_core::{
    PluginDigest,
    ranker::{FailureKind, PluginFailure},
};
use tokio::sync::{Semaphore, oneshot};
use tracing::info_span;
use wasmtime::component::{Component, Linker};

use super::{RankInstance, RankerDescription, pace::Pace};
use crate::{
    bindings::ranker::RankerPluginPre,
    bounds::{Abandoned, Bounds, Patience},
    call::{Call, CallError},
    config::InstancePolicy,
    host::PluginHost,
    pool::{Warm, WarmPool},
    settings::Settings,
    stats::{Stats, Timed},
    title::Title,
};

/// How long a call may hold up the reactor that is made at once. After that it is made again, on a
/// thread.
const PATIENCE: Duration = Duration::from_millis(3);

/// What instances of a ranker are made from.
#[derive(Clone)]
pub(crate) struct RankerCode {
    pub(super) host: Arc<PluginHost>,
    pub(super) pre: RankerPluginPre<Bounds>,
    pub(super) settings: Arc<Settings>,
    /// How much the component was compiled to.
    code_bytes: usize,
}

impl RankerCode {
    /// Links a component. Nothing is offered to it: a ranker can only compute.
    pub(crate) fn link(
        host: &Arc<PluginHost>,
        component: &Component,
        settings: Settings,
    ) -> wasmtime::Result<Self> {
        let linker = Linker::<Bounds>::new(host.rankers.engine());
        let pre = RankerPluginPre::new(linker.instantiate_pre(component)?)?;
        let code = component.image_range();
        let code_bytes = code.end.addr() - code.start.addr();
        Ok(Self { host: Arc::clone(host), pre, settings: Arc::new(settings), code_bytes })
    }

    /// Most tasks of one batch.
    pub(crate) fn batch_max(&self) -> usize {
        self.host.limits.batch_tasks as usize
    }
}

/// A ranker with its settings.
pub(crate) struct RankerProgram {
    code: RankerCode,
    digest: PluginDigest,
    settings_text: String,
    description: RankerDescription,
    warm: WarmPool<RankInstance>,
    pace: Pace,
    /// One permit per call that may run at the same time.
    calls: Arc<Semaphore>,
}

impl RankerProgram {
    pub(crate) fn new(
        code: RankerCode,
        digest: PluginDigest,
        description: RankerDescription,
        policy: InstancePolicy,
    ) -> Self {
        let calls = Arc::new(Semaphore::new(code.host.threads.share()));
        let warm = WarmPool::new(policy.for_code(code.code_bytes));
        let settings_text = code.settings.to_text();
        Self { code, digest, settings_text, description, warm, pace: Pace::default(), calls }
    }

    pub(crate) fn host(&self) -> &PluginHost {
        &self.code.host
    }

    pub(crate) fn digest(&self) -> &PluginDigest {
        &self.digest
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.code.settings
    }

    /// Its settings as a text, by which they can be told apart.
    pub(crate) fn settings_text(&self) -> &str {
        &self.settings_text
    }

    pub(crate) fn description(&self) -> &RankerDescription {
        &self.description
    }

    pub(crate) fn title(&self) -> &Title {
        &self.description.title
    }

    /// Drops instances that have waited too long for a call.
    pub(crate) fn drop_idle(&self) {
        self.warm.drop_idle();
    }

    /// Makes an instance ahead of the first call, where the policy keeps any.
    pub(crate) async fn warm_up(self: &Arc<Self>) {
        if !self.warm.lacks_one() {
            return;
        }
        let (sender, receiver) = oneshot::channel();
        let program = Arc::clone(self);
        self.code.host.threads.run(move || {
            // A failure is met again, and reported, by the first call.
            if let Ok(instance) = RankInstance::configured(&program.code, Patience::default()) {
                program.warm.put(instance);
            }
            let _ = sender.send(());
        });
        let _ = receiver.await;
    }

    /// Does work that takes one call or more at once, on the caller's thread, if calls about so many
    /// tasks are known to be quick: changing threads twice takes longer than ranking a thousand
    /// tasks. None: it needs a thread. Nothing is lost by a call that was tried, rankers are pure.
    pub(super) fn at_once<R>(
        &self,
        call: Call,
        stats: &Stats,
        tasks: usize,
        work: impl FnOnce(&Turn<'_>) -> Result<R, PluginFailure>,
    ) -> Option<Result<R, PluginFailure>> {
        if !self.pace.is_quick(tasks) {
            return None;
        }
        let _permit = self.calls.try_acquire().ok()?;
        let patience = Patience { abandoned: None, at_most: Some(PATIENCE) };
        let turn = Turn { program: self, call, stats, patience, gave_up: Cell::new(false) };
        let done = catch_unwind(AssertUnwindSafe(|| turn.timed(tasks, || work(&turn))));
        if turn.gave_up.get() {
            self.pace.distrust();
            return None;
        }
        Some(done.unwrap_or_else(|_| Err(self.lost(call))))
    }

    /// Has a thread do work that takes one call or more. When the caller stops waiting, a call
    /// that has not begun is not made, and one that has is stopped at the next tick.
    pub(super) async fn on_thread<R: Send + 'static>(
        self: &Arc<Self>,
        call: Call,
        stats: &Arc<Stats>,
        work: impl FnOnce(&Turn<'_>) -> Result<R, PluginFailure> + Send + 'static,
    ) -> Result<R, PluginFailure> {
        let gone = || self.failure(CallError::new(call, FailureKind::Host, "the host is stopping"));
        let permit = Arc::clone(&self.calls).acquire_owned().await.map_err(|_| gone())?;
        let (sender, receiver) = oneshot::channel();
        let waiting = Waiting::default();
        let (program, stats) = (Arc::clone(self), Arc::clone(stats));
        let abandoned = Some(Arc::clone(&waiting.abandoned));
        self.code.host.threads.run(move || {
            let _permit = permit;
            let patience = Patience { abandoned, at_most: None };
            let gave_up = Cell::new(false);
            let turn = Turn { program: &program, call, stats: &stats, patience, gave_up };
            // Whoever asked may have gone meanwhile.
            let _ = sender.send(work(&turn));
        });
        receiver.await.unwrap_or_else(|_| Err(self.lost(call)))
    }

    /// Does a job with a waiting instance, or else with a new one; also says how many were made.
    fn with_instance<R>(
        &self,
        patience: &Patience,
        job: impl FnOnce(&mut RankInstance) -> Result<R, CallError>,
    ) -> (Result<R, CallError>, u64) {
        let (warm, made) = if let Some(warm) = self.warm.take() {
            (Ok(warm), 0)
        } else {
            (RankInstance::configured(&self.code, patience.clone()).map(Warm::new), 1)
        };
        let outcome = warm.and_then(|mut warm| {
            warm.instance.wait_with(patience.clone());
            let answer = job(&mut warm.instance)?;
            self.warm.put_back(warm);
            Ok(answer)
        });
        (outcome, made)
    }

    fn lost(&self, call: Call) -> PluginFailure {
        self.failure(CallError::new(call, FailureKind::Host, "the host's own thread failed"))
    }

    fn failure(&self, error: CallError) -> PluginFailure {
        error.of(&self.title().text)
    }
}

impl fmt::Debug for RankerProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RankerProgram")
            .field("digest", &self.digest)
            .field("description", &self.description)
            .finish_non_exhaustive()
    }
}

/// A turn: on a thread of the ranker's, or on that of its caller.
pub(super) struct Turn<'a> {
    program: &'a RankerProgram,
    call: Call,
    stats: &'a Stats,
    patience: Patience,
    /// Whether a call was stopped before its deadline.
    gave_up: Cell<bool>,
}

impl Turn<'_> {
    /// Does work that is one call to whoever asked, and takes down how long it took.
    pub(super) fn timed<R>(
        &self,
        tasks: usize,
        work: impl FnOnce() -> Result<R, PluginFailure>,
    ) -> Result<R, PluginFailure> {
        let started = Instant::now();
        let done = work()?;
        // Explanations take longer, and are never given at once.
        if self.call == Call::Rank {
            self.program.pace.took(tasks, started.elapsed());
        }
        Ok(done)
    }

    /// Makes a call about some tasks.
    pub(super) fn call<R>(
        &self,
        tasks: usize,
        job: impl FnOnce(&mut RankInstance) -> Result<R, CallError>,
    ) -> Result<R, PluginFailure> {
        let Self { program, call, stats, .. } = *self;
        if self.is_abandoned() {
            let nobody = CallError::new(call, FailureKind::Host, "nobody waits for the answer");
            return Err(program.failure(nobody));
        }
        let Title { name, version, .. } = program.title();
        let _span =
            info_span!("plugin.call", plugin = %name, version = %version, function = call.as_str())
                .entered();
        let started = Instant::now();
        let (outcome, made) = program.with_instance(&self.patience, job);
        let failure = outcome.as_ref().err();
        self.gave_up.set(failure.is_some_and(|error| self.is_impatience(error)));
        let failure = failure.map(|error| error.kind);
        // A call that was stopped since nobody waits for it any more, or so long, is no fault of
        // the plugin.
        if failure.is_none() || !(self.is_abandoned() || self.gave_up.get()) {
            stats.record(&Timed { call, took: started.elapsed(), tasks, instances: made, failure });
        }
        outcome.map_err(|error| program.failure(error))
    }

    fn is_abandoned(&self) -> bool {
        let abandoned = self.patience.abandoned.as_ref();
        abandoned.is_some_and(|abandoned| abandoned.load(Ordering::Relaxed))
    }

    fn is_impatience(&self, error: &CallError) -> bool {
        let deadline = self.program.host().limits.deadline(error.call);
        error.kind == FailureKind::Deadline && self.patience.is_shorter_than(deadline)
    }
}

/// Held by whoever waits for an answer; says so when it is dropped.
#[derive(Debug, Default)]
struct Waiting {
    abandoned: Abandoned,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }
}
