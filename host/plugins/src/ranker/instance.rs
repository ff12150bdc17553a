//! One instance of a ranker, configured and ready for a batch.

use std::{fmt, ops::Range, sync::Arc};

use hinny_core::{
    Priority,
    input::Columns,
    ranker::{Explanation, FailureKind, RankContext},
};
use wasmtime::Store;

use super::{RankerCode, RankerDescription, answer, batch::Batch};
use crate::{
    bindings::ranker::{RankerPlugin, exports::hinny::plugin::ranker as wit},
    bounds::{Bounds, Pace, Patience, bounded_store},
    call::{Call, CallError},
    host::PluginHost,
};

/// What an answer of priorities takes beside eight bytes for each: the text of an error.
const ANSWER_SLACK_BYTES: usize = 64 << 10;

/// A function of an instance that takes a part of a batch.
pub(super) type RankFunction<R> =
    fn(&mut RankInstance, &RankContext, &Columns, Range<usize>) -> Result<R, CallError>;

/// One instance of a ranker. One instance per store: a trap takes both with it.
pub(crate) struct RankInstance {
    host: Arc<PluginHost>,
    store: Store<Bounds>,
    plugin: RankerPlugin,
    patience: Patience,
}

impl RankInstance {
    /// An instance that has been called for nothing yet, not even `configure`.
    pub(crate) fn bare(code: &RankerCode, patience: Patience) -> Result<Self, CallError> {
        let host = Arc::clone(&code.host);
        let (engine, limits) = (&host.rankers, &host.limits);
        let _running = engine.running();
        let bounds = Bounds::new(engine, Pace::Thread, limits);
        let mut store = bounded_store(engine, bounds, limits.answer_bytes());
        // Modules may run code as they start: the deadline of `configure` covers it.
        patience.arm(&mut store, limits.deadline(Call::Configure));
        let plugin = code.pre.instantiate(&mut store).map_err(|error| {
            CallError::from_engine(Call::Configure, &error, store.data(), limits)
        })?;
        Ok(Self { host, store, plugin, patience })
    }

    /// An instance that has its settings.
    pub(crate) fn configured(code: &RankerCode, patience: Patience) -> Result<Self, CallError> {
        let mut instance = Self::bare(code, patience)?;
        let settings = code.settings.lowered();
        let said = instance
            .call(Call::Configure, |store, guest| guest.call_configure(store, &settings))?;
        match said {
            Ok(()) => Ok(instance),
            Err(why) => Err(CallError::refused(Call::Configure, &why, &instance.host.limits)),
        }
    }

    /// How long the next calls are waited for.
    pub(super) fn wait_with(&mut self, patience: Patience) {
        self.patience = patience;
    }

    pub(crate) fn describe(&mut self) -> Result<RankerDescription, CallError> {
        self.call(Call::Describe, |store, guest| guest.call_describe(store))?.try_into()
    }

    /// One priority per task of a part of a batch.
    pub(crate) fn rank(
        &mut self,
        context: &RankContext,
        columns: &Columns,
        range: Range<usize>,
    ) -> Result<Vec<Priority>, CallError> {
        // Twice what is asked for, so that a wrong number of priorities is called that.
        let answer_bytes = range.len() * 2 * size_of::<i64>() + ANSWER_SLACK_BYTES;
        self.store.set_hostcall_fuel(answer_bytes.min(self.host.limits.answer_bytes()));
        let len = range.len();
        let said = self.with_batch(
            Call::Rank,
            context,
            columns,
            range,
            |guest, store, context, batch| guest.call_rank(store, context, batch),
        )?;
        answer::priorities(said, len)
    }

    /// Why, for each task of a part of a batch.
    pub(crate) fn explain(
        &mut self,
        context: &RankContext,
        columns: &Columns,
        range: Range<usize>,
    ) -> Result<Vec<Explanation>, CallError> {
        self.store.set_hostcall_fuel(self.host.limits.answer_bytes());
        let len = range.len();
        let said = self.with_batch(
            Call::Explain,
            context,
            columns,
            range,
            |guest, store, context, batch| guest.call_explain(store, context, batch),
        )?;
        answer::explanations(said, len, &self.host.limits)
    }

    fn with_batch<R>(
        &mut self,
        call: Call,
        context: &RankContext,
        columns: &Columns,
        range: Range<usize>,
        function: impl FnOnce(
            &wit::Guest,
            &mut Store<Bounds>,
            wit::Context<'_>,
            wit::Batch<'_>,
        ) -> wasmtime::Result<Result<R, wit::RankError>>,
    ) -> Result<R, CallError> {
        let batch = Batch::cut(columns, &range).ok_or_else(|| {
            CallError::new(call, FailureKind::Host, "a column is shorter than its batch")
        })?;
        let columns = batch.columns();
        let batch = wit::Batch { len: batch.len() as u32, columns: &columns };
        let context = wit::Context {
            now: context.now.as_millis(),
            scheduler: context.scheduler.as_str(),
            seed: context.seed,
        };
        let said = self.call(call, |store, guest| function(guest, store, context, batch))?;
        said.map_err(|error| {
            let why = match &error {
                wit::RankError::BadInput(why) => format!("bad input: {why}"),
                wit::RankError::Other(why) => why.clone(),
            };
            CallError::refused(call, &why, &self.host.limits)
        })
    }

    fn call<R>(
        &mut self,
        call: Call,
        function: impl FnOnce(&mut Store<Bounds>, &wit::Guest) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let Self { host, store, plugin, patience } = self;
        let (engine, limits) = (&host.rankers, &host.limits);
        let _running = engine.running();
        patience.arm(store, limits.deadline(call));
        function(store, plugin.hinny_plugin_ranker())
            .map_err(|error| CallError::from_engine(call, &error, store.data(), limits))
    }
}

impl fmt::Debug for RankInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RankInstance").field("bounds", self.store.data()).finish_non_exhaustive()
    }
}
