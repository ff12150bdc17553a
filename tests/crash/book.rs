//! What the host acknowledged, and whether what it has now fits that.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value, json};

use crate::{api::Api, home::SCHEDULER};

/// What is known of a task from answers. What was sent and not answered may or may not have
/// happened, so it is not noted.
#[derive(Debug, Default, Clone)]
struct Known {
    queued: bool,
    attempts: BTreeSet<u64>,
    /// Its end, once one was acknowledged.
    ended: Option<&'static str>,
}

/// Everything that was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    tasks: BTreeMap<String, Known>,
    /// Tasks that something was heard of since the last look.
    fresh: BTreeSet<String>,
    generation: u64,
    /// What no host may do, dead or alive.
    wrong: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Book(Mutex<Entries>);

impl Book {
    pub(crate) fn open(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn note(&mut self, id: &str) -> &mut Known {
        self.fresh.insert(id.to_owned());
        self.tasks.entry(id.to_owned()).or_default()
    }

    pub(crate) fn pushed(&mut self, id: &str) {
        self.note(id).queued = true;
    }

    pub(crate) fn handed_out(&mut self, id: &str, attempt: u64) {
        if !self.note(id).attempts.insert(attempt) {
            self.wrong.push(format!("attempt {attempt} of {id} was handed out twice"));
        }
    }

    pub(crate) fn ended(&mut self, id: &str, status: &'static str) {
        self.note(id).ended = Some(status);
    }

    pub(crate) fn activated(&mut self, generation: u64) {
        self.generation = self.generation.max(generation);
    }

    pub(crate) fn unexpected(&mut self, what: String) {
        self.wrong.push(what);
    }

    pub(crate) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Compares with what a host says that has just started: everything that is wrong.
    pub(crate) fn compare(&mut self, api: &Api) -> Vec<String> {
        let mut wrong = std::mem::take(&mut self.wrong);
        let fresh: Vec<_> = std::mem::take(&mut self.fresh).into_iter().collect();
        for ids in fresh.chunks(100) {
            let found = stored(api, ids);
            let known = ids.iter().filter_map(|id| Some((id, self.tasks.get(id)?)));
            wrong.extend(known.filter_map(|(id, known)| known.misfit(id, found.get(id))));
        }
        wrong.extend(miscount(api));
        let slot = api.get(&format!("/slots/{SCHEDULER}/ranker"));
        let active = slot["active"]["generation"].as_u64().unwrap_or_default();
        if active < self.generation {
            wrong.push(format!("generation {} was active, now it is {active}", self.generation));
        }
        wrong
    }
}

impl Known {
    fn misfit(&self, id: &str, stored: Option<&Value>) -> Option<String> {
        let Some(task) = stored else { return Some(format!("{id} is gone: {self:?}")) };
        let status = task["status"].as_str().unwrap_or_default();
        let attempt = task["attempt"].as_u64().unwrap_or_default();
        let handed_out = self.attempts.last().copied().unwrap_or_default();
        let fits = attempt >= handed_out
            && self.ended.is_none_or(|ended| ended == status)
            && (status != "queued" || handed_out == 0);
        (!fits).then(|| format!("{id} is {status} in attempt {attempt}: {self:?}"))
    }
}

/// Tasks by id, as the database has them.
fn stored(api: &Api, ids: &[String]) -> BTreeMap<String, Value> {
    let filter = json!({"filters": [{"column": "id", "operator": "in", "value": ids}]});
    let (status, page) = api.post("/tasks?limit=100", &filter).expect("the host is up");
    assert_eq!(status, 200, "{page}");
    let tasks = page["results"].as_array().expect("a list of tasks").iter();
    tasks.map(|task| (task["id"].as_str().unwrap().to_owned(), task.clone())).collect()
}

/// The length of the queue in memory, against the rows, and against the counters of the database.
fn miscount(api: &Api) -> Option<String> {
    let queued = format!("/tasks?scheduler_id={SCHEDULER}&status=queued&limit=0");
    let counters = api.get(&queued)["count"].as_u64();
    // A filter on the data cannot be answered from the counters.
    let filter = json!({"filters": [{"column": "data", "field": "n", "operator": "is_not_null", "value": null}]});
    let (status, rows) = api.post(&queued, &filter).expect("the host is up");
    assert_eq!(status, 200, "{rows}");
    let memory = api.get(&format!("/schedulers/{SCHEDULER}"))["qsize"].as_u64();
    let same = counters == memory && rows["count"].as_u64() == memory;
    (!same).then(|| format!("{memory:?} in memory, {counters:?} by counters, {rows} by rows"))
}
