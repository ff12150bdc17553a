//! Rankers: pure functions over columns, on threads of their own.

mod answer;
mod batch;
mod description;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod instance;
mod pace;
mod program;

use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use hinny_core::{
    Priority,
    input::{Columns, InputSpec},
    plugin::CallStats,
    ranker::{Explanation, PluginFailure, RankContext, RankFailure, Ranker},
};
use tokio::task::yield_now;

pub(crate) use self::{
    description::RankerDescription,
    instance::RankInstance,
    program::{RankerCode, RankerProgram},
};
use self::{instance::RankFunction, program::Turn};
use crate::{call::Call, stats::Stats};

/// A generation of a ranker: a program, and its number in the slot.
#[derive(Debug)]
pub(crate) struct WasmRanker {
    generation: u64,
    program: Arc<RankerProgram>,
    stats: Arc<Stats>,
}

/// A batch to be asked about.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) context: RankContext,
    pub(crate) columns: Columns,
}

/// What is said to a batch, and how long it took.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) priorities: Result<Vec<Priority>, RankFailure>,
    pub(crate) took: Duration,
}

impl WasmRanker {
    /// `slow_after`: from when on a call counts as slow.
    pub(crate) fn new(generation: u64, program: Arc<RankerProgram>, slow_after: Duration) -> Self {
        let stats = Arc::new(Stats::new(program.title(), slow_after));
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
        self.call(Call::Rank, context, batch, RankInstance::rank).await
    }

    async fn explain(
        &self,
        context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Explanation>, RankFailure> {
        self.call(Call::Explain, context, batch, RankInstance::explain).await
    }
}

impl WasmRanker {
    /// Asks about a batch, in as many calls as its length needs, all on one thread.
    async fn call<R: Send + 'static>(
        &self,
        call: Call,
        context: &RankContext,
        batch: Columns,
        function: RankFunction<Vec<R>>,
    ) -> Result<Vec<R>, RankFailure> {
        let tasks = batch.len;
        if tasks == 0 {
            return Ok(Vec::new());
        }
        let most = self.program.host().limits.batch_tasks as usize;
        if call == Call::Rank {
            let ask = |turn: &Turn<'_>| asked(turn, context, &batch, most, function);
            if let Some(answers) = self.program.at_once(call, &self.stats, tasks, ask) {
                // Whoever asks in a loop must not keep others from the thread.
                yield_now().await;
                return answers;
            }
        }
        let context = context.clone();
        let work = move |turn: &Turn<'_>| {
            turn.timed(tasks, || asked(turn, &context, &batch, most, function))
        };
        self.program.on_thread(call, &self.stats, work).await
    }

    /// Asks about several batches, all on one thread, and not as part of what is known of how
    /// quick the ranker is: for whoever is in no hurry.
    pub(crate) async fn rank_apart(
        &self,
        questions: Arc<Vec<Question>>,
    ) -> Result<Vec<Answer>, RankFailure> {
        let most = self.program.host().limits.batch_tasks as usize;
        let work = move |turn: &Turn<'_>| {
            let answers = questions.iter().map(|Question { context, columns }| {
                let started = Instant::now();
                let priorities = asked(turn, context, columns, most, RankInstance::rank);
                Answer { priorities, took: started.elapsed() }
            });
            Ok(answers.collect())
        };
        self.program.on_thread(Call::Rank, &self.stats, work).await
    }
}

/// The answers about a batch, in calls of at most `most` tasks each.
fn asked<R>(
    turn: &Turn<'_>,
    context: &RankContext,
    batch: &Columns,
    most: usize,
    function: RankFunction<Vec<R>>,
) -> Result<Vec<R>, PluginFailure> {
    let mut answers = Vec::new();
    for part in parts(batch.len, most) {
        let tasks = part.len();
        let said = turn.call(tasks, |instance| function(instance, context, batch, part))?;
        // One part is the rule: its answers are passed on without copying.
        if answers.is_empty() {
            answers = said;
        } else {
            answers.extend(said);
        }
    }
    Ok(answers)
}

/// A batch, cut to what a guest gets in one call.
fn parts(len: usize, most: usize) -> impl Iterator<Item = Range<usize>> {
    (0..len).step_by(most).map(move |start| start..len.min(start + most))
}
