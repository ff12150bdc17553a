//! How a section of the configuration is declared: once, with its defaults and its documentation.

use std::{net::SocketAddr, path::PathBuf};

use hinny_core::{SchedulerId, schedule::MissedFire, status::StatusRule};

/// One key of a section, for the reference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is for, as lines.
    pub(crate) about: &'static [&'static str],
    /// What can be written.
    pub(crate) kind: &'static str,
    /// Whether it has to be written.
    pub(crate) required: bool,
}

/// A table of the configuration.
pub(crate) trait Section {
    /// What it is for, as lines.
    const ABOUT: &'static [&'static str];
    /// Its keys, in the order in which they are shown.
    const KEYS: &'static [Key];
}

/// What can be written for a key of a type.
pub(crate) trait Kind {
    /// For people.
    const KIND: &'static str;
}

macro_rules! kind {
    ($($type:ty: $kind:literal),+ $(,)?) => {
        $(impl $crate::config::section::Kind for $type { const KIND: &'static str = $kind; })+
    };
}

kind! {
    u32: "a whole number from 0",
    u64: "a whole number from 0",
    String: "a text",
    SocketAddr: "an address and port, such as `127.0.0.1:8080`",
    PathBuf: "a folder",
    SchedulerId: "a text",
    Vec<String>: "a list of texts",
    serde_json::Map<String, serde_json::Value>: "a table",
    StatusRule: "`strict` or `open`",
    MissedFire: "`once`, `skip` or `all`",
}

/// Declares a section: a struct whose doc comments become the reference, whose expressions are
/// the defaults, and which refuses keys that it does not have.
///
/// A default that is marked `(required)` is only a placeholder for tests: the key has to be
/// written, see [`super::layers`].
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $key:ident $(($required:ident))?: $type:ty = $default:expr,
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $key: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)+ }
            }
        }

        impl $crate::config::section::Section for $name {
            const ABOUT: &'static [&'static str] = &[$($about),+];
            const KEYS: &'static [$crate::config::section::Key] = &[
                $($crate::config::section::Key {
                    name: stringify!($key),
                    about: &[$($doc),+],
                    kind: <$type as $crate::config::section::Kind>::KIND,
                    required: section!(@required $($required)?),
                },)+
            ];
        }
    };
    (@required) => { false };
    (@required required) => { true };
}

/// Documents a struct of another crate as a section.
macro_rules! foreign_section {
    (
        $(#[doc = $about:literal])+
        $name:ty {
            $( $(#[doc = $doc:literal])+ $key:ident: $type:ty, )+
        }
    ) => {
        impl $crate::config::section::Section for $name {
            const ABOUT: &'static [&'static str] = &[$($about),+];
            const KEYS: &'static [$crate::config::section::Key] = &[
                $($crate::config::section::Key {
                    name: stringify!($key),
                    about: &[$($doc),+],
                    kind: <$type as $crate::config::section::Kind>::KIND,
                    required: false,
                },)+
            ];
        }
    };
}

pub(crate) use {foreign_section, kind, section};
