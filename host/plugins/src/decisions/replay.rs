//! Asking a ranker again about what was decided.

use std::{io, path::Path, sync::Arc, time::Duration};

use hinny_core::{
    Priority,
    decision::{Asked, COMPARED_MAX, Decision, Replay, Tally},
    input::{Column, ColumnValues, Columns, InputSource, InputSpec},
    ranker::RankContext,
};
use tokio::sync::mpsc::Receiver;

use super::{
    reader::{Decided, Part, read_again},
    record::{Batch, Origin},
};
use crate::ranker::{Question, WasmRanker};

/// A replay that runs.
pub(super) struct Run {
    ranker: Arc<WasmRanker>,
    tally: Tally,
    /// Where the batches are that were answered, so that some can be looked at again.
    places: Places,
    /// The last that was matched: most batches are decided by the same as their neighbours.
    matched: Option<(Arc<Origin>, Matched)>,
}

/// Where the inputs of a ranker are among those that were recorded, or which were not.
type Matched = Result<Vec<Source>, String>;

/// Where an input is among those that were recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// It was one of them.
    Column(usize),
    /// It is how long it is since that one.
    Since(usize),
}

/// Where batches are.
#[derive(Default)]
struct Places {
    batches: Vec<Place>,
    segments: Vec<Arc<Path>>,
    origins: Vec<Arc<Origin>>,
}

/// Where a batch is. There may be a million of them.
struct Place {
    segment: u32,
    start: u32,
    origin: u32,
}

/// A decision, apart from what the ranker is told.
struct Known {
    origin: Arc<Origin>,
    segment: Arc<Path>,
    start: u64,
    took: Duration,
    priorities: Vec<Priority>,
}

impl Run {
    pub(super) fn new(ranker: Arc<WasmRanker>, tally: Tally) -> Self {
        Self { ranker, tally, places: Places::default(), matched: None }
    }

    /// Replays what comes, until nothing more does.
    pub(super) async fn run(mut self, parts: &mut Receiver<io::Result<Part>>) -> io::Result<Self> {
        while let Some(part) = parts.recv().await {
            self.take(part?).await;
        }
        Ok(self)
    }

    async fn take(&mut self, part: Part) {
        part.damages.into_iter().for_each(|damage| self.tally.damaged(damage));
        let (mut questions, mut known) = (Vec::new(), Vec::new());
        for decided in part.decisions {
            if let Some((question, of)) = self.question(decided) {
                questions.push(question);
                known.push(of);
            }
        }
        if questions.is_empty() {
            return;
        }
        let questions = Arc::new(questions);
        match self.ranker.rank_apart(Arc::clone(&questions)).await {
            Ok(answers) => {
                for ((known, question), answer) in known.iter().zip(&*questions).zip(answers) {
                    match answer.priorities {
                        Ok(priorities) => self.answered(known, question, &priorities, answer.took),
                        Err(failure) => self.failed(known, question, &failure.to_string()),
                    }
                }
            }
            Err(failure) => {
                for (known, question) in known.iter().zip(&*questions) {
                    self.failed(known, question, &failure.to_string());
                }
            }
        }
    }

    /// What the ranker is asked about a decision; none when it would have to know more.
    fn question(&mut self, decided: Decided) -> Option<(Question, Known)> {
        let Decided { origin, batch, segment, start } = decided;
        let tasks = batch.priorities.len();
        match self.matched(&origin) {
            Err(why) => {
                self.tally.skipped(tasks, &why);
                None
            }
            Ok(sources) => {
                let Batch { now, seed, took, columns, priorities } = batch;
                let context = RankContext { now, scheduler: origin.scheduler.clone(), seed };
                let columns = picked(columns, &sources, &context);
                let known = Known { origin, segment, start, took, priorities };
                Some((Question { context, columns }, known))
            }
        }
    }

    fn matched(&mut self, origin: &Arc<Origin>) -> Matched {
        if let Some((known, matched)) = &self.matched
            && Arc::ptr_eq(known, origin)
        {
            return matched.clone();
        }
        let matched = matched(&self.ranker.program().description().inputs, &origin.inputs);
        self.matched = Some((Arc::clone(origin), matched.clone()));
        matched
    }

    fn answered(
        &mut self,
        known: &Known,
        question: &Question,
        answer: &[Priority],
        took: Duration,
    ) {
        self.places.push(known);
        let asked = self.asked(known, &question.context);
        let inputs = &self.ranker.program().description().inputs;
        self.tally.answered(&asked, answer, took, &question.columns, inputs);
    }

    fn failed(&mut self, known: &Known, question: &Question, why: &str) {
        let asked = self.asked(known, &question.context);
        self.tally.failed(&asked, why);
    }

    fn asked<'a>(&self, known: &'a Known, context: &RankContext) -> Asked<'a> {
        let (program, origin) = (self.ranker.program(), &known.origin);
        let own = origin.digest == *program.digest() && origin.settings == program.settings_text();
        Asked {
            at: context.now,
            generation: origin.generation,
            own,
            priorities: &known.priorities,
            took: known.took,
        }
    }

    /// What it came to. Sorts and reads: not for the reactor.
    pub(super) fn finish(self) -> Replay {
        let Self { tally, places, .. } = self;
        let mut replay = tally.finish();
        let order = &mut replay.order;
        for moved in order.forward.iter_mut().chain(&mut order.back) {
            places.fill(&mut moved.decision);
        }
        replay
    }
}

impl Places {
    fn push(&mut self, known: &Known) {
        // Tasks of later batches are not compared, so none of them is looked at again.
        if self.batches.len() >= COMPARED_MAX {
            return;
        }
        let segment = number(&mut self.segments, &known.segment);
        let origin = number(&mut self.origins, &known.origin);
        self.batches.push(Place { segment, start: known.start as u32, origin });
    }

    /// Says what the ranker was told, as far as it is still there.
    fn fill(&self, decision: &mut Decision) {
        let place = self.batches.get(decision.batch as usize);
        let inputs = place.and_then(|place| {
            let segment = self.segments.get(place.segment as usize)?;
            let origin = self.origins.get(place.origin as usize)?;
            let batch = read_again(segment, u64::from(place.start))?;
            Some(batch.columns.row(&origin.inputs, decision.place as usize))
        });
        decision.inputs = inputs.unwrap_or_default();
    }
}

/// The number of a thing that is mostly the last, or else new.
fn number<T: ?Sized>(known: &mut Vec<Arc<T>>, thing: &Arc<T>) -> u32 {
    let place = known.iter().rposition(|known| Arc::ptr_eq(known, thing));
    let place = place.unwrap_or_else(|| {
        known.push(Arc::clone(thing));
        known.len() - 1
    });
    place as u32
}

/// Where the inputs of a ranker are among those that were recorded, or which were not.
fn matched(wanted: &[InputSpec], recorded: &[InputSpec]) -> Matched {
    let place = |source: &InputSource, like: &InputSpec| {
        recorded.iter().position(|input| input.source == *source && input.kind == like.kind)
    };
    let find = |input: &InputSpec| {
        let itself = place(&input.source, input).map(Source::Column);
        // How long a task waits is known from when it came. The reverse is not: no wait is below 0.
        let since = || place(&InputSource::CreatedAt, input).map(Source::Since);
        if input.source == InputSource::Wait { itself.or_else(since) } else { itself }
    };
    let found: Vec<_> = wanted.iter().map(find).collect();
    let missing: Vec<_> = wanted
        .iter()
        .zip(&found)
        .filter(|(_, found)| found.is_none())
        .map(|(input, _)| format!("`{}` as {}", input.source, input.kind.as_str()))
        .collect();
    if missing.is_empty() {
        return Ok(found.into_iter().flatten().collect());
    }
    Err(format!("{} was not recorded", missing.join(", ")))
}

/// The columns of a ranker's inputs.
fn picked(recorded: Columns, sources: &[Source], context: &RankContext) -> Columns {
    let same = (0..recorded.columns.len()).map(Source::Column);
    if same.eq(sources.iter().copied()) {
        return recorded;
    }
    let column = |source: &Source| match *source {
        Source::Column(place) => recorded.columns.get(place).cloned(),
        Source::Since(place) => recorded.columns.get(place).map(|column| since(column, context)),
    };
    Columns { len: recorded.len, columns: sources.iter().filter_map(column).collect() }
}

/// How long it is since the moments of a column, as a queue counts it.
fn since(column: &Column, context: &RankContext) -> Column {
    let ColumnValues::Integers(moments) = &column.values else { return column.clone() };
    let now = context.now.as_millis();
    let waits = moments.iter().map(|moment| now.saturating_sub(*moment).max(0));
    Column { values: ColumnValues::Integers(waits.collect()), absent: column.absent.clone() }
}

#[cfg(test)]
mod tests {
    use hinny_core::{SchedulerId, Timestamp, input::InputType};

    use super::*;

    fn input(source: InputSource, kind: InputType) -> InputSpec {
        InputSpec { name: "x".to_owned(), source, kind }
    }

    fn pointer(place: &str, kind: InputType) -> InputSpec {
        input(InputSource::Pointer(place.to_owned()), kind)
    }

    #[test]
    fn inputs_are_found_by_what_they_are_and_the_missing_ones_named() {
        let recorded = [
            input(InputSource::CreatedAt, InputType::Integer),
            pointer("/level", InputType::Integer),
            pointer("/level", InputType::Text),
        ];
        let wait = input(InputSource::Wait, InputType::Integer);
        let found = matched(&[pointer("/level", InputType::Text), wait.clone()], &recorded);
        assert_eq!(found, Ok(vec![Source::Column(2), Source::Since(0)]));
        let missing = matched(
            &[pointer("/level", InputType::Float), pointer("/team", InputType::Text)],
            &recorded,
        );
        assert_eq!(missing, Err("`/level` as float, `/team` as text was not recorded".to_owned()));
        assert_eq!(
            matched(&[wait], &recorded[1..]),
            Err("`wait` as integer was not recorded".to_owned())
        );
    }

    #[test]
    fn a_wait_counts_from_when_the_task_came_to_when_it_was_ranked() {
        let moments = ColumnValues::Integers(vec![1_000, 9_000]);
        let column = Column { values: moments, absent: vec![] };
        let columns = Columns { len: 2, columns: vec![column.clone()] };
        let scheduler = SchedulerId::new("jobs").unwrap();
        let context = RankContext { now: Timestamp::from_millis(5_000), scheduler, seed: 1 };
        let both = picked(columns, &[Source::Since(0), Source::Column(0)], &context);
        assert_eq!(both.columns[0].values, ColumnValues::Integers(vec![4_000, 0]));
        assert_eq!(both.columns[1], column);
    }
}
