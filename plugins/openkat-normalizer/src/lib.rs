//! Which normalizers of OpenKAT run on which raw files. See `README.md`.

use hinny_plugin::scheduler::*;
use openkat::{
    priority,
    task::{NormalizerTask, settle},
};

use crate::settings::Normalizers;

mod raw_file;
mod settings;

impl Scheduler for Normalizers {
    fn configure(settings: &Settings) -> Result<Self, String> {
        Self::read(settings)
    }

    fn describe(&self) -> Description {
        Description::new("normalizer")
            .schema(include_str!("schema.json"))
            .messages(self.source.as_str())
    }

    fn admit(&self, draft: Draft, _now: i64) -> Result<Admitted, Rejection> {
        let priority = priority::of_draft(&draft)?;
        let task: NormalizerTask = draft.json()?;
        let hash = task.hash();
        let (id, data) = settle(&draft, task)?;
        Ok(Admitted { id, hash, data, priority: Some(priority) })
    }

    fn message(&self, message: Message, now: i64) -> Result<Vec<Command>, Failure> {
        self.raw_file(&message, now)
    }
}

hinny_plugin::export_scheduler!(Normalizers);

#[cfg(any(test, fuzzing))]
pub mod fuzzing;
#[cfg(test)]
mod tests;
