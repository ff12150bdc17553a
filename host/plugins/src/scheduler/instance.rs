//! One instance of a scheduler plugin, configured and ready for a call.

use std::{fmt, sync::Arc, time::Duration};

use hinny_core::{
    Timestamp,
    command::Handled,
    ranker::FailureKind,
    scheduler::{Admitted, HandleFailure, Rejection},
    trigger::Trigger,
};
use tokio::time::{error::Elapsed, timeout};
use wasmtime::Store;

use super::{
    Described, SchedulerCode, Services,
    admission::{self, Offered},
    commands,
    imports::Guest,
    trigger::Wire,
};
use crate::{
    bindings::scheduler::{SchedulerPlugin, exports::hinny::plugin::scheduler as wit},
    bounds::{Bounded, arm, bounded_store},
    call::{Call, CallError},
    host::PluginHost,
    text,
    title::Title,
};

/// One instance of a scheduler plugin. Whoever drops a call half-way drops the instance with it.
pub(crate) struct SchedulerInstance {
    host: Arc<PluginHost>,
    store: Store<Guest>,
    plugin: SchedulerPlugin,
}

impl SchedulerInstance {
    /// An instance that has been called for nothing yet, not even `configure`.
    pub(crate) async fn bare(
        code: &SchedulerCode,
        title: &Title,
        services: Option<Services>,
    ) -> Result<Self, CallError> {
        let host = Arc::clone(&code.host);
        let (engine, limits) = (&host.schedulers, &host.limits);
        let guest = Guest::new(&host, title.clone(), services);
        // A log line may be as long as the memory is, and is cut, not refused; what the guest
        // answers is weighed when it is there.
        let mut store = bounded_store(engine, guest, limits.memory_bytes());
        let _running = engine.running();
        // Modules may run code as they start: the deadline of `configure` covers it.
        arm(&mut store, limits.deadline(Call::Configure), None);
        let made = timeout(limits.call_timeout(), code.pre.instantiate_async(&mut store)).await;
        let plugin = settle(Call::Configure, made, &mut store, &host)?;
        Ok(Self { host, store, plugin })
    }

    /// Says for which generation it is called from now on.
    pub(super) fn serve(&mut self, generation: u64) {
        self.store.data_mut().serve(generation);
    }

    /// An instance that has its settings.
    pub(crate) async fn configured(
        code: &SchedulerCode,
        title: &Title,
        services: Option<Services>,
    ) -> Result<Self, CallError> {
        let mut instance = Self::bare(code, title, services).await?;
        let settings = code.settings.lowered();
        instance.begin(Call::Configure);
        let Self { host, store, plugin } = &mut instance;
        let guest = plugin.hinny_plugin_scheduler();
        let _running = host.schedulers.running();
        let call = guest.call_configure(&mut *store, &settings);
        let said = timeout(host.limits.call_timeout(), call).await;
        let said = settle(Call::Configure, said, store, host)?;
        said.map_err(|why| CallError::refused(Call::Configure, &why, &host.limits))?;
        Ok(instance)
    }

    pub(crate) async fn describe(&mut self) -> Result<Described, CallError> {
        self.begin(Call::Describe);
        let Self { host, store, plugin } = self;
        let guest = plugin.hinny_plugin_scheduler();
        let _running = host.schedulers.running();
        let said = timeout(host.limits.call_timeout(), guest.call_describe(&mut *store)).await;
        let said = settle(Call::Describe, said, store, host)?;
        Described::check(said, &host.limits)
    }

    pub(crate) async fn admit(
        &mut self,
        now: Timestamp,
        offered: &[Offered<'_>],
    ) -> Result<Vec<Result<Admitted, Rejection>>, CallError> {
        self.begin(Call::Admit);
        self.store.data_mut().open_plans(offered.len(), now);
        let drafts: Vec<_> = offered.iter().map(Offered::lowered).collect();
        let Self { host, store, plugin } = self;
        let guest = plugin.hinny_plugin_scheduler();
        let _running = host.schedulers.running();
        let call = guest.call_admit(&mut *store, now.as_millis(), &drafts);
        let said = timeout(host.limits.call_timeout(), call).await;
        let said = settle(Call::Admit, said, store, host)?;
        let plans = store.data_mut().take_plans();
        admission::answers(said, offered, &plans, &host.limits)
    }

    pub(crate) async fn handle(
        &mut self,
        now: Timestamp,
        trigger: &Trigger,
    ) -> Result<Result<Handled, HandleFailure>, CallError> {
        self.begin(Call::Handle);
        let wire = Wire::new(trigger);
        let Self { host, store, plugin } = self;
        let guest = plugin.hinny_plugin_scheduler();
        let _running = host.schedulers.running();
        let call = guest.call_handle(&mut *store, now.as_millis(), wire.lowered());
        let said = timeout(host.limits.call_timeout(), call).await;
        let said = settle(Call::Handle, said, store, host)?;
        let (state, messages) = (store.data_mut().take_writes(), store.data_mut().take_messages());
        match said {
            Ok(said) => {
                let commands = commands::commands(said, &host.limits)?;
                Ok(Ok(Handled { commands, state, messages }))
            }
            Err(failure) => Ok(Err(refusal(failure, host.limits.text_bytes as usize))),
        }
    }

    /// Readies the store for a call: its deadline starts now.
    fn begin(&mut self, call: Call) {
        let Self { host, store, .. } = self;
        store.data_mut().begin(call);
        arm(store, host.limits.deadline(call), None);
    }
}

/// What came of a call: of the guest's own time, and of the time on the wall.
fn settle<R>(
    call: Call,
    outcome: Result<wasmtime::Result<R>, Elapsed>,
    store: &mut Store<Guest>,
    host: &PluginHost,
) -> Result<R, CallError> {
    store.data().close_log();
    match outcome {
        Ok(Ok(said)) => Ok(said),
        Ok(Err(error)) => {
            Err(CallError::from_engine(call, &error, store.data().bounds(), &host.limits))
        }
        Err(_) => Err(timed_out(call, host.limits.call_timeout())),
    }
}

fn timed_out(call: Call, limit: Duration) -> CallError {
    let why = format!(
        "took longer than {} ms, waiting for the host's answers included; hint: ask less in one call, or raise `plugins.limits.call_timeout_ms`",
        limit.as_millis()
    );
    CallError::new(call, FailureKind::Deadline, why)
}

fn refusal(failure: wit::Failure, bytes_max: usize) -> HandleFailure {
    let reason = |said: &str| text::shown(said, bytes_max);
    match failure {
        wit::Failure::RetryAfter(retry) => {
            HandleFailure::Retry { after_ms: retry.after_ms, reason: reason(&retry.reason) }
        }
        wit::Failure::Reject(why) | wit::Failure::Other(why) => {
            HandleFailure::Reject { reason: reason(&why) }
        }
    }
}

impl fmt::Debug for SchedulerInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchedulerInstance").finish_non_exhaustive()
    }
}
