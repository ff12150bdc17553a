//! How a dispatcher does: for health, metrics and the log.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hinny_core::health::{Health, PartHealth};
use tracing::{info, warn};

use crate::DispatcherOptions;

/// How a dispatcher does. Changes are written to the log, each once.
#[derive(Debug)]
pub(crate) struct Status {
    part: String,
    scheduler: String,
    queue: String,
    trouble: Mutex<Option<String>>,
}

/// Says what the metrics count.
pub(crate) fn describe_metrics() {
    metrics::describe_counter!(
        "hinny_dispatched_total",
        "Tasks handed to a broker, by scheduler and outcome"
    );
}

impl Status {
    pub(crate) fn new(options: &DispatcherOptions) -> Self {
        Self {
            part: format!("dispatch:{}", options.scheduler),
            scheduler: options.scheduler.to_string(),
            queue: options.queue.clone(),
            trouble: Mutex::new(Some(format!("not connected to {} yet", options.address))),
        }
    }

    /// It is connected.
    pub(crate) fn works(&self) {
        if self.trouble().take().is_some() {
            info!(
                scheduler.id = self.scheduler,
                "hands tasks of `{}` to queue `{}`", self.scheduler, self.queue
            );
        }
    }

    /// It does not work.
    pub(crate) fn fails(&self, why: &impl ToString) {
        let why = why.to_string();
        let mut trouble = self.trouble();
        if trouble.as_ref() != Some(&why) {
            let scheduler = &self.scheduler;
            warn!(scheduler.id = scheduler, "tasks of `{scheduler}` cannot be handed over: {why}");
            *trouble = Some(why);
        }
    }

    /// A task was handed over, or went back.
    pub(crate) fn count(&self, outcome: &'static str) {
        metrics::counter!(
            "hinny_dispatched_total",
            "scheduler" => self.scheduler.clone(), "outcome" => outcome,
        )
        .increment(1);
    }

    fn trouble(&self) -> MutexGuard<'_, Option<String>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Health for Status {
    fn health(&self) -> Vec<PartHealth> {
        vec![PartHealth { part: self.part.clone(), trouble: self.trouble().clone() }]
    }
}
