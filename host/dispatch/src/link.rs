//! A connection to RabbitMQ on which messages are confirmed.

use std::time::Duration;

use hinny_amqp::{Address, Line};
use lapin::{
    Confirmation, PublisherConfirm,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::{FieldTable, ShortString},
};
use tokio::time::Instant;

use crate::celery::CeleryMessage;

/// Longest time that the broker may take to answer: all messages of a round together.
const ANSWER: Duration = Duration::from_secs(20);

/// Why tasks cannot be handed over. Whatever it is, it is tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("{0} cannot be used: {1}; hint: is it running, and are name and password right?")]
    Unreachable(Address, lapin::Error),
    #[error("{0} does not answer within {seconds} s", seconds = ANSWER.as_secs())]
    Mute(Address),
    #[error(
        "queue `{queue}` cannot be used: {why}; hint: if there is one with other properties, remove it: this one is to be durable, as Celery makes it"
    )]
    Queue { queue: String, why: lapin::Error },
    #[error("the broker did not take the message: {0}")]
    NotSent(lapin::Error),
    #[error("the broker did not take the message; hint: look whether queue `{0}` is full")]
    Refused(String),
}

/// A message on its way.
pub(crate) type Sent = Result<PublisherConfirm, lapin::Error>;

/// A connection on which messages are confirmed, for one queue.
pub(crate) struct Link {
    line: Line,
    queue: String,
}

/// Connects, and makes sure that the queue is there.
pub(crate) async fn open(address: &Address, queue: &str) -> Result<Link, LinkError> {
    let opening = tokio::time::timeout(ANSWER, try_open(address, queue)).await;
    opening.unwrap_or_else(|_| Err(LinkError::Mute(address.clone())))
}

async fn try_open(address: &Address, queue: &str) -> Result<Link, LinkError> {
    let unreachable = |error| LinkError::Unreachable(address.clone(), error);
    let line = Line::open(address, format!("hinny to {queue}")).await.map_err(unreachable)?;
    let channel = line.channel();
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(unreachable)?;
    let options = QueueDeclareOptions::durable();
    let declared = channel.queue_declare(short(queue), options, FieldTable::default()).await;
    declared.map_err(|why| LinkError::Queue { queue: queue.to_owned(), why })?;
    Ok(Link { line, queue: queue.to_owned() })
}

impl Link {
    /// Sends a message; [`Link::confirmed`] tells what became of it.
    pub(crate) async fn send(&self, message: &CeleryMessage, by: Instant) -> Sent {
        // `mandatory`: a message that finds no queue comes back instead of vanishing.
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (body, properties) = (message.body.as_bytes(), message.properties.clone());
        let (exchange, queue) = (ShortString::default(), short(&self.queue));
        let sending = self.line.channel().basic_publish(exchange, queue, options, body, properties);
        self.line.answered(left(by), sending).await
    }

    /// Returns when the broker has a message for good.
    pub(crate) async fn confirmed(&self, sent: Sent, by: Instant) -> Result<(), LinkError> {
        let confirming = async { sent?.await };
        match self.line.answered(left(by), confirming).await.map_err(LinkError::NotSent)? {
            Confirmation::Ack(None) => Ok(()),
            _ => Err(LinkError::Refused(self.queue.clone())),
        }
    }

    /// Whether it works, as far as one can tell without asking.
    pub(crate) fn is_up(&self) -> bool {
        self.line.is_up()
    }

    /// Says good-bye, if the broker listens.
    pub(crate) async fn close(self) {
        self.line.close().await;
    }
}

/// When messages that are sent now are taken for lost if they are not confirmed.
pub(crate) fn confirmed_by() -> Instant {
    Instant::now() + ANSWER
}

fn left(by: Instant) -> Duration {
    by.saturating_duration_since(Instant::now())
}

/// A name of at most 255 bytes, which the configuration made sure of.
fn short(name: &str) -> ShortString {
    ShortString::try_new(name).unwrap_or_default()
}
