//! A connection to RabbitMQ on which messages are confirmed.

use std::{fmt, str::FromStr, time::Duration};

use lapin::{
    Channel, Confirmation, Connection, ConnectionProperties, PublisherConfirm,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions},
    types::{FieldTable, ShortString},
    uri::AMQPUri,
};

use crate::celery::CeleryMessage;

/// Longest time that the broker may take to answer.
const ANSWER: Duration = Duration::from_secs(20);

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
    connection: Connection,
    channel: Channel,
    address: Address,
    queue: String,
}

/// Connects, and makes sure that the queue is there.
pub(crate) async fn open(address: &Address, queue: &str) -> Result<Link, LinkError> {
    let opening = tokio::time::timeout(ANSWER, try_open(address, queue)).await;
    opening.unwrap_or_else(|_| Err(LinkError::Mute(address.clone())))
}

async fn try_open(address: &Address, queue: &str) -> Result<Link, LinkError> {
    let unreachable = |error| LinkError::Unreachable(address.clone(), error);
    let properties =
        ConnectionProperties::default().with_connection_name(format!("hinny to {queue}").into());
    let connection = Connection::connect_uri(AMQPUri::clone(&address.0), properties)
        .await
        .map_err(unreachable)?;
    let channel = connection.create_channel().await.map_err(unreachable)?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.map_err(unreachable)?;
    let options = QueueDeclareOptions::durable();
    let declared = channel.queue_declare(short(queue), options, FieldTable::default()).await;
    declared.map_err(|why| LinkError::Queue { queue: queue.to_owned(), why })?;
    Ok(Link { connection, channel, address: address.clone(), queue: queue.to_owned() })
}

impl Link {
    /// Sends a message; [`Link::confirmed`] tells what became of it.
    pub(crate) async fn send(&self, message: &CeleryMessage) -> Sent {
        // `mandatory`: a message that finds no queue comes back instead of vanishing.
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let (body, properties) = (message.body.as_bytes(), message.properties.clone());
        let (exchange, queue) = (ShortString::default(), short(&self.queue));
        let sending = self.channel.basic_publish(exchange, queue, options, body, properties);
        tokio::time::timeout(ANSWER, sending)
            .await
            .unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
    }

    /// Returns when the broker has a message for good.
    pub(crate) async fn confirmed(&self, sent: Sent) -> Result<(), LinkError> {
        let confirmed = tokio::time::timeout(ANSWER, sent.map_err(LinkError::NotSent)?).await;
        let mute = |_| LinkError::Mute(self.address.clone());
        match confirmed.map_err(mute)?.map_err(LinkError::NotSent)? {
            Confirmation::Ack(None) => Ok(()),
            _ => Err(LinkError::Refused(self.queue.clone())),
        }
    }

    /// Whether it works, as far as one can tell without asking.
    pub(crate) fn is_up(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// Says good-bye, if the broker listens.
    pub(crate) async fn close(self) {
        if self.is_up() {
            let closing = self.connection.close(200, ShortString::default());
            // Whatever comes of it, the connection is not used again.
            let _ = tokio::time::timeout(GOOD_BYE, closing).await;
        }
    }
}

/// A name of at most 255 bytes, which the configuration made sure of.
fn short(name: &str) -> ShortString {
    ShortString::try_new(name).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password_and_has_the_usual_virtual_host() {
        let address: Address = "amqp://me:secret@broker/".parse().unwrap();
        assert_eq!(format!("{address:?}"), "RabbitMQ at `broker:5672`, virtual host `/`");
        assert!("http://broker".parse::<Address>().is_err());
    }
}
