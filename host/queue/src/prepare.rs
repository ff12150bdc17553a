//! From a task's facts to its place in the order: classes, inputs, rank.

use std::{sync::Arc, time::Duration};

use hinny_core::{
    Clock, Priority, TaskId, Timestamp,
    input::{Columns, Excerpt, InputRow, InputSpec, InputTable, LastRun, TaskFacts},
    order::{Arrival, class_key, group_name},
    ranker::{RankContext, Ranker, host_priority},
    store::{Store, StoreError, StoredFacts},
    task::{NewTask, RankedBy, Task},
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{commit::PreparedArrival, shard::Shard};

/// Wait between two tries to read what must be read.
const READ_AGAIN: Duration = Duration::from_millis(200);

/// Extracts and ranks.
#[derive(Clone)]
pub(crate) struct Preparer {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Ends what would wait for ever.
    pub(crate) stop: CancellationToken,
}

/// What is read of a task, whichever form it has.
pub(crate) struct Subject<'a> {
    pub(crate) id: TaskId,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) facts: TaskFacts<'a>,
    pub(crate) hash: &'a hinny_core::TaskHash,
    pub(crate) data: &'a str,
}

impl<'a> From<&'a NewTask> for Subject<'a> {
    fn from(task: &'a NewTask) -> Self {
        Self {
            id: task.id,
            not_before: task.not_before,
            facts: TaskFacts {
                id: task.id,
                created_at: task.created_at,
                base_priority: task.base_priority,
                attempts: 0,
                organisation: &task.organisation,
                kind: &task.kind,
                last_run: None,
            },
            hash: &task.hash,
            data: task.data.get(),
        }
    }
}

impl<'a> From<&'a Task> for Subject<'a> {
    fn from(task: &'a Task) -> Self {
        Self {
            id: task.id,
            not_before: task.not_before,
            facts: TaskFacts {
                id: task.id,
                created_at: task.created_at,
                base_priority: task.base_priority,
                attempts: task.attempt,
                organisation: &task.organisation,
                kind: &task.kind,
                last_run: None,
            },
            hash: &task.hash,
            data: task.data.get(),
        }
    }
}

impl<'a> From<&'a StoredFacts> for Subject<'a> {
    fn from(task: &'a StoredFacts) -> Self {
        Self {
            id: task.id,
            // Only its inputs are asked for: it is in the order already.
            not_before: None,
            facts: TaskFacts {
                id: task.id,
                created_at: task.created_at,
                base_priority: task.base_priority,
                attempts: task.attempt,
                organisation: &task.organisation,
                kind: &task.kind,
                last_run: None,
            },
            hash: &task.hash,
            data: &task.data,
        }
    }
}

impl Subject<'_> {
    pub(crate) fn row(
        &self,
        specs: &[InputSpec],
        data: &Value,
        last_run: Option<LastRun>,
    ) -> InputRow {
        let facts = TaskFacts { last_run, ..self.facts.clone() };
        specs.iter().map(|spec| spec.extract(&facts, data)).collect()
    }
}

impl Preparer {
    /// Ranks new tasks (their `priority` and `ranked_by` are set) and makes their arrivals.
    pub(crate) async fn prepare_new(
        &self,
        shard: &Arc<Shard>,
        tasks: &mut [NewTask],
    ) -> Vec<PreparedArrival> {
        let subjects: Vec<_> = tasks.iter().map(Subject::from).collect();
        let asked = by_host(&subjects);
        let arrivals = self.arrivals(shard, &subjects, asked).await;
        drop(subjects);
        for (task, prepared) in tasks.iter_mut().zip(&arrivals) {
            task.priority = prepared.arrival.priority;
            task.ranked_by = ranked_by(prepared.generation, prepared.arrival.fallback);
        }
        arrivals
    }

    /// Ranks stored tasks and makes their arrivals.
    pub(crate) async fn prepare_stored(
        &self,
        shard: &Arc<Shard>,
        tasks: Vec<Task>,
    ) -> Vec<PreparedArrival> {
        let subjects: Vec<_> = tasks.iter().map(Subject::from).collect();
        let last_good = tasks.iter().map(|task| task.priority).collect();
        self.arrivals(shard, &subjects, last_good).await
    }

    /// Ranks tasks; `otherwise` are their priorities if the ranker fails.
    async fn arrivals(
        &self,
        shard: &Arc<Shard>,
        subjects: &[Subject<'_>],
        otherwise: Vec<Priority>,
    ) -> Vec<PreparedArrival> {
        if subjects.is_empty() {
            return Vec::new();
        }
        let ranker = shard.ranker();
        let generation = ranker.as_ref().map_or(0, |ranker| ranker.generation());
        let specs = specs_of(ranker.as_deref());
        let documents = read(&excerpt(&specs, shard.config.places()), subjects);
        let rows = self.rows(shard, &specs, subjects, &documents).await;
        let (priorities, fallback) = match ranker {
            None => (by_host(subjects), false),
            Some(ranker) => {
                let now = self.clock.now();
                let columns = InputTable::columns_of_rows(&specs, &rows, now);
                match ask(shard, &*ranker, now, columns).await {
                    Some(priorities) => (priorities, false),
                    None => (otherwise, true),
                }
            }
        };
        let of_task = subjects.iter().zip(rows).zip(priorities).zip(&documents);
        of_task
            .map(|(((subject, (created_at, inputs)), priority), data)| PreparedArrival {
                shard: Arc::clone(shard),
                generation,
                arrival: Arrival {
                    id: subject.id,
                    created_at,
                    priority,
                    fallback,
                    not_before: subject.not_before,
                    class: class_key(subject.facts.organisation, &shard.config.classes, data),
                    group: group_name(shard.config.group.as_deref(), data),
                    inputs,
                },
            })
            .collect()
    }

    /// What a ranker reads of one task, now.
    pub(crate) async fn columns_of(
        &self,
        shard: &Shard,
        ranker: &dyn Ranker,
        task: &Task,
        now: Timestamp,
    ) -> Columns {
        let (specs, subjects) = (ranker.inputs(), [Subject::from(task)]);
        let documents = read(&excerpt(specs, []), &subjects);
        let rows = self.rows(shard, specs, &subjects, &documents).await;
        InputTable::columns_of_rows(specs, &rows, now)
    }

    /// The inputs of each task, with the time of its push.
    async fn rows(
        &self,
        shard: &Shard,
        specs: &[InputSpec],
        subjects: &[Subject<'_>],
        documents: &[Value],
    ) -> Vec<(Timestamp, InputRow)> {
        let last_runs = self.last_runs(shard, specs, subjects).await;
        let of_task = subjects.iter().zip(documents).zip(last_runs);
        of_task
            .map(|((subject, data), last_run)| {
                (subject.facts.created_at, subject.row(specs, data, last_run))
            })
            .collect()
    }

    pub(crate) async fn last_runs(
        &self,
        shard: &Shard,
        specs: &[InputSpec],
        subjects: &[Subject<'_>],
    ) -> Vec<Option<LastRun>> {
        let without = || vec![None; subjects.len()];
        if !specs.iter().any(InputSpec::reads_last_run) {
            return without();
        }
        let hashes: Vec<_> = subjects.iter().map(|subject| subject.hash.clone()).collect();
        match self.store.last_runs(shard.id(), &hashes).await {
            Ok(runs) if runs.len() == subjects.len() => runs,
            Ok(_) => without(),
            Err(failure) => {
                warn!(scheduler.id = %shard.id(), %failure, "ranked without the last runs");
                without()
            }
        }
    }

    /// Tasks that were just committed: reads them, however long the database takes. Empty only in
    /// a stop.
    pub(crate) async fn read_until_there(&self, ids: &[TaskId]) -> Vec<Task> {
        self.until_read(|| self.store.tasks_by_id(ids)).await
    }

    /// What rankers may read of stored tasks, in the same way.
    pub(crate) async fn facts_until_there(&self, ids: &[TaskId]) -> Vec<StoredFacts> {
        self.until_read(|| self.store.facts_by_id(ids)).await
    }

    pub(crate) async fn until_read<T, R>(&self, read: impl Fn() -> R) -> Vec<T>
    where
        R: Future<Output = Result<Vec<T>, StoreError>>,
    {
        loop {
            match read().await {
                Ok(tasks) => return tasks,
                Err(failure) => warn!(%failure, "cannot read tasks that wait to be ranked"),
            }
            tokio::select! {
                () = self.stop.cancelled() => return Vec::new(),
                () = tokio::time::sleep(READ_AGAIN) => {}
            }
        }
    }
}

/// What a ranker knows beside the tasks.
pub(crate) fn context(shard: &Shard, now: Timestamp) -> RankContext {
    RankContext { now, scheduler: shard.id().clone(), seed: now.as_micros().unsigned_abs() }
}

/// Asks a ranker. `None` when it failed, which is told here.
pub(crate) async fn ask(
    shard: &Shard,
    ranker: &dyn Ranker,
    now: Timestamp,
    columns: Columns,
) -> Option<Vec<Priority>> {
    let asked = columns.len;
    match ranker.rank(&context(shard, now), columns).await {
        Ok(priorities) if priorities.len() == asked => return Some(priorities),
        Ok(priorities) => {
            warn!(scheduler.id = %shard.id(), got = priorities.len(), asked, "ranker `{}` answered with the wrong number of priorities", ranker.title());
        }
        Err(failure) => {
            warn!(scheduler.id = %shard.id(), %failure, "{asked} tasks have their rank by fallback");
        }
    }
    metrics::counter!("hinny_ranked_by_fallback_total", "scheduler" => shard.id().shared())
        .increment(asked as u64);
    None
}

fn specs_of(ranker: Option<&dyn Ranker>) -> Arc<[InputSpec]> {
    ranker.map_or_else(|| [].into(), |ranker| Arc::clone(ranker.inputs()))
}

/// What has to be read of the data.
pub(crate) fn excerpt<'a>(
    specs: &'a [InputSpec],
    places: impl IntoIterator<Item = &'a str>,
) -> Excerpt {
    Excerpt::of(specs.iter().filter_map(InputSpec::place).chain(places))
}

fn read(excerpt: &Excerpt, subjects: &[Subject<'_>]) -> Vec<Value> {
    subjects.iter().map(|subject| excerpt.read(subject.data)).collect()
}

fn by_host(subjects: &[Subject<'_>]) -> Vec<Priority> {
    subjects
        .iter()
        .map(|subject| host_priority(subject.facts.base_priority, subject.facts.created_at))
        .collect()
}

fn ranked_by(generation: u64, fallback: bool) -> RankedBy {
    match generation {
        0 => RankedBy::Host,
        generation if fallback => RankedBy::Fallback(generation),
        generation => RankedBy::Generation(generation),
    }
}
