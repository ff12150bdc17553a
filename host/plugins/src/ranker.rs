//! Rankers: pure functions over columns, on threads of their own.

mod answer;
mod batch;
mod description;
mod instance;
mod program;

use std::{ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use hinny_core::{
    Priority,
    input::{Columns, InputSpec},
    plugin::CallStats,
    ranker::{Explanation, RankContext, RankFailure, Ranker},
};

pub(crate) use self::{
    description::RankerDescription,
    instance::RankInstance,
    program::{RankerCode, RankerProgram},
};
use crate::{call::Call, stats::Stats};

/// A generation of a ranker: a program, and its number in the slot.
#[derive(Debug)]
pub(crate) struct WasmRanker {
    generation: u64,
    program: Arc<RankerProgram>,
    stats: Arc<Stats>,
}

impl WasmRanker {
    pub(crate) fn new(generation: u64, program: Arc<RankerProgram>) -> Self {
        let stats = Arc::new(Stats::new(program.title()));
        Self { generation, program, stats }
    }

    pub(crate) fn program(&self) -> &Arc<RankerProgram> {
        &self.program
    }

    pub(crate) fn stats(&self) -> CallStats {
        self.stats.snapshot()
    }
}

#[async_trait]
impl Ranker for WasmRanker {
    fn generation(&self) -> u64 {
        self.generation
    }

    fn title(&self) -> &str {
        &self.program.title().text
    }

    fn inputs(&self) -> &Arc<[InputSpec]> {
        &self.program.description().inputs
    }

    fn refresh(&self) -> Option<Duration> {
        self.program.description().refresh
    }

    async fn rank(
        &self,
        context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Priority>, RankFailure> {
        let batch = Arc::new(batch);
        let mut ranked = Vec::new();
        for range in self.chunks(batch.len) {
            let chunk = self.call(Call::Rank, context, &batch, range, RankInstance::rank).await?;
            // One chunk is the rule: its answer is passed on without copying.
            if ranked.is_empty() {
                ranked = chunk;
            } else {
                ranked.extend(chunk);
            }
        }
        Ok(ranked)
    }

    async fn explain(
        &self,
        context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Explanation>, RankFailure> {
        let batch = Arc::new(batch);
        let mut explained = Vec::with_capacity(batch.len);
        for range in self.chunks(batch.len) {
            let chunk =
                self.call(Call::Explain, context, &batch, range, RankInstance::explain).await?;
            explained.extend(chunk);
        }
        Ok(explained)
    }
}

impl WasmRanker {
    /// The batch, cut to what a guest gets in one call.
    fn chunks(&self, len: usize) -> impl Iterator<Item = Range<usize>> + Send + use<> {
        let most = self.program.host().limits.batch_tasks as usize;
        (0..len).step_by(most).map(move |start| start..len.min(start + most))
    }

    async fn call<R: Send + 'static>(
        &self,
        call: Call,
        context: &RankContext,
        batch: &Arc<Columns>,
        range: Range<usize>,
        function: instance::RankFunction<R>,
    ) -> Result<R, RankFailure> {
        let context = context.clone();
        let batch = Arc::clone(batch);
        let tasks = range.len();
        self.program
            .on_thread(call, tasks, &self.stats, move |instance| {
                function(instance, &context, &batch, range)
            })
            .await
    }
}
