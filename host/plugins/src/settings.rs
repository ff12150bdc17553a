//! The operator's settings, as a plugin gets them.

use serde_json::{Map, Number, Value};

use crate::{
    bindings::ranker::hinny::plugin::types::{Setting, SettingValue},
    text,
};

/// Settings, flattened: one name, one value, sorted by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Settings(Vec<(String, Owned)>);

#[derive(Debug, Clone, PartialEq)]
enum Owned {
    Integer(i64),
    Float(f64),
    Text(String),
    Flag(bool),
    Other(String),
}

/// Settings that cannot be given to a plugin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("settings must be a table such as `{{\"weight\": 2}}`, got {0}")]
    NotATable(String),
    #[error(
        "setting `{0}` is given twice, as a name with dots and as a table; hint: leave one out"
    )]
    Twice(String),
}

impl Settings {
    /// Flattens a JSON table; null is an empty one.
    pub(crate) fn flatten(settings: &Value) -> Result<Self, SettingsError> {
        let mut flat = Vec::new();
        match settings {
            Value::Null => {}
            Value::Object(table) => flatten(table, "", &mut flat),
            other => {
                return Err(SettingsError::NotATable(text::shown(&other.to_string(), 64)));
            }
        }
        flat.sort_by(|(left, _), (right, _)| left.cmp(right));
        let twice = flat.windows(2).find_map(|pair| match pair {
            [(left, _), (right, _)] if left == right => Some(left.clone()),
            _ => None,
        });
        match twice {
            Some(name) => Err(SettingsError::Twice(name)),
            None => Ok(Self(flat)),
        }
    }

    /// As a text, by which settings can be told apart, and which can be flattened again.
    pub(crate) fn to_text(&self) -> String {
        let values = self.0.iter().map(|(name, value)| (name.clone(), value.json()));
        Value::Object(values.collect()).to_string()
    }

    /// As the guest gets them.
    pub(crate) fn lowered(&self) -> Vec<Setting<'_>> {
        self.0.iter().map(|(key, value)| Setting { key, value: value.lowered() }).collect()
    }
}

fn flatten(table: &Map<String, Value>, prefix: &str, flat: &mut Vec<(String, Owned)>) {
    for (key, value) in table {
        let name = format!("{prefix}{key}");
        if let Value::Object(inner) = value {
            flatten(inner, &format!("{name}."), flat);
        } else {
            flat.push((name, Owned::from(value)));
        }
    }
}

impl From<&Value> for Owned {
    fn from(value: &Value) -> Self {
        match value {
            Value::Bool(flag) => Self::Flag(*flag),
            Value::String(text) => Self::Text(text.clone()),
            Value::Number(number) => number_of(number),
            other => Self::Other(other.to_string()),
        }
    }
}

/// An integer that does not fit 64 bits with sign would lose digits as a float: it stays JSON.
fn number_of(number: &Number) -> Owned {
    match (number.as_i64(), number.as_f64()) {
        (Some(integer), _) => Owned::Integer(integer),
        (None, Some(float)) if number.is_f64() && float.is_finite() => Owned::Float(float),
        _ => Owned::Other(number.to_string()),
    }
}

impl Owned {
    fn json(&self) -> Value {
        match self {
            Self::Integer(integer) => (*integer).into(),
            Self::Float(float) => (*float).into(),
            Self::Text(text) => text.as_str().into(),
            Self::Flag(flag) => (*flag).into(),
            Self::Other(json) => serde_json::from_str(json).unwrap_or(Value::Null),
        }
    }

    fn lowered(&self) -> SettingValue<'_> {
        match self {
            Self::Integer(integer) => SettingValue::Integer(*integer),
            Self::Float(float) => SettingValue::Float(*float),
            Self::Text(text) => SettingValue::Text(text),
            Self::Flag(flag) => SettingValue::Flag(*flag),
            Self::Other(json) => SettingValue::Other(json),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_become_names_with_dots_and_lists_stay_json() {
        let settings = json!({
            "weights": {"age": 2, "size": 0.5}, "name": "x", "on": true, "list": [1, 2],
            "none": null, "big": u64::MAX, "empty": {},
        });
        let flat = Settings::flatten(&settings).unwrap();
        let again = serde_json::from_str(&flat.to_text()).unwrap();
        assert_eq!(Settings::flatten(&again).as_ref(), Ok(&flat));
        let expected = [
            ("big", Owned::Other("18446744073709551615".into())),
            ("list", Owned::Other("[1,2]".into())),
            ("name", Owned::Text("x".into())),
            ("none", Owned::Other("null".into())),
            ("on", Owned::Flag(true)),
            ("weights.age", Owned::Integer(2)),
            ("weights.size", Owned::Float(0.5)),
        ];
        assert_eq!(flat.0, expected.map(|(name, value)| (name.to_owned(), value)));
    }

    #[test]
    fn one_name_written_in_two_ways_is_refused() {
        let refused = Settings::flatten(&json!({"a.b": 1, "a": {"b": 2}})).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "setting `a.b` is given twice, as a name with dots and as a table; hint: leave one out"
        );
        let refused = Settings::flatten(&json!([1])).unwrap_err();
        assert_eq!(
            refused.to_string(),
            r#"settings must be a table such as `{"weight": 2}`, got [1]"#
        );
    }
}
