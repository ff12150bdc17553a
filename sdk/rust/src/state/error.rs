//! Why a value with a layout could not be read or written.

use std::fmt;

use super::StateError;
use crate::scheduler::{Failure, Rejection};

/// Why a value with a layout could not be read or written.
#[derive(Debug, Clone)]
pub enum LayoutError {
    /// It has a newer layout than this version of the plugin knows.
    Newer {
        /// The key.
        key: String,
        /// Its layout.
        found: u32,
        /// The newest that is known.
        known: u32,
    },
    /// It is not what its layout says, or the value to write is none.
    Broken {
        /// The key.
        key: String,
        /// The layout.
        layout: u32,
        /// What is wrong.
        why: String,
    },
    /// A step from one layout to the next cannot be made.
    Step {
        /// The key.
        key: String,
        /// The layout before.
        from: u32,
        /// The layout after.
        to: u32,
        /// Why not, as the step says it.
        why: String,
    },
    /// The host did not give or take it.
    State {
        /// The key.
        key: String,
        /// Why not.
        why: StateError,
    },
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { key, found, known } => write!(
                f,
                "state `{key}` has layout {found}, and this version of the plugin knows none \
                 after {known}; hint: activate the version that wrote it, or a later one"
            ),
            Self::Broken { key, layout, why } => {
                write!(f, "state `{key}` is not as its layout {layout} says: {why}")
            }
            Self::Step { key, from, to, why } => {
                write!(f, "state `{key}` cannot be taken from layout {from} to {to}: {why}")
            }
            Self::State { key, why } => match why {
                StateError::Conflict => write!(f, "state `{key}` was changed in between"),
                StateError::TooLarge(which) => write!(f, "state `{key}` is too large: {which}"),
                StateError::Unavailable(why) | StateError::Other(why) => {
                    write!(f, "state `{key}` cannot be had: {why}")
                }
            },
        }
    }
}

impl std::error::Error for LayoutError {}

/// What to do about a trigger: later, when another version of the plugin or the database may help,
/// so that a message of a rolled-back plugin waits for the version that can handle it.
impl From<LayoutError> for Failure {
    fn from(error: LayoutError) -> Self {
        /// The host takes no less than its own back-off.
        const LATER_MS: u64 = 1000;
        match &error {
            LayoutError::Newer { .. } => Self::retry_after(LATER_MS, error.to_string()),
            LayoutError::State { why: StateError::Unavailable(_), .. } => {
                Self::retry_after(LATER_MS, error.to_string())
            }
            LayoutError::State { why: StateError::Conflict, .. } => {
                Self::retry_after(0, error.to_string())
            }
            _ => Self::reject(error.to_string()),
        }
    }
}

/// A draft whose admission needs what cannot be read is not taken, and its sender is told.
impl From<LayoutError> for Rejection {
    fn from(error: LayoutError) -> Self {
        Self::new(error.to_string())
    }
}
