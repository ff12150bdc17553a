//! What a scheduler plugin may ask of the host. Nothing here calls back into a guest.

mod connector;
mod log;
mod messages;
mod schedules;
mod state;
mod tasks;

use std::{collections::HashMap, fmt, sync::Arc};

use hinny_core::{
    PluginDigest, TaskId, Timestamp,
    command::{OwnMessage, StateWrite},
    connector::Connectors,
    plugin::{LineLevel, Slot},
    scheduler::SchedulePlan,
    store::Store,
};
use wasmtime::component::{HasSelf, Linker};

use self::{log::LogBook, messages::Outbox, schedules::Plans, state::StateBuffer};
use crate::{
    bindings::scheduler::hinny::plugin as wit,
    bounds::{Bounded, Bounds, Pace},
    call::Call,
    config::Grants,
    host::PluginHost,
    lines::{SlotLines, Writer},
    title::Title,
};

/// What plugins of a slot may ask. Everything is of their own slot and scheduler.
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) connectors: Arc<dyn Connectors>,
    pub(crate) slot: Slot,
    /// The services that it may ask.
    pub(crate) granted: Arc<[String]>,
    /// The sources of messages that it wants.
    pub(crate) sources: Arc<[String]>,
    /// Where its lines are kept.
    pub(crate) lines: Arc<SlotLines>,
    /// The version that it is.
    pub(crate) digest: PluginDigest,
}

impl fmt::Debug for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Services").field("slot", &self.slot).finish_non_exhaustive()
    }
}

/// The host, as one instance sees it.
pub(super) struct Guest {
    bounds: Bounds,
    host: Arc<PluginHost>,
    title: Title,
    /// None while the plugin is verified: then there is no database to ask.
    services: Option<Services>,
    log: LogBook,
    state: StateBuffer,
    outbox: Outbox,
    plans: Plans,
    /// How many questions to services the call has asked.
    questions: usize,
    /// The call, and the generation that it is made for.
    call: Call,
    generation: Option<u64>,
}

impl Bounded for Guest {
    fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    fn bounds_mut(&mut self) -> &mut Bounds {
        &mut self.bounds
    }
}

impl Guest {
    pub(super) fn new(host: &Arc<PluginHost>, title: Title, services: Option<Services>) -> Self {
        Self {
            bounds: Bounds::new(&host.schedulers, Pace::Yield, &host.limits),
            host: Arc::clone(host),
            title,
            services,
            log: LogBook::default(),
            state: StateBuffer::default(),
            outbox: Outbox::default(),
            plans: Plans::closed(),
            questions: 0,
            call: Call::Configure,
            generation: None,
        }
    }

    /// Says for which generation it is called from now on.
    pub(super) fn serve(&mut self, generation: u64) {
        self.generation = Some(generation);
    }

    /// Forgets what belongs to the call before.
    pub(super) fn begin(&mut self, call: Call) {
        self.call = call;
        self.log = LogBook::default();
        self.state = StateBuffer::new(call == Call::Handle);
        self.outbox = Outbox::new(call == Call::Handle);
        self.plans = Plans::closed();
        self.questions = 0;
    }

    /// Lets the call plan the schedules of a number of drafts.
    pub(super) fn open_plans(&mut self, drafts: usize, now: Timestamp) {
        self.plans = Plans::open(drafts, now);
    }

    /// What the call has planned.
    pub(super) fn take_plans(&mut self) -> HashMap<TaskId, SchedulePlan> {
        self.plans.take()
    }

    /// What the call has sent to itself.
    pub(super) fn take_messages(&mut self) -> Vec<OwnMessage> {
        self.outbox.take()
    }

    /// Says how many lines of the call were not shown.
    pub(super) fn close_log(&self) {
        if let Some(said) = self.log.close(&self.title, self.host.limits.log_lines) {
            self.keep_line(LineLevel::Warn, &said);
        }
    }

    /// Keeps a line for people who ask for it.
    fn keep_line(&self, level: LineLevel, line: &str) {
        let Some(services) = &self.services else { return };
        let (generation, function) = (self.generation, self.call.as_str());
        let writer = Writer { generation, digest: services.digest, function };
        services.lines.write(writer, level, line);
    }

    /// What the call has written.
    pub(super) fn take_writes(&mut self) -> Vec<StateWrite> {
        self.state.take_writes()
    }
}

/// Offers what is granted; an import that is not granted finds nothing.
pub(super) fn link(linker: &mut Linker<Guest>, grants: &Grants) -> wasmtime::Result<()> {
    if grants.log {
        log::link(linker)?;
    }
    if grants.tasks {
        wit::tasks::add_to_linker::<_, HasSelf<_>>(linker, |guest: &mut Guest| guest)?;
    }
    if grants.state {
        wit::state::add_to_linker::<_, HasSelf<_>>(linker, |guest: &mut Guest| guest)?;
    }
    if grants.schedules {
        wit::schedules::add_to_linker::<_, HasSelf<_>>(linker, |guest: &mut Guest| guest)?;
    }
    if grants.messages {
        wit::messages::add_to_linker::<_, HasSelf<_>>(linker, |guest: &mut Guest| guest)?;
    }
    if !grants.connector.is_empty() {
        wit::connector::add_to_linker::<_, HasSelf<_>>(linker, |guest: &mut Guest| guest)?;
    }
    Ok(())
}
