//! Settings as the host makes them of JSON.

use serde_json::{Map, Value};

use crate::settings::{SettingValue, Settings};

/// The settings that a plugin gets for a JSON table: nested tables are flattened.
///
/// # Panics
///
/// When it is not a table: the host would not even have asked the plugin.
pub fn flatten(settings: &Value) -> Settings {
    let table = settings.as_object().expect("settings are a table");
    let mut flat = Vec::new();
    walk(table, "", &mut flat);
    Settings::from_pairs(flat)
}

fn walk(table: &Map<String, Value>, prefix: &str, flat: &mut Vec<(String, SettingValue)>) {
    for (key, value) in table {
        let name = format!("{prefix}{key}");
        match value {
            Value::Object(inner) => walk(inner, &format!("{name}."), flat),
            plain => flat.push((name, setting(plain))),
        }
    }
}

fn setting(value: &Value) -> SettingValue {
    match value {
        Value::Bool(flag) => SettingValue::Flag(*flag),
        Value::String(text) => SettingValue::Text(text.clone()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => SettingValue::Integer(integer),
            (None, Some(float)) if number.is_f64() => SettingValue::Float(float),
            _ => SettingValue::Other(number.to_string()),
        },
        other => SettingValue::Other(other.to_string()),
    }
}
