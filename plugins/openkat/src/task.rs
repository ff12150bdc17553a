//! The data of tasks, as OpenKAT's clients read it.

pub use self::{
    boefje::{BoefjeRef, BoefjeTask},
    draft::{Identified, settle},
    normalizer::{BoefjeMeta, NormalizerRef, NormalizerTask, RawData},
    report::ReportTask,
};

mod boefje;
mod draft;
mod normalizer;
mod report;

use serde::{Deserialize, Deserializer, Serialize};

/// A task's data as a JSON document.
pub(crate) fn render(data: &impl Serialize) -> String {
    serde_json::to_string(data).expect("it has no map whose keys are not text")
}

/// A value that may be null or missing, and then is its default.
pub(crate) fn or_default<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: Deserialize<'de> + Default,
    D: Deserializer<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A value that may be null but not missing.
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer)
}
