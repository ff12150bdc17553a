//! A scheduler plugin with its settings: everything but its number in a slot.

use std::{fmt, sync::Arc, time::Instant};

use hinny_core::{
    PluginDigest,
    ranker::{FailureKind, PluginFailure},
};
use tokio::sync::Semaphore;
use tracing::{Instrument, info_span};
use wasmtime::component::{Component, Linker};

use super::{
    Described, SchedulerInstance, Services,
    imports::{self, Guest},
};
use crate::{
    bindings::scheduler::SchedulerPluginPre,
    call::{Call, CallError},
    config::{Grants, InstancePolicy},
    host::PluginHost,
    pool::{Warm, WarmPool},
    settings::Settings,
    stats::{Stats, Timed},
    title::Title,
    turns::Turns,
};

/// What instances of a scheduler plugin are made from.
#[derive(Clone)]
pub(crate) struct SchedulerCode {
    pub(super) host: Arc<PluginHost>,
    pub(super) pre: SchedulerPluginPre<Guest>,
    pub(super) settings: Arc<Settings>,
}

impl SchedulerCode {
    /// Links a component to what is granted.
    pub(crate) fn link(
        host: &Arc<PluginHost>,
        component: &Component,
        settings: Settings,
        grants: &Grants,
    ) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(host.schedulers.engine());
        imports::link(&mut linker, grants)?;
        let pre = SchedulerPluginPre::new(linker.instantiate_pre(component)?)?;
        Ok(Self { host: Arc::clone(host), pre, settings: Arc::new(settings) })
    }
}

/// A scheduler plugin with its settings.
pub(crate) struct SchedulerProgram {
    code: SchedulerCode,
    digest: PluginDigest,
    described: Described,
    services: Services,
    warm: WarmPool<SchedulerInstance>,
    /// One permit per call that may run at the same time.
    calls: Semaphore,
}

impl SchedulerProgram {
    pub(crate) fn new(
        code: SchedulerCode,
        digest: PluginDigest,
        described: Described,
        services: Services,
        policy: InstancePolicy,
    ) -> Self {
        let calls = Semaphore::new(code.host.limits.scheduler_calls as usize);
        Self { code, digest, described, services, warm: WarmPool::new(policy), calls }
    }

    pub(crate) fn digest(&self) -> &PluginDigest {
        &self.digest
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.code.settings
    }

    pub(crate) fn described(&self) -> &Described {
        &self.described
    }

    pub(crate) fn title(&self) -> &Title {
        &self.described.title
    }

    /// Where its calls compute.
    pub(super) fn turns(&self) -> &Turns {
        &self.code.host.turns
    }

    /// Drops instances that have waited too long for a call.
    pub(crate) fn drop_idle(&self) {
        self.warm.drop_idle();
    }

    /// Makes an instance ahead of the first call, where the policy keeps any.
    pub(crate) async fn warm_up(&self) {
        if !self.warm.lacks_one() {
            return;
        }
        // A failure is met again, and reported, by the first call.
        if let Ok(instance) = self.instance().await {
            self.warm.put(instance);
        }
    }

    /// Does a job with an instance. Dropped half-way, the instance is dropped with it.
    pub(super) async fn call<R>(
        &self,
        call: Call,
        tasks: usize,
        stats: &Stats,
        job: impl AsyncFnOnce(&mut SchedulerInstance) -> Result<R, CallError>,
    ) -> Result<R, PluginFailure> {
        let Title { name, version, .. } = self.title();
        let span =
            info_span!("plugin.call", plugin = %name, version = %version, function = call.as_str());
        let _permit = self.calls.acquire().await.map_err(|_| {
            self.failure(CallError::new(call, FailureKind::Host, "the host is stopping"))
        })?;
        let started = Instant::now();
        let (outcome, made) = self.with_instance(job).instrument(span).await;
        let failure = outcome.as_ref().err().map(|error| error.kind);
        stats.record(&Timed { call, took: started.elapsed(), tasks, instances: made, failure });
        outcome.map_err(|error| self.failure(error))
    }

    async fn with_instance<R>(
        &self,
        job: impl AsyncFnOnce(&mut SchedulerInstance) -> Result<R, CallError>,
    ) -> (Result<R, CallError>, u64) {
        let (warm, made) = match self.warm.take() {
            Some(warm) => (Ok(warm), 0),
            None => (self.instance().await.map(Warm::new), 1),
        };
        let mut warm = match warm {
            Ok(warm) => warm,
            Err(error) => return (Err(error), made),
        };
        let outcome = job(&mut warm.instance).await;
        if outcome.is_ok() {
            self.warm.put_back(warm);
        }
        (outcome, made)
    }

    async fn instance(&self) -> Result<SchedulerInstance, CallError> {
        let services = Some(self.services.clone());
        SchedulerInstance::configured(&self.code, self.title(), services).await
    }

    fn failure(&self, error: CallError) -> PluginFailure {
        error.of(&self.title().text)
    }
}

impl fmt::Debug for SchedulerProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchedulerProgram")
            .field("digest", &self.digest)
            .field("described", &self.described)
            .finish_non_exhaustive()
    }
}
