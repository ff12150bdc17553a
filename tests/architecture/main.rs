//! House rules that no compiler keeps. Each says what to do when it is broken.
//!
//! This is a test target of `xtask` and not part of the large test binary, so that it answers
//! within a second, also when half of the host is being rewritten.

mod arrows;
mod docs;
mod folders;
mod links;
mod source;
mod tree;
mod words;
