//! A version beside the active one: asked about all tasks and not listened to (a shadow), or listened
//! to about a share of them (a canary).
//!
//! To the queue, the two are one ranker, which reads what either of them reads. Which tasks are the
//! canary's is decided by their ids: a task stays on its side however often it is ranked, and
//! so does each part of a batch. What the candidate fails on is ranked by the active one.

mod inputs;
mod observer;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use hinny_core::{
    Priority,
    input::{ColumnValues, Columns, InputSpec},
    plugin::{Activation, Alike, RankerBudget, Share, Stage, TrialStatus},
    ranker::{Explanation, RankContext, RankFailure, Ranker},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::warn;

use self::{
    inputs::Inputs,
    observer::{Observed, Observer},
};
use crate::ranker::WasmRanker;

/// A version beside the active one.
pub(crate) struct Trial {
    pub(crate) activation: Activation,
    title: String,
    /// The active one, with its decisions recorded.
    base: Arc<dyn Ranker>,
    candidate: Arc<WasmRanker>,
    /// The same, with its decisions recorded: what only the observer asks it is none.
    deciding: Arc<dyn Ranker>,
    inputs: Inputs,
    observer: Observer,
}

impl Trial {
    /// Puts a candidate beside the active version. Comparing them is done in a task of its own, which
    /// ends with the trial.
    pub(crate) fn new(
        activation: Activation,
        base: Arc<WasmRanker>,
        candidate: Arc<WasmRanker>,
        tasks: &TaskTracker,
        stop: CancellationToken,
        recorded: impl Fn(Arc<WasmRanker>) -> Arc<dyn Ranker>,
    ) -> Self {
        let title = format!("{}, {} {}", base.title(), activation.stage, candidate.title());
        let inputs = Inputs::of(base.inputs(), candidate.inputs());
        let observer = Observer::start(Arc::clone(&base), Arc::clone(&candidate), tasks, stop);
        let (base, deciding) = (recorded(base), recorded(Arc::clone(&candidate)));
        Self { activation, title, base, candidate, deciding, inputs, observer }
    }

    pub(crate) fn candidate(&self) -> &Arc<WasmRanker> {
        &self.candidate
    }

    /// How it does.
    pub(crate) fn status(&self) -> TrialStatus {
        TrialStatus {
            activation: self.activation.clone(),
            title: self.candidate.title().to_owned(),
            stats: self.candidate.stats(),
            comparison: self.observer.comparison(),
            skipped: self.observer.skipped(),
        }
    }

    /// What is beyond a budget.
    pub(crate) fn exceeded(&self, budget: &RankerBudget) -> Option<String> {
        let alike = || {
            let comparison = self.observer.comparison();
            let kendall_tau = comparison.kendall_tau?;
            Some(Alike { tasks: comparison.tasks, kendall_tau })
        };
        // Any order will do: none need be compared.
        let alike = if budget.kendall_tau_min > -1.0 { alike() } else { None };
        budget.exceeded(&self.candidate.stats(), alike)
    }

    async fn rank_as_shadow(
        &self,
        context: &RankContext,
        batch: &Columns,
    ) -> Result<Vec<Priority>, RankFailure> {
        let columns = self.inputs.for_base(batch);
        let priorities = self.base.rank(context, columns).await?;
        self.observer.watch(|| Observed {
            context: context.clone(),
            created_at: self.inputs.created_at(batch),
            columns: self.inputs.for_candidate(batch),
            known: priorities.clone(),
            by_candidate: false,
        });
        Ok(priorities)
    }

    async fn rank_as_canary(
        &self,
        share: Share,
        context: &RankContext,
        batch: &Columns,
    ) -> Result<Vec<Priority>, RankFailure> {
        let (theirs, rest) = self.sides(share, batch);
        let mut priorities = vec![Priority(0); batch.len];
        if !theirs.is_empty() {
            let part = batch.pick(&theirs);
            let ranks = self.rank_share(context, &part).await?;
            put(&mut priorities, &theirs, &ranks);
        }
        if !rest.is_empty() {
            let part = self.inputs.for_base(&batch.pick(&rest));
            let ranks = self.base.rank(context, part).await?;
            put(&mut priorities, &rest, &ranks);
        }
        Ok(priorities)
    }

    /// Ranks the share of the candidate: by the active one, where it fails.
    async fn rank_share(
        &self,
        context: &RankContext,
        part: &Columns,
    ) -> Result<Vec<Priority>, RankFailure> {
        match self.deciding.rank(context, self.inputs.for_candidate(part)).await {
            Ok(ranks) => {
                self.observer.watch(|| Observed {
                    context: context.clone(),
                    created_at: self.inputs.created_at(part),
                    columns: self.inputs.for_base(part),
                    known: ranks.clone(),
                    by_candidate: true,
                });
                Ok(ranks)
            }
            Err(failure) => {
                warn!(
                    plugin.slot = %self.activation.slot,
                    %failure,
                    "{} tasks of the canary are ranked by `{}`",
                    part.len,
                    self.base.title()
                );
                self.base.rank(context, self.inputs.for_base(part)).await
            }
        }
    }

    /// Which tasks of a batch are the candidate's, and which are not.
    fn sides(&self, share: Share, batch: &Columns) -> (Vec<u32>, Vec<u32>) {
        let buckets = match self.inputs.bucket(batch).map(|column| &column.values) {
            Some(ColumnValues::Integers(buckets)) => buckets.as_slice(),
            _ => &[],
        };
        let is_theirs = |at: &u32| {
            let bucket = buckets.get(*at as usize);
            bucket.is_some_and(|bucket| *bucket < i64::from(share.parts()))
        };
        (0..batch.len as u32).partition(is_theirs)
    }
}

impl fmt::Debug for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trial").field("title", &self.title).finish_non_exhaustive()
    }
}

#[async_trait]
impl Ranker for Trial {
    fn generation(&self) -> u64 {
        self.activation.generation
    }

    fn title(&self) -> &str {
        &self.title
    }

    fn inputs(&self) -> &Arc<[InputSpec]> {
        self.inputs.all()
    }

    fn refresh(&self) -> Option<Duration> {
        let both = [self.base.refresh(), self.candidate.refresh()];
        both.into_iter().flatten().min()
    }

    async fn rank(
        &self,
        context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Priority>, RankFailure> {
        match self.activation.stage {
            Stage::Canary(share) => self.rank_as_canary(share, context, &batch).await,
            Stage::Shadow | Stage::Active => self.rank_as_shadow(context, &batch).await,
        }
    }

    async fn explain(
        &self,
        context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Explanation>, RankFailure> {
        let theirs = match self.activation.stage {
            Stage::Canary(share) => self.sides(share, &batch).0,
            Stage::Shadow | Stage::Active => Vec::new(),
        };
        if theirs.len() == batch.len {
            return self.candidate.explain(context, self.inputs.for_candidate(&batch)).await;
        }
        let mut explanations = self.base.explain(context, self.inputs.for_base(&batch)).await?;
        if !theirs.is_empty() {
            let part = self.inputs.for_candidate(&batch.pick(&theirs));
            let said = self.candidate.explain(context, part).await?;
            put(&mut explanations, &theirs, &said);
        }
        Ok(explanations)
    }
}

fn put<T: Clone>(all: &mut [T], places: &[u32], some: &[T]) {
    for (place, one) in places.iter().zip(some) {
        if let Some(into) = all.get_mut(*place as usize) {
            into.clone_from(one);
        }
    }
}
