//! Plugins in other languages than Rust: the SDKs' own tests, and new plugins from nothing.
//!
//! That they rank as Rust does is told by `plugins::languages`. Needs Python 3 and Node; what builds
//! components comes into the cache, as for anybody who has only the program.

mod natively;
mod new;
