//! A configuration that cannot be used, and how to mend it.

use std::{borrow::Cow, fmt::Display, path::PathBuf};

use super::{Origin, Origins, outline};

/// A configuration that cannot be used, and how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("configuration file `{path}` cannot be read; hint: {hint}")]
    File {
        /// Which.
        path: PathBuf,
        /// What to do.
        hint: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("configuration file `{path}` is not TOML: {why}")]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where and why.
        why: String,
    },
    /// There is no such key.
    #[error("unknown key `{key}` in {origin}; hint: {hint}")]
    UnknownKey {
        /// The key, with its section.
        key: String,
        /// Where it is written.
        origin: Origin,
        /// The nearest known key, and all that are known.
        hint: String,
    },
    /// A variable whose levels are not set apart.
    #[error(
        "environment variable `{name}` does not count; hint: with two underscores between the levels it is `{meant}`"
    )]
    Underscores {
        /// The variable.
        name: String,
        /// The one that is meant.
        meant: String,
    },
    /// A value refers to the environment, and cannot be had.
    #[error("`{key}` in {origin} cannot be used: {why}; hint: {hint}")]
    Reference {
        /// The key, with its section.
        key: String,
        /// Where it is written.
        origin: Origin,
        /// Why.
        why: String,
        /// What to do.
        hint: String,
    },
    /// A key that has to be written is not.
    #[error("`{key}` is missing in {origin}; hint: it takes {kind}")]
    Missing {
        /// The key, with its section.
        key: String,
        /// Where its section is written.
        origin: Origin,
        /// What can be written.
        kind: Cow<'static, str>,
    },
    /// A value does not fit the type of its key.
    #[error("`{key}` in {origin} cannot be used: {why}; hint: it takes {kind}")]
    WrongType {
        /// The key, with its section.
        key: String,
        /// Where it is written.
        origin: Origin,
        /// Why.
        why: String,
        /// What can be written.
        kind: Cow<'static, str>,
    },
    /// A value fits its type but makes no sense.
    #[error(transparent)]
    Invalid(Box<InvalidValue>),
}

/// A value that fits its type but makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}` is `{value}`{}: {why}; hint: {hint}", .origin.as_ref().map(|at| format!(" in {at}")).unwrap_or_default())]
pub struct InvalidValue {
    /// The key, with its section.
    pub key: String,
    /// What is written; masked when it is secret.
    pub value: String,
    /// Why it makes no sense.
    pub why: String,
    /// What to do.
    pub hint: String,
    /// Where it is written, once that is known.
    pub origin: Option<Origin>,
}

impl ConfigError {
    /// Refuses a value.
    pub(crate) fn invalid(
        key: &str,
        value: impl Display,
        why: impl Display,
        hint: impl Into<String>,
    ) -> Self {
        Self::Invalid(Box::new(InvalidValue {
            key: key.to_owned(),
            value: value.to_string(),
            why: why.to_string(),
            hint: hint.into(),
            origin: None,
        }))
    }

    /// Refuses a value unless something holds; `told` says why, and what to do.
    pub(crate) fn unless(
        holds: bool,
        key: &str,
        value: impl Display,
        told: impl FnOnce() -> (&'static str, &'static str),
    ) -> Result<(), Self> {
        if holds {
            return Ok(());
        }
        let (why, hint) = told();
        Err(Self::invalid(key, value, why, hint))
    }

    /// Adds where the value is written.
    pub(crate) fn located(mut self, origins: &Origins) -> Self {
        if let Self::Invalid(invalid) = &mut self {
            invalid.origin = Some(origins.of(&outline::segments(&invalid.key)));
        }
        self
    }

    /// From the library that merges the layers.
    pub(crate) fn from_figment(error: &figment::Error, origins: &Origins) -> Self {
        use figment::error::Kind;
        let path: Vec<&str> = error.path.iter().map(String::as_str).collect();
        let key = outline::display(&path);
        match &error.kind {
            Kind::UnknownField(name, known) => {
                Self::UnknownKey { key, origin: origins.of(&path), hint: nearest(name, known) }
            }
            kind => Self::WrongType {
                key,
                origin: origins.of(&path),
                why: unfit(kind),
                kind: outline::kind_of(&path),
            },
        }
    }
}

/// Why a value does not fit, without the names of Rust's types.
fn unfit(kind: &figment::error::Kind) -> String {
    use figment::error::{Actual, Kind};
    match kind {
        Kind::InvalidType(found, _) | Kind::InvalidValue(found, _) => match found {
            Actual::Bool(flag) => format!("it is `{flag}`"),
            Actual::Unsigned(number) => format!("it is `{number}`"),
            Actual::Signed(number) => format!("it is `{number}`"),
            Actual::Float(number) => format!("it is `{number}`"),
            Actual::Str(text) => format!("it is the text `{text}`"),
            Actual::Seq => "it is a list".to_owned(),
            Actual::Map => "it is a table".to_owned(),
            other => format!("it is {other}"),
        },
        Kind::UnknownVariant(found, _) => format!("it is `{found}`"),
        other => other.to_string(),
    }
}

/// The known key that is most like an unknown one; all, when none is.
fn nearest(unknown: &str, known: &[&str]) -> String {
    // 0.75 lets one slip in four letters pass, and does not guess from a shared letter or two.
    let likeness = |key: &str| strsim::jaro_winkler(unknown, key);
    let best = known
        .iter()
        .filter(|key| likeness(key) >= 0.75)
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)));
    match best {
        Some(key) => {
            format!("did you mean `{key}`? `hinny config --reference` lists all")
        }
        None => format!("what is known here: {}", known.join(", ")),
    }
}
