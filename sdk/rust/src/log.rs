//! Lines in the host's log.
//!
//! ```
//! hinny_plugin::info!("made {} tasks", 3);
//! hinny_plugin::warn!("no catalogue for `{}`, using the old one", "acme");
//! ```
//!
//! The host adds the plugin's name and version, escapes control characters, cuts lines over 4096
//! bytes, and after 100 lines in a call only counts the rest. A ranker has no log.

pub use crate::bindings::scheduler::hinny::plugin::log::Level;

/// Writes a line. The macros `trace!` to `error!` are shorter.
pub fn write(level: Level, message: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::scheduler::hinny::plugin::log::write(level, message);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::FakeHost::log(level, message);
}

/// Writes a line that helps to follow each step.
#[macro_export]
macro_rules! trace {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Trace, &::std::format!($($text)+)) };
}

/// Writes a line that helps to find a mistake.
#[macro_export]
macro_rules! debug {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Debug, &::std::format!($($text)+)) };
}

/// Writes a line about what happened.
#[macro_export]
macro_rules! info {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Info, &::std::format!($($text)+)) };
}

/// Writes a line about something that somebody should look at.
#[macro_export]
macro_rules! warn {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Warn, &::std::format!($($text)+)) };
}

/// Writes a line about something that failed.
#[macro_export]
macro_rules! error {
    ($($text:tt)+) => { $crate::log::write($crate::log::Level::Error, &::std::format!($($text)+)) };
}
