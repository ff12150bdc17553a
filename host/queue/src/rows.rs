//! The inputs of queued tasks, for a ranker that reads other ones than the ranker in use.

use std::{collections::HashMap, sync::Arc};

use hinny_core::{
    Organisation, TaskId, Timestamp,
    input::{InputRow, InputSpec},
    order::Chunk,
    store::StoredFacts,
};

use crate::{
    prepare::{Preparer, Subject, excerpt},
    shard::Shard,
};

/// One row per task; none for a task that is not there any more, and for all in a stop.
pub(crate) type Rows = Vec<Option<InputRow>>;

impl Preparer {
    /// The inputs of the tasks of a chunk, in its order.
    pub(crate) async fn rows_of(
        &self,
        shard: &Shard,
        specs: &Arc<[InputSpec]>,
        chunk: &Chunk,
    ) -> Rows {
        if !specs.iter().all(InputSpec::is_at_hand) {
            return self.rows_of_facts(shard, specs, &chunk.ids).await;
        }
        let organisations = chunk.organisations().map(Option::<&_>::cloned);
        let tasks = chunk.ids.iter().copied().zip(chunk.created_at()).zip(organisations);
        let known =
            tasks.map(|((id, created_at), whose)| Known { id, created_at, whose }).collect();
        if specs.iter().all(|spec| spec.place().is_none()) {
            return rows_at_hand(specs, known, vec![Some(String::new()); chunk.len()]);
        }
        let data = self.until_read(|| self.store.data_by_id(&chunk.ids)).await;
        let specs = Arc::clone(specs);
        busy(move || rows_at_hand(&specs, known, data)).await
    }

    /// For what only the database knows, such as the last run.
    async fn rows_of_facts(&self, shard: &Shard, specs: &Arc<[InputSpec]>, ids: &[TaskId]) -> Rows {
        let stored = self.facts_until_there(ids).await;
        let subjects: Vec<_> = stored.iter().map(Subject::from).collect();
        let last_runs = self.last_runs(shard, specs, &subjects).await;
        drop(subjects);
        let (specs, ids) = (Arc::clone(specs), ids.to_vec());
        busy(move || {
            let excerpt = excerpt(&specs, []);
            let row = |(facts, last_run): (&StoredFacts, _)| {
                let document = excerpt.read(&facts.data);
                (facts.id, Subject::from(facts).row(&specs, &document, last_run))
            };
            let mut rows: HashMap<_, _> = stored.iter().zip(last_runs).map(row).collect();
            ids.iter().map(|id| rows.remove(id)).collect()
        })
        .await
    }
}

/// What the queue knows of a task.
struct Known {
    id: TaskId,
    created_at: Timestamp,
    whose: Option<Organisation>,
}

/// Rows of what is known of each task, and its data.
fn rows_at_hand(specs: &[InputSpec], known: Vec<Known>, data: Vec<Option<String>>) -> Rows {
    let excerpt = excerpt(specs, []);
    let row = |(Known { id, created_at, whose }, data): (_, Option<String>)| {
        let (whose, document) = (whose?, excerpt.read(&data?));
        let value = |spec: &InputSpec| spec.extract_at_hand(id, created_at, &whose, &document);
        Some(specs.iter().map(value).collect())
    };
    known.into_iter().zip(data).map(row).collect()
}

/// Thousands of documents take longer to read than a request should wait. Reading them does not
/// panic; without its row, a task would be ranked as one without any input.
async fn busy(work: impl FnOnce() -> Rows + Send + 'static) -> Rows {
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}
