//! A connection to RabbitMQ.

use std::{fmt, str::FromStr, time::Duration};

use lapin::{
    Channel, ChannelState, Connection, ConnectionProperties, Consumer, ErrorKind,
    options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueDeclareOptions},
    types::{FieldTable, ShortString},
    uri::AMQPUri,
};
use tokio::time::Instant;

/// Longest time that opening, asking and closing take. Brokers that are starting up take
/// connections long before they answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Between two looks whether a connection still works.
const GLANCE: Duration = Duration::from_millis(250);

/// How long a line may be silent before the broker is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(15);

/// Longest time that saying good-bye takes.
const GOOD_BYE: Duration = Duration::from_secs(3);

/// Where a broker is: `amqp://user:password@host:port/vhost`. Shown without the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Box<AMQPUri>);

/// Text that is not the address of a broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not the address of a broker: {0}")]
pub struct InvalidAddress(String);

impl FromStr for Address {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let mut uri: AMQPUri = text.parse().map_err(InvalidAddress)?;
        // As most clients have it: `amqp://host/` is the virtual host that every broker has.
        if uri.vhost.is_empty() {
            "/".clone_into(&mut uri.vhost);
        }
        Ok(Self(Box::new(uri)))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AMQPUri { authority, vhost, .. } = &*self.0;
        write!(f, "RabbitMQ at `{}:{}`, virtual host `{vhost}`", authority.host, authority.port)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

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
    connection: Connection,
    channel: Channel,
    queue: String,
    prefetch: u16,
}

/// Connects, and makes sure that the queue is there.
pub(super) async fn open(address: &Address, queue: &str, prefetch: u16) -> Result<Link, LinkError> {
    let opening = tokio::time::timeout(ANSWER, try_open(address, queue, prefetch)).await;
    opening.unwrap_or_else(|_| Err(LinkError::Mute(address.clone())))
}

async fn try_open(address: &Address, queue: &str, prefetch: u16) -> Result<Link, LinkError> {
    let unreachable = |error| LinkError::Unreachable(address.clone(), error);
    let name = format!("hinny {queue}");
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let connection = Connection::connect_uri(AMQPUri::clone(&address.0), properties)
        .await
        .map_err(unreachable)?;
    let channel = connection.create_channel().await.map_err(unreachable)?;
    let link = Link { connection, channel, queue: queue.to_owned(), prefetch };
    let declared = link
        .channel
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
        let consuming = self.channel.basic_consume(name, tag, options, FieldTable::default());
        answered(&self.channel, consuming).await.map_err(|why| self.refused(why))
    }

    /// Returns once the broker has seen everything that was sent before on the channel: it works
    /// through a channel in order, and answers this.
    pub(super) async fn fence(&self) -> Result<(), LinkError> {
        fence(self.channel.clone(), self.prefetch).await.map_err(|why| self.lost(why))
    }

    /// As [`Link::fence`], without borrowing.
    pub(super) fn fencing(&self) -> impl Future<Output = Result<(), lapin::Error>> + use<> {
        fence(self.channel.clone(), self.prefetch)
    }

    /// Acknowledges a message.
    pub(super) async fn acknowledge(&self, tag: u64) -> Result<(), lapin::Error> {
        let options = BasicAckOptions::default();
        answered(&self.channel, self.channel.basic_ack(tag, options)).await
    }

    /// Returns once it does not work any more. A line that is silent for long is asked: a connection
    /// that is lost in an unlucky moment looks like one on which nothing happens.
    pub(super) async fn down(&self) {
        loop {
            let asked_at = Instant::now() + SILENCE;
            while Instant::now() < asked_at {
                if !self.is_up() {
                    return;
                }
                tokio::time::sleep(GLANCE).await;
            }
            if self.fence().await.is_err() {
                return;
            }
        }
    }

    /// Whether it works, as far as one can tell without asking.
    pub(super) fn is_up(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
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
        if self.is_up() {
            let closing = self.connection.close(200, ShortString::default());
            // Whatever comes of it, the connection is not used again.
            let _ = tokio::time::timeout(GOOD_BYE, closing).await;
        }
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

async fn fence(channel: Channel, prefetch: u16) -> Result<(), lapin::Error> {
    answered(&channel, channel.basic_qos(prefetch, BasicQosOptions::default())).await
}

/// Waits for an answer, as long as the channel works. What is asked in the moment in which a
/// connection is lost may never be answered, not even with an error.
async fn answered<T>(
    channel: &Channel,
    asked: impl Future<Output = Result<T, lapin::Error>>,
) -> Result<T, lapin::Error> {
    let silent = async {
        while channel.status().connected() {
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::select! {
        biased;
        answer = asked => answer,
        () = silent => Err(closed()),
        () = tokio::time::sleep(ANSWER) => Err(closed()),
    }
}

fn closed() -> lapin::Error {
    ErrorKind::InvalidChannelState(ChannelState::Closed, "the line is silent").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        let address: Address = "amqp://me:secret@broker:5673/kat".parse().unwrap();
        assert_eq!(format!("{address:?}"), "RabbitMQ at `broker:5673`, virtual host `kat`");
    }

    #[test]
    fn without_a_virtual_host_the_usual_one_is_meant() {
        for text in ["amqp://broker", "amqp://broker/", "amqp://broker/%2f"] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), "RabbitMQ at `broker:5672`, virtual host `/`");
        }
        assert!("http://broker".parse::<Address>().is_err());
    }
}
