//! A connection to RabbitMQ.

use std::time::Duration;

use hinny_amqp::{Address, Line, closed};
use lapin::{
    Consumer, ErrorKind,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions},
    types::{FieldTable, ShortString},
};
use tokio::time::timeout;

/// Longest time that opening and asking take.
const ANSWER: Duration = Duration::from_secs(10);

/// How long a line may be silent before the broker is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(15);

/// Why a connection is not there. Whatever it is, it is tried again.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("{0} cannot be reached: {1}; hint: is it running, and are name and password right?")]
    Unreachable(Address, lapin::Error),
    #[error("{0} does not answer within {seconds} s", seconds = ANSWER.as_secs())]
    Mute(Address),
    #[error(
        "queue `{queue}` cannot be used: {why}; hint: there is a queue of that name with other properties, and this one is to be durable: remove it, or choose another name"
    )]
    Other { queue: String, why: lapin::Error },
    #[error("queue `{queue}` cannot be used: {why}")]
    Queue { queue: String, why: lapin::Error },
    #[error("the broker ended the consumption of queue `{0}`, since it was removed or moved")]
    Removed(String),
    #[error("the connection for queue `{queue}` was lost: {why}")]
    Lost { queue: String, why: lapin::Error },
}

/// A connection with a channel, for one queue.
pub(super) struct Link {
    line: Line,
    queue: String,
    prefetch: u16,
}

/// Connects, and makes sure that the queue is there.
pub(super) async fn open(address: &Address, queue: &str, prefetch: u16) -> Result<Link, LinkError> {
    let opening = timeout(ANSWER, try_open(address, queue, prefetch)).await;
    opening.unwrap_or_else(|_| Err(LinkError::Mute(address.clone())))
}

async fn try_open(address: &Address, queue: &str, prefetch: u16) -> Result<Link, LinkError> {
    let unreachable = |error| LinkError::Unreachable(address.clone(), error);
    let line = Line::open(address, format!("hinny {queue}")).await.map_err(unreachable)?;
    let link = Link { line, queue: queue.to_owned(), prefetch };
    let declared = link
        .line
        .channel()
        .queue_declare(link.name()?, QueueDeclareOptions::durable(), FieldTable::default())
        .await;
    declared.map_err(|why| link.refused(why))?;
    link.fence().await?;
    Ok(link)
}

impl Link {
    /// Begins to take messages.
    pub(super) async fn consume(&self) -> Result<Consumer, LinkError> {
        let options = BasicConsumeOptions::default();
        let (name, tag) = (self.name()?, ShortString::default());
        let consuming =
            self.line.channel().basic_consume(name, tag, options, FieldTable::default());
        self.line.answered(ANSWER, consuming).await.map_err(|why| self.refused(why))
    }

    /// Returns once the broker has seen everything that was sent before on the channel: it works
    /// through a channel in order, and answers this.
    pub(super) async fn fence(&self) -> Result<(), LinkError> {
        self.fencing().await.map_err(|why| self.lost(why))
    }

    /// As [`Link::fence`], without borrowing.
    pub(super) fn fencing(&self) -> impl Future<Output = Result<(), lapin::Error>> + use<> {
        let (channel, prefetch) = (self.line.channel().clone(), self.prefetch);
        let asked = async move { channel.basic_qos(prefetch, BasicQosOptions::default()).await };
        self.line.answered(ANSWER, asked)
    }

    /// Acknowledges a message.
    pub(super) async fn acknowledge(&self, tag: u64) -> Result<(), lapin::Error> {
        let acknowledging = self.line.channel().basic_ack(tag, BasicAckOptions::default());
        self.line.answered(ANSWER, acknowledging).await
    }

    /// Returns once it does not work any more. A line that is silent for long is asked: a connection
    /// that is lost in an unlucky moment looks like one on which nothing happens.
    pub(super) async fn down(&self) {
        while timeout(SILENCE, self.line.down()).await.is_err() {
            if self.fence().await.is_err() {
                return;
            }
        }
    }

    /// Whether it works, as far as one can tell without asking.
    pub(super) fn is_up(&self) -> bool {
        self.line.is_up()
    }

    /// Why it does not work any more.
    pub(super) fn lost(&self, why: lapin::Error) -> LinkError {
        LinkError::Lost { queue: self.queue.clone(), why }
    }

    /// It does not work any more, and nobody said why.
    pub(super) fn silent(&self) -> LinkError {
        self.lost(closed())
    }

    /// The broker does not send messages any more.
    pub(super) fn removed(&self) -> LinkError {
        LinkError::Removed(self.queue.clone())
    }

    /// Says good-bye, if the broker listens.
    pub(super) async fn close(self) {
        self.line.close().await;
    }

    fn refused(&self, why: lapin::Error) -> LinkError {
        let queue = self.queue.clone();
        match why.kind() {
            ErrorKind::ProtocolError(error) if error.get_id() == PRECONDITION_FAILED => {
                LinkError::Other { queue, why }
            }
            ErrorKind::ProtocolError(_) => LinkError::Queue { queue, why },
            _ => LinkError::Lost { queue, why },
        }
    }

    fn name(&self) -> Result<ShortString, LinkError> {
        ShortString::try_new(self.queue.as_str()).map_err(|_| self.removed())
    }
}

/// What a broker answers when there is a queue of that name with other properties.
const PRECONDITION_FAILED: u16 = 406;
