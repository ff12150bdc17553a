//! The tests that need more than one crate, as one binary.
#![expect(missing_docs, reason = "the name of a test says what must hold")]

mod examples;
mod wit;
