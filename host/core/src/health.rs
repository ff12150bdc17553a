//! How parts of a host are doing, as `/health` tells it.

/// How a part of the host is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartHealth {
    /// Its name.
    pub part: String,
    /// What is wrong; none: nothing is.
    pub trouble: Option<String>,
}

/// Parts that know how they are doing, without asking anybody.
pub trait Health: Send + Sync {
    /// One entry per part, always in the same order.
    fn health(&self) -> Vec<PartHealth>;
}
