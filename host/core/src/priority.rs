//! How soon a task goes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Place in line: lower goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priority(pub i64);

impl Priority {
    /// Most urgent: −2⁵³ + 1, the least integer that every JSON client reads exactly (RFC 8259 §6).
    pub const MIN: Self = Self(-9_007_199_254_740_991);
    /// Least urgent: 2⁵³ − 1.
    pub const MAX: Self = Self(9_007_199_254_740_991);

    /// Whether clients can read it exactly.
    pub fn in_range(self) -> bool {
        (Self::MIN..=Self::MAX).contains(&self)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
