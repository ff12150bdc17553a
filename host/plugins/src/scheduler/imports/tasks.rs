//! Questions of a plugin about the tasks of its own scheduler.

use hinny_core::{
    TaskHash,
    filter::{Filter, FilterRequest},
    store::StoreError,
    task::{self, TaskQuery, Window},
};

use super::{Guest, Services};
use crate::{
    bindings::scheduler::hinny::plugin::tasks::{Host, QueryError, Task},
    text,
};

/// Most hashes, and most tasks, of one question; part of the contract in `wit/tasks.wit`.
const TASKS: usize = 1_000;

/// Longest text of an error, in bytes.
const ERROR_BYTES: usize = 500;

impl Guest {
    fn services(&self) -> Result<&Services, QueryError> {
        self.services
            .as_ref()
            .ok_or_else(|| QueryError::Unavailable("the plugin is being verified".to_owned()))
    }
}

impl Host for Guest {
    async fn newest_of(&mut self, hashes: Vec<String>) -> Result<Vec<Option<Task>>, QueryError> {
        let services = self.services()?;
        if hashes.len() > TASKS {
            let why = format!("{} hashes, at most {TASKS} are allowed", hashes.len());
            return Err(QueryError::BadFilter(why));
        }
        // What is not a hash is the hash of no task.
        let read: Vec<Option<TaskHash>> =
            hashes.into_iter().map(|hash| TaskHash::new(hash).ok()).collect();
        let wanted: Vec<TaskHash> = read.iter().flatten().cloned().collect();
        let found = services.store.newest_by_hashes(&services.slot.scheduler, &wanted).await;
        let mut found = found.map_err(|error| query_error(&error))?.into_iter();
        let answer = read.iter().map(|hash| hash.as_ref().and_then(|_| found.next().flatten()));
        Ok(answer.map(|newest| newest.as_ref().map(task)).collect())
    }

    async fn find(&mut self, filter: String, limit: u32) -> Result<Vec<Task>, QueryError> {
        let services = self.services()?;
        let query = TaskQuery {
            scheduler: Some(services.slot.scheduler.clone()),
            filter: parse(&filter)?,
            ..TaskQuery::default()
        };
        // The number of matches is not asked for, so it is not counted.
        let limit = u64::from(limit).min(TASKS as u64);
        let window = Window { offset: 0, limit, count_max: Some(0) };
        let page = services.store.list_tasks(&query, window).await;
        Ok(page.map_err(|error| query_error(&error))?.items.iter().map(task).collect())
    }
}

fn parse(filter: &str) -> Result<Filter, QueryError> {
    let bad = |why: String| QueryError::BadFilter(text::shown(&why, ERROR_BYTES));
    let request: FilterRequest =
        serde_json::from_str(filter).map_err(|error| bad(error.to_string()))?;
    Filter::try_from(request).map_err(|error| bad(error.to_string()))
}

fn query_error(error: &StoreError) -> QueryError {
    let why = text::shown(&error.to_string(), ERROR_BYTES);
    match error {
        StoreError::Filter(_) => QueryError::BadFilter(why),
        _ => QueryError::Unavailable(why),
    }
}

fn task(task: &task::Task) -> Task {
    Task {
        id: task.id.to_string(),
        organisation: task.organisation.to_string(),
        hash: task.hash.to_string(),
        data: task.data.get().to_owned(),
        status: task.status.as_str().to_owned(),
        priority: task.priority.0,
        attempts: task.attempt,
        created_at: task.created_at.as_millis(),
        modified_at: task.modified_at.as_millis(),
        finished_at: task.finished_at.map(hinny_core::Timestamp::as_millis),
    }
}
