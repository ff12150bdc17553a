//! A ranker whose decisions are recorded.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use hinny_core::{
    Priority,
    input::{Columns, InputSpec},
    ranker::{Explanation, RankContext, RankFailure, Ranker},
};

use super::{
    Recorder,
    counts::Counts,
    record::{Batch, Origin},
    sample::Sample,
};

/// A ranker whose decisions are recorded. What it answers, and when, does not depend on that.
#[derive(Debug)]
pub(super) struct Recorded<R> {
    ranker: Arc<R>,
    origin: Arc<Origin>,
    counts: Arc<Counts>,
    sample: Sample,
    recorder: Arc<Recorder>,
}

impl<R: Ranker> Recorded<R> {
    pub(super) fn new(
        ranker: Arc<R>,
        origin: Origin,
        counts: Arc<Counts>,
        recorder: Arc<Recorder>,
    ) -> Self {
        let sample = Sample::new(recorder.config());
        Self { ranker, origin: Arc::new(origin), counts, sample, recorder }
    }

    /// The ranker itself.
    #[cfg(test)]
    pub(super) fn inner(&self) -> &R {
        &self.ranker
    }

    /// What a batch is recorded by, if it is.
    fn copied(&self, batch: &Columns) -> Option<Columns> {
        if batch.len == 0 {
            return None;
        }
        if !self.sample.takes(batch.len) {
            self.counts.left_out();
            return None;
        }
        if !self.recorder.has_room(batch.len) {
            self.counts.lost();
            return None;
        }
        Some(batch.clone())
    }
}

#[async_trait]
impl<R: Ranker> Ranker for Recorded<R> {
    fn generation(&self) -> u64 {
        self.ranker.generation()
    }

    fn title(&self) -> &str {
        self.ranker.title()
    }

    fn inputs(&self) -> &Arc<[InputSpec]> {
        self.ranker.inputs()
    }

    fn refresh(&self) -> Option<Duration> {
        self.ranker.refresh()
    }

    async fn rank(
        &self,
        context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Priority>, RankFailure> {
        let copied = self.copied(&batch);
        let started = Instant::now();
        let answer = self.ranker.rank(context, batch).await;
        match (&answer, copied) {
            (Ok(priorities), Some(columns)) => {
                let RankContext { now, seed, .. } = *context;
                let (took, priorities) = (started.elapsed(), priorities.clone());
                let batch = Batch { now, seed, took, columns, priorities };
                self.recorder.send(&self.origin, &self.counts, batch);
            }
            (Err(_), _) => self.counts.failed(),
            (Ok(_), None) => {}
        }
        answer
    }

    async fn explain(
        &self,
        context: &RankContext,
        batch: Columns,
    ) -> Result<Vec<Explanation>, RankFailure> {
        self.ranker.explain(context, batch).await
    }
}
