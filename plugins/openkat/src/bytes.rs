//! Bytes: what boefjes brought home, and when they ran.

use hinny_plugin::{connector::Request, scheduler::Failure};
use serde::Deserialize;

use crate::{
    ask::{self, Answer},
    moment::Moment,
};

/// A run of a boefje.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Run {
    /// When it began.
    pub started_at: Option<Moment>,
    /// When it ended.
    pub ended_at: Option<Moment>,
}

/// Bytes, under the name of its connector.
#[derive(Debug, Clone)]
pub struct Bytes(pub String);

impl Bytes {
    /// The last run of a boefje on an object; see [`last_run`].
    pub fn last_run(&self, boefje: &str, object: &str, organisation: &str) -> Request {
        ask::get(&self.0, &["bytes", "boefje_meta"])
            .query("boefje_id", boefje)
            .query("input_ooi", object)
            .query("organization", organisation)
            .query("limit", "1")
            .query("descending", "true")
    }
}

/// The last run, if there is one.
pub fn last_run(answer: Answer) -> Result<Option<Run>, Failure> {
    let runs: Vec<Run> = ask::read(answer)?.unwrap_or_default();
    Ok(runs.into_iter().next())
}
