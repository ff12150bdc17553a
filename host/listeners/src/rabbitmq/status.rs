//! How the consumption of a queue goes: for health, metrics and the log.

use std::sync::{Mutex, PoisonError};

use hinny_amqp::Address;
use hinny_core::{event::EventOutcome, health::PartHealth};
use tracing::{info, warn};

use super::{RabbitQueue, link::LinkError};

/// How the consumption of a queue goes. Changes are written to the log, each once.
#[derive(Debug)]
pub(super) struct Status {
    queue: String,
    source: String,
    address: String,
    now: Mutex<Now>,
}

#[derive(Debug, Default)]
struct Now {
    /// Why no messages come; at first since nobody has looked.
    silent: Option<String>,
    /// Why messages are held without being acknowledged.
    held: Option<String>,
    /// Whether it worked before.
    worked: bool,
}

/// Says what the metrics count.
pub(super) fn describe_metrics() {
    metrics::describe_counter!(
        "hinny_rabbitmq_messages_total",
        "Messages acknowledged to RabbitMQ, by queue and outcome"
    );
    metrics::describe_counter!(
        "hinny_rabbitmq_lost_total",
        "Connections to RabbitMQ that were lost or could not be made, by queue"
    );
    metrics::describe_gauge!(
        "hinny_rabbitmq_unacknowledged",
        "Messages of RabbitMQ that are being handled or held, by queue"
    );
}

impl Status {
    pub(super) fn new(queue: &RabbitQueue, address: &Address) -> Self {
        let silent = Some(format!("not connected to {address} yet"));
        Self {
            queue: queue.queue.clone(),
            source: queue.source.clone(),
            address: address.to_string(),
            now: Mutex::new(Now { silent, ..Now::default() }),
        }
    }

    pub(super) fn health(&self) -> PartHealth {
        let now = self.now();
        let trouble = now.silent.as_ref().or(now.held.as_ref()).cloned();
        PartHealth { part: format!("rabbitmq:{}", self.queue), trouble }
    }

    /// Messages come.
    pub(super) fn consumes(&self) {
        let mut now = self.now();
        if now.silent.take().is_some() {
            let again = if std::mem::replace(&mut now.worked, true) { " again" } else { "" };
            info!(
                rabbitmq.queue = self.queue,
                "takes messages of `{}` from {}{again}, for `{}`",
                self.queue,
                self.address,
                self.source
            );
        }
    }

    /// The connection was lost, or could not be made.
    pub(super) fn lost(&self, error: &LinkError) {
        metrics::counter!("hinny_rabbitmq_lost_total", "queue" => self.queue.clone()).increment(1);
        self.silent(error.to_string());
    }

    /// Nobody wants the messages.
    pub(super) fn unwanted(&self) {
        self.silent(format!(
            "no scheduler wants messages of `{}`, so those of queue `{}` stay where they are; hint: activate a plugin that does",
            self.source, self.queue
        ));
    }

    fn silent(&self, why: String) {
        let mut now = self.now();
        now.held = None;
        if now.silent.as_ref() != Some(&why) {
            warn!(rabbitmq.queue = self.queue, "{why}");
            now.silent = Some(why);
        }
    }

    /// A message cannot be handled now.
    pub(super) fn held(&self, why: &str) {
        let mut now = self.now();
        if now.held.is_none() {
            let why = format!("messages of queue `{}` are held: {why}", self.queue);
            warn!(rabbitmq.queue = self.queue, "{why}");
            now.held = Some(why);
        }
    }

    /// A message was handled or kept.
    pub(super) fn taken<'a>(&self, outcomes: impl Iterator<Item = &'a EventOutcome>) {
        for outcome in outcomes {
            metrics::counter!(
                "hinny_rabbitmq_messages_total",
                "queue" => self.queue.clone(), "outcome" => label(outcome),
            )
            .increment(1);
        }
        let mut now = self.now();
        if now.held.take().is_some() {
            info!(
                rabbitmq.queue = self.queue,
                "messages of queue `{}` are handled again", self.queue
            );
        }
    }

    /// How many messages are not acknowledged.
    pub(super) fn unacknowledged(&self, count: usize) {
        metrics::gauge!("hinny_rabbitmq_unacknowledged", "queue" => self.queue.clone())
            .set(count as f64);
    }

    fn now(&self) -> std::sync::MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The outcome, for metrics. Never change one.
fn label(outcome: &EventOutcome) -> &'static str {
    match outcome {
        EventOutcome::Handled { .. } => "handled",
        EventOutcome::Repeated => "repeated",
        EventOutcome::Unwanted => "unwanted",
        EventOutcome::Waiting { .. } => "waiting",
        EventOutcome::Quarantined { .. } => "quarantined",
    }
}
