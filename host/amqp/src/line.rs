//! A connection with a channel.

use std::time::Duration;

use lapin::{
    Channel, ChannelState, Connection, ConnectionProperties, ErrorKind, types::ShortString,
};
use tokio::time::{sleep, timeout};

use crate::Address;

/// Between two looks whether a line still works.
const GLANCE: Duration = Duration::from_millis(250);

/// Longest time that saying good-bye takes.
const GOOD_BYE: Duration = Duration::from_secs(3);

/// A connection with a channel.
pub struct Line {
    connection: Connection,
    channel: Channel,
}

impl Line {
    /// Connects; `name` is what the broker shows. Brokers that are starting up take connections
    /// long before they answer, so the caller sets a limit.
    pub async fn open(address: &Address, name: String) -> Result<Self, lapin::Error> {
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connection = Connection::connect_uri(address.uri(), properties).await?;
        let channel = connection.create_channel().await?;
        Ok(Self { connection, channel })
    }

    /// The channel, to ask with [`Line::answered`].
    pub fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Whether it works, as far as one can tell without asking.
    pub fn is_up(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }

    /// Returns once it does not work any more, as far as one can tell without asking.
    pub async fn down(&self) {
        while_so(|| self.is_up()).await;
    }

    /// Waits for an answer, at most so long, and as long as the channel works. What is asked in
    /// the moment in which a connection is lost may never be answered, not even with an error.
    pub fn answered<T, F>(
        &self,
        within: Duration,
        asked: F,
    ) -> impl Future<Output = Result<T, lapin::Error>> + use<T, F>
    where
        F: Future<Output = Result<T, lapin::Error>>,
    {
        let channel = self.channel.clone();
        async move {
            tokio::select! {
                biased;
                answer = asked => answer,
                () = while_so(|| channel.status().connected()) => Err(closed()),
                () = sleep(within) => Err(closed()),
            }
        }
    }

    /// Says good-bye, if the broker listens.
    pub async fn close(self) {
        if self.is_up() {
            let closing = self.connection.close(200, ShortString::default());
            // Whatever comes of it, the connection is not used again.
            let _ = timeout(GOOD_BYE, closing).await;
        }
    }
}

/// Returns once something is not so any more.
async fn while_so(so: impl Fn() -> bool) {
    while so() {
        sleep(GLANCE).await;
    }
}

/// What a line that does not answer is taken for.
pub fn closed() -> lapin::Error {
    ErrorKind::InvalidChannelState(ChannelState::Closed, "the line is silent").into()
}
