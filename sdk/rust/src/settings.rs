//! What an operator tells a plugin, and how to refuse it well.

use std::{fmt, ops::RangeInclusive};

pub use crate::bindings::ranker::hinny::plugin::types::{Setting, SettingValue};

/// The settings of a plugin. Tables are flattened: `{"weights": {"age": 2}}` is `weights.age`.
///
/// Every getter tells a wrong value with its name, what it is and what it may be, as operators see
/// it when their version is refused:
///
/// ```
/// use hinny_plugin::settings::Settings;
///
/// let settings = Settings::from_pairs([("grace_seconds", "soon".into())]);
/// let error = settings.integer("grace_seconds").unwrap_err();
/// assert_eq!(error.to_string(), "setting `grace_seconds` is \"soon\", expected an integer");
/// let error = settings.deny_unknown(&["grace", "factor"]).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "setting `grace_seconds` is unknown, expected one of `grace`, `factor`"
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    entries: Vec<Setting>,
}

/// A setting that a plugin does not take: which, what it is, what it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingError(String);

impl SettingError {
    /// Refuses a value.
    pub fn new(key: &str, value: impl fmt::Display, expected: impl fmt::Display) -> Self {
        Self(format!("setting `{key}` is {value}, expected {expected}"))
    }

    /// Refuses a setting that is not there.
    pub fn missing(key: &str, expected: impl fmt::Display) -> Self {
        Self(format!("setting `{key}` is missing, expected {expected}"))
    }
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingError {}

impl From<SettingError> for String {
    fn from(error: SettingError) -> Self {
        error.0
    }
}

impl From<Vec<Setting>> for Settings {
    fn from(entries: Vec<Setting>) -> Self {
        Self { entries }
    }
}

impl From<Settings> for Vec<Setting> {
    fn from(settings: Settings) -> Self {
        settings.entries
    }
}

impl Settings {
    /// Settings from names and values.
    pub fn from_pairs<K: Into<String>>(pairs: impl IntoIterator<Item = (K, SettingValue)>) -> Self {
        let setting = |(key, value): (K, SettingValue)| Setting { key: key.into(), value };
        pairs.into_iter().map(setting).collect::<Vec<_>>().into()
    }

    /// All of them, as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SettingValue)> {
        self.entries.iter().map(|setting| (setting.key.as_str(), &setting.value))
    }

    /// One of them.
    pub fn get(&self, key: &str) -> Option<&SettingValue> {
        self.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Those of a flattened table, with the rest of their names.
    pub fn table<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, &'a SettingValue)> {
        self.iter().filter_map(move |(key, value)| {
            key.strip_prefix(name)?.strip_prefix('.').map(|rest| (rest, value))
        })
    }

    /// Refuses settings that are not listed. `weights.*` lists everything in a table.
    pub fn deny_unknown(&self, known: &[&str]) -> Result<(), SettingError> {
        let is_known = |key: &str| {
            known.iter().any(|name| match name.strip_suffix('*') {
                Some(table) => key.starts_with(table),
                None => key == *name,
            })
        };
        let Some((key, _)) = self.iter().find(|(key, _)| !is_known(key)) else { return Ok(()) };
        let expected = match known {
            [] => "there are none".to_owned(),
            known => format!("expected one of `{}`", known.join("`, `")),
        };
        Err(SettingError(format!("setting `{key}` is unknown, {expected}")))
    }

    /// An integer, if it is set.
    pub fn integer(&self, key: &str) -> Result<Option<i64>, SettingError> {
        match self.get(key) {
            None => Ok(None),
            Some(SettingValue::Integer(value)) => Ok(Some(*value)),
            Some(other) => Err(SettingError::new(key, Shown(other), "an integer")),
        }
    }

    /// An integer within bounds, or a default.
    pub fn integer_in(
        &self,
        key: &str,
        default: i64,
        bounds: RangeInclusive<i64>,
    ) -> Result<i64, SettingError> {
        let value = self.integer(key)?.unwrap_or(default);
        if bounds.contains(&value) {
            return Ok(value);
        }
        let (least, most) = bounds.into_inner();
        Err(SettingError::new(key, value, format_args!("an integer from {least} to {most}")))
    }

    /// A float, if it is set. An integer is a float, too.
    pub fn float(&self, key: &str) -> Result<Option<f64>, SettingError> {
        match self.get(key) {
            None => Ok(None),
            Some(SettingValue::Float(value)) => Ok(Some(*value)),
            Some(SettingValue::Integer(value)) => Ok(Some(*value as f64)),
            Some(other) => Err(SettingError::new(key, Shown(other), "a number")),
        }
    }

    /// Text, if it is set.
    pub fn text(&self, key: &str) -> Result<Option<&str>, SettingError> {
        match self.get(key) {
            None => Ok(None),
            Some(SettingValue::Text(value)) => Ok(Some(value)),
            Some(other) => Err(SettingError::new(key, Shown(other), "text")),
        }
    }

    /// True or false, if it is set.
    pub fn flag(&self, key: &str) -> Result<Option<bool>, SettingError> {
        match self.get(key) {
            None => Ok(None),
            Some(SettingValue::Flag(value)) => Ok(Some(*value)),
            Some(other) => Err(SettingError::new(key, Shown(other), "true or false")),
        }
    }
}

/// A value as people write it.
pub(crate) struct Shown<'a>(pub(crate) &'a SettingValue);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SettingValue::Integer(value) => value.fmt(f),
            SettingValue::Float(value) => value.fmt(f),
            SettingValue::Text(value) => fmt::Debug::fmt(&shorten(value), f),
            SettingValue::Flag(value) => value.fmt(f),
            SettingValue::Other(value) => f.write_str(&shorten(value)),
        }
    }
}

/// Enough of a text to recognise it.
pub(crate) fn shorten(text: &str) -> String {
    const CHARS_MAX: usize = 80;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl From<i64> for SettingValue {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for SettingValue {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<bool> for SettingValue {
    fn from(value: bool) -> Self {
        Self::Flag(value)
    }
}

impl From<&str> for SettingValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

#[cfg(feature = "json")]
mod json;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_told_with_what_is_allowed() {
        let settings = Settings::from_pairs([
            ("grace", SettingValue::Integer(-1)),
            ("ratio", "x".into()),
            ("on", 1.into()),
        ]);
        let text = |result: Result<_, SettingError>| result.err().map(String::from);
        assert_eq!(
            text(settings.integer_in("grace", 5, 0..=10).map(|_| ())).as_deref(),
            Some("setting `grace` is -1, expected an integer from 0 to 10")
        );
        assert_eq!(
            text(settings.float("ratio").map(|_| ())).as_deref(),
            Some("setting `ratio` is \"x\", expected a number")
        );
        assert_eq!(
            text(settings.flag("on").map(|_| ())).as_deref(),
            Some("setting `on` is 1, expected true or false")
        );
        assert_eq!(settings.integer_in("absent", 5, 0..=10), Ok(5));
    }

    #[test]
    fn a_table_is_known_as_a_whole() {
        let settings = Settings::from_pairs([("weights.age", 1), ("weights.a.b", 2)].map(pair));
        assert_eq!(settings.deny_unknown(&["weights.*"]), Ok(()));
        assert_eq!(
            settings.deny_unknown(&[]).unwrap_err().to_string(),
            "setting `weights.age` is unknown, there are none"
        );
        let rest: Vec<_> = settings.table("weights").map(|(key, _)| key).collect();
        assert_eq!(rest, ["age", "a.b"]);
    }

    fn pair((key, value): (&str, i64)) -> (&str, SettingValue) {
        (key, value.into())
    }
}
