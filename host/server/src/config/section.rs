//! How a section of the configuration is declared: once, with its defaults and its documentation.

use std::{borrow::Cow, net::SocketAddr, ops::RangeInclusive, path::PathBuf};

use hinny_core::{SchedulerId, schedule::MissedFire, status::StatusRule};

use super::ConfigError;

/// One key of a section.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// Its name. A number's name ends in its unit.
    pub(crate) name: &'static str,
    /// What it is for, as lines.
    pub(crate) about: &'static [&'static str],
    /// What can be written.
    pub(crate) kind: &'static str,
    /// Which numbers can be written.
    pub(crate) range: Option<RangeInclusive<u64>>,
    /// Whether it has to be written.
    pub(crate) required: bool,
}

/// Endings of names, and the units that they stand for.
const UNITS: &[(&str, &str)] = &[
    ("_days", "days"),
    ("_seconds", "seconds"),
    ("_seconds_max", "seconds"),
    ("_ms", "milliseconds"),
    ("_bytes", "bytes"),
    ("_bytes_max", "bytes"),
    ("_kb", "KiB"),
    ("_mb", "MiB"),
    ("_percent", "percent"),
];

impl Key {
    /// What can be written, with unit and range.
    pub(crate) fn takes(&self) -> Cow<'static, str> {
        let Some(range) = &self.range else { return Cow::Borrowed(self.kind) };
        let unit = UNITS.iter().find(|(ending, _)| self.name.ends_with(ending));
        let what = unit.map_or(self.kind.to_owned(), |(_, unit)| format!("whole {unit}"));
        Cow::Owned(format!("{what}, {} to {}", range.start(), range.end()))
    }
}

/// A table of the configuration.
pub(crate) trait Section {
    /// What it is for, as lines.
    const ABOUT: &'static [&'static str];
    /// Its keys, in the order in which they are shown.
    fn keys() -> Vec<Key>;
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
    u32: "a whole number",
    u64: "a whole number",
    String: "a text",
    SocketAddr: "an address and port, such as `127.0.0.1:8080`",
    PathBuf: "a folder",
    SchedulerId: "a text",
    Option<String>: "a text",
    Option<PathBuf>: "a folder",
    Vec<String>: "a list of texts",
    serde_json::Map<String, serde_json::Value>: "a table",
    StatusRule: "`strict` or `open`",
    MissedFire: "`once`, `skip` or `all`",
}

/// Declares a section: a struct whose doc comments become the reference, whose expressions are
/// the defaults, and which refuses keys that it does not have. A number has the range in which it
/// can be used, as `(1..=100)`; `check_ranges` holds values against it.
///
/// A default that is marked `(required)` is only a placeholder for tests: the key has to be
/// written, see [`super::layers`].
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $key:ident $(($($note:tt)+))?: $type:ty = $default:expr,
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

            fn keys() -> Vec<$crate::config::section::Key> {
                vec![$($crate::config::section::Key {
                    name: stringify!($key),
                    about: &[$($doc),+],
                    kind: <$type as $crate::config::section::Kind>::KIND,
                    range: section!(@range $($($note)+)?),
                    required: section!(@required $($($note)+)?),
                },)+]
            }
        }

        section!(@checks $name { $($key $(($($note)+))?,)+ });
    };
    (@range) => { None };
    (@range required) => { None };
    (@range $range:expr) => { Some($range) };
    (@required) => { false };
    (@required required) => { true };
    (@required $range:expr) => { false };
    // Only numbers have something to check; a section without any has no such function.
    (@checks $name:ident { $($rest:tt)* }) => {
        section!(@numbers $name [] $($rest)*);
    };
    (@numbers $name:ident [$($found:tt)*] $key:ident, $($rest:tt)*) => {
        section!(@numbers $name [$($found)*] $($rest)*);
    };
    (@numbers $name:ident [$($found:tt)*] $key:ident (required), $($rest:tt)*) => {
        section!(@numbers $name [$($found)*] $($rest)*);
    };
    (@numbers $name:ident [$($found:tt)*] $key:ident ($($range:tt)+), $($rest:tt)*) => {
        section!(@numbers $name [$($found)* $key] $($rest)*);
    };
    (@numbers $name:ident []) => {};
    (@numbers $name:ident [$($key:ident)+]) => {
        impl $name {
            /// Checks each number against its range; the section is at `path`.
            fn check_ranges(&self, path: &str) -> Result<(), $crate::config::ConfigError> {
                let values = [$((stringify!($key), u64::from(self.$key)),)+];
                $crate::config::section::check_ranges::<Self>(path, &values)
            }
        }
    };
}

/// Holds the numbers of a section against their ranges.
pub(crate) fn check_ranges<S: Section>(
    path: &str,
    values: &[(&str, u64)],
) -> Result<(), ConfigError> {
    let keys = S::keys();
    let broken = values.iter().find_map(|(name, value)| {
        let key = keys.iter().find(|key| key.name == *name)?;
        let fits = key.range.as_ref().is_none_or(|range| range.contains(value));
        (!fits).then_some((key, value))
    });
    match broken {
        None => Ok(()),
        Some((key, value)) => Err(ConfigError::invalid(
            &format!("{path}.{}", key.name),
            value,
            "it is out of range",
            format!("it takes {}", key.takes()),
        )),
    }
}

/// Documents a struct of another crate as a section; `ranges` says which numbers its keys take.
macro_rules! foreign_section {
    (
        $(#[doc = $about:literal])+
        $name:ty, ranges: $ranges:expr, {
            $( $(#[doc = $doc:literal])+ $key:ident: $type:ty, )+
        }
    ) => {
        impl $crate::config::section::Section for $name {
            const ABOUT: &'static [&'static str] = &[$($about),+];

            fn keys() -> Vec<$crate::config::section::Key> {
                let range = $ranges;
                vec![$($crate::config::section::Key {
                    name: stringify!($key),
                    about: &[$($doc),+],
                    kind: <$type as $crate::config::section::Kind>::KIND,
                    range: range(stringify!($key)),
                    required: false,
                },)+]
            }
        }
    };
}

pub(crate) use {foreign_section, kind, section};
