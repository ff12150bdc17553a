//! Small values that a scheduler plugin keeps.
//!
//! Writes are part of the trigger's transaction: they happen with the commands, or not at all. No
//! other plugin sees them; a new version of the plugin in the same slot does. Outside of
//! [`Scheduler::handle`](crate::scheduler::Scheduler::handle) nothing is kept.
//!
//! ```
//! use hinny_plugin::state;
//!
//! let seen = state::get("seen")?;
//! let revision = seen.map_or(0, |entry| entry.revision);
//! // Refused if somebody else wrote in between.
//! state::set_expecting("seen", Some(b"2026-03-01"), revision)?;
//! # Ok::<(), hinny_plugin::scheduler::Failure>(())
//! ```
//!
//! What is kept outlives the version of the plugin that wrote it. [`State`] keeps values whose
//! [`Layout`] has a version: the next version of the plugin reads what the last one wrote, step by
//! step, and one that meets a newer layout than it knows says so instead of guessing.

mod error;
mod kept;
mod layout;

#[cfg(feature = "json")]
#[doc(hidden)]
pub use self::layout::{from_json, to_json};
pub use self::{
    error::LayoutError,
    kept::State,
    layout::{Layout, Unversioned},
};
pub use crate::bindings::scheduler::hinny::plugin::state::{Entry, StateError};
use crate::scheduler::Failure;

/// A value and its revision.
pub fn get(key: &str) -> Result<Option<Entry>, StateError> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::scheduler::hinny::plugin::state::get(key);
    #[cfg(not(target_arch = "wasm32"))]
    Ok(crate::testing::FakeHost::state(key))
}

/// Writes a value, whatever is there; none deletes it.
pub fn set(key: &str, value: Option<&[u8]>) -> Result<(), StateError> {
    write(key, value, None)
}

/// Writes a value if it has the expected revision: 0 for none.
pub fn set_expecting(key: &str, value: Option<&[u8]>, revision: u64) -> Result<(), StateError> {
    write(key, value, Some(revision))
}

fn write(key: &str, value: Option<&[u8]>, expected: Option<u64>) -> Result<(), StateError> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::scheduler::hinny::plugin::state::set(key, value, expected);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::FakeHost::set_state(key, value, expected)
}

/// What to do about a trigger when its state cannot be had: later, if that may help.
impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Conflict => Self::retry_after(0, "the state was changed in between"),
            StateError::TooLarge(which) => Self::reject(format!("the state is too large: {which}")),
            StateError::Unavailable(why) => {
                Self::retry_after(1000, format!("the state cannot be had: {why}"))
            }
            StateError::Other(why) => Self::reject(format!("the state cannot be had: {why}")),
        }
    }
}
