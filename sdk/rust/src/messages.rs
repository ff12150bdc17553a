//! Messages to oneself: work that is too much for one call, or that is tried again on its own.
//!
//! Sending is part of the trigger's transaction: a message is kept with the commands, or not at
//! all. It comes back as a message of one of the sources that the plugin wants, is tried again when
//! it fails, and goes to quarantine like any other.
//!
//! ```
//! use hinny_plugin::messages;
//! # use hinny_plugin::testing::FakeHost;
//! # FakeHost::reset();
//! # let now = 0;
//!
//! messages::send("pages", "2")?;
//! messages::Outgoing::new("pages", "3").not_before(now + 60_000).send()?;
//! # assert_eq!(FakeHost::messages().len(), 2);
//! # Ok::<(), hinny_plugin::scheduler::Failure>(())
//! ```

pub use crate::bindings::scheduler::hinny::plugin::messages::{Outgoing, SendError};
use crate::scheduler::Failure;

/// Sends, while a trigger is handled; to be delivered at once.
pub fn send(source: impl Into<String>, body: impl Into<Vec<u8>>) -> Result<(), SendError> {
    Outgoing::new(source, body).send()
}

/// Sends a value as JSON.
#[cfg(feature = "json")]
pub fn send_json<T: serde::Serialize>(
    source: impl Into<String>,
    value: &T,
) -> Result<(), SendError> {
    Outgoing::json(source, value)?.send()
}

impl Outgoing {
    /// A message: one of the sources that the plugin wants, and a body of at most 65536 bytes.
    pub fn new(source: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self { source: source.into(), body: body.into(), not_before: None }
    }

    /// A message whose body is a value, as JSON.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize>(
        source: impl Into<String>,
        value: &T,
    ) -> Result<Self, SendError> {
        let body = serde_json::to_vec(value)
            .map_err(|error| SendError::Other(format!("the body: {error}")))?;
        Ok(Self::new(source, body))
    }

    /// Not delivered earlier than this, in milliseconds since the epoch.
    #[must_use]
    pub fn not_before(mut self, moment_ms: i64) -> Self {
        self.not_before = Some(moment_ms);
        self
    }

    /// Sends it, while a trigger is handled.
    pub fn send(self) -> Result<(), SendError> {
        #[cfg(target_arch = "wasm32")]
        return crate::bindings::scheduler::hinny::plugin::messages::send(&self);
        #[cfg(not(target_arch = "wasm32"))]
        crate::testing::FakeHost::send_message(self)
    }
}

/// What to do about a trigger whose message is not taken: none of it mends itself.
impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        match error {
            SendError::UnwantedSource(why) | SendError::TooLarge(why) | SendError::Other(why) => {
                Self::reject(format!("a message to oneself is not taken: {why}"))
            }
        }
    }
}
