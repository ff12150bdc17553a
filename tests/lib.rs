//! Helpers of the tests and benches that need more than one crate.
