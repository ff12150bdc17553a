//! Names of things: one type per meaning.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::{ContextV7, Uuid};

use crate::Timestamp;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    };
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, max $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// Longest accepted name, in bytes.
            pub const MAX_LEN: usize = $max;

            /// Checks and takes a name.
            pub fn new(text: impl Into<Arc<str>>) -> Result<Self, InvalidName> {
                let text = text.into();
                check_name(stringify!($name), &text, $max)?;
                Ok(Self(text))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The name as a shared string, without copying.
            pub fn shared(&self) -> Arc<str> {
                Arc::clone(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0.as_ref().to_owned()
            }
        }
    };
}

uuid_id! {
    /// Identity of a task. Ids made by hinny are UUID version 7, so they sort by time of creation.
    TaskId
}
uuid_id! {
    /// Identity of a schedule.
    ScheduleId
}
uuid_id! {
    /// Identity of a message that came in, used to handle a repeated delivery once.
    EventId
}

text_id! {
    /// Name of a scheduler, unique in the configuration.
    SchedulerId, max 64
}
text_id! {
    /// Whose work it is.
    Organisation, max 256
}
text_id! {
    /// Kind of work, as the scheduler plugin calls it.
    TaskType, max 64
}
text_id! {
    /// What makes two tasks the same work. At most one live task per scheduler has a given hash.
    TaskHash, max 128
}

/// A name that hinny does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{what}` must be 1 to {max} bytes without control characters, got {got}")]
pub struct InvalidName {
    what: &'static str,
    max: usize,
    got: String,
}

fn check_name(what: &'static str, text: &str, max: usize) -> Result<(), InvalidName> {
    if !text.is_empty() && text.len() <= max && !text.chars().any(char::is_control) {
        return Ok(());
    }
    let got = if text.is_empty() {
        "nothing".to_owned()
    } else {
        text.escape_default().take(max).collect()
    };
    Err(InvalidName { what, max, got })
}

/// SHA-256 of a component: the identity of a plugin version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PluginDigest(pub [u8; 32]);

impl PluginDigest {
    /// The first 12 hex digits, for people.
    pub fn short(&self) -> String {
        self.to_string().chars().skip("sha256:".len()).take(12).collect()
    }
}

impl fmt::Display for PluginDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PluginDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a plugin digest, expected `sha256:` and 64 hex digits")]
pub struct InvalidDigest(String);

impl FromStr for PluginDigest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidDigest(text.escape_default().take(80).collect());
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            let pair = hex.get(at..at + 2).ok_or_else(invalid)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| invalid())?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for PluginDigest {
    type Error = InvalidDigest;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PluginDigest> for String {
    fn from(digest: PluginDigest) -> Self {
        digest.to_string()
    }
}

/// Makes ids that sort by the time they were made, also within one millisecond.
#[derive(Debug)]
pub struct IdGenerator {
    context: std::sync::Mutex<ContextV7>,
}

impl Default for IdGenerator {
    fn default() -> Self {
        Self { context: std::sync::Mutex::new(ContextV7::new()) }
    }
}

impl IdGenerator {
    /// The next id at a moment.
    pub fn next(&self, now: Timestamp) -> Uuid {
        let micros = now.as_micros().max(0).unsigned_abs();
        let context = self.context.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let nanos = u32::try_from(micros % 1_000_000).unwrap_or(0) * 1_000;
        Uuid::new_v7(uuid::Timestamp::from_unix(&*context, micros / 1_000_000, nanos))
    }

    /// The next task id at a moment.
    pub fn task(&self, now: Timestamp) -> TaskId {
        TaskId(self.next(now))
    }

    /// The next schedule id at a moment.
    pub fn schedule(&self, now: Timestamp) -> ScheduleId {
        ScheduleId(self.next(now))
    }

    /// The next event id at a moment.
    pub fn event(&self, now: Timestamp) -> EventId {
        EventId(self.next(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_in_one_microsecond_sort_as_they_were_made() {
        let ids = IdGenerator::default();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let made: Vec<_> = (0..1000).map(|_| ids.task(now)).collect();
        assert!(made.is_sorted());
    }

    #[test]
    fn a_name_with_a_line_break_is_refused_and_shown_escaped() {
        let refused = SchedulerId::new("a\nb").unwrap_err().to_string();
        assert_eq!(
            refused,
            "`SchedulerId` must be 1 to 64 bytes without control characters, got a\\nb"
        );
    }

    #[test]
    fn a_digest_reads_back_as_it_was_written() {
        let digest = PluginDigest([0xab; 32]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("sha256:12".parse::<PluginDigest>().is_err());
    }
}
