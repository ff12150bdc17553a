//! What was not let in, and why: kept beside the activations, so that both can be looked up.

use super::Slot;
use crate::Timestamp;

/// A plugin that was not let into a slot, or not taken from the watched folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When.
    pub at: Timestamp,
    /// Who wanted it in.
    pub by: String,
    /// Where; none: it did not get as far as that.
    pub slot: Option<Slot>,
    /// What: the digest of a version, or the name of a file.
    pub plugin: String,
    /// What was wanted: `activate`, `shadow`, `start`, `folder` and so on.
    pub wanted: String,
    /// Why not, and how to mend it.
    pub reason: String,
}
