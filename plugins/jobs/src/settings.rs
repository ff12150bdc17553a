//! From settings to the plugin.

use hinny_plugin::scheduler::{SettingError, SettingValue, Settings};
use serde_json::Value;

/// A scheduler for any work.
pub(crate) struct Jobs {
    pub(crate) task_type: String,
    pub(crate) schema: String,
    /// JSON pointers to what makes a task the same work; none: all of its data.
    pub(crate) identity: Vec<String>,
    pub(crate) sources: Vec<String>,
    pub(crate) default_organisation: Option<String>,
}

impl Jobs {
    /// Reads all settings, and refuses what makes no sense.
    pub(crate) fn read(settings: &Settings) -> Result<Self, String> {
        settings.deny_unknown(&[
            "task_type",
            "schema",
            "schema.*",
            "identity",
            "sources",
            "default_organisation",
        ])?;
        Ok(Self {
            task_type: name(settings, "task_type", 64)?.unwrap_or_else(|| "job".to_owned()),
            schema: schema(settings)?,
            identity: identity(settings)?,
            sources: names(settings, "sources")?,
            default_organisation: name(settings, "default_organisation", 256)?,
        })
    }
}

fn name(settings: &Settings, key: &str, bytes_max: usize) -> Result<Option<String>, SettingError> {
    let Some(text) = settings.text(key)? else { return Ok(None) };
    if text.is_empty() || text.len() > bytes_max || text.chars().any(char::is_control) {
        let expected = format_args!("1 to {bytes_max} bytes without control characters");
        return Err(SettingError::new(key, format_args!("{text:?}"), expected));
    }
    Ok(Some(text.to_owned()))
}

/// One name, or a list.
fn names(settings: &Settings, key: &str) -> Result<Vec<String>, SettingError> {
    if let Some(SettingValue::Text(one)) = settings.get(key) {
        return Ok(vec![one.clone()]);
    }
    Ok(settings.json(key, "a list of texts")?.unwrap_or_default())
}

fn identity(settings: &Settings) -> Result<Vec<String>, SettingError> {
    let pointers = names(settings, "identity")?;
    let is_pointer = |text: &&String| text.is_empty() || text.starts_with('/');
    match pointers.iter().find(|text| !is_pointer(text)) {
        Some(wrong) => Err(SettingError::new(
            "identity",
            format_args!("a list with {wrong:?}"),
            "JSON pointers like \"/url\"",
        )),
        None => Ok(pointers),
    }
}

/// A table, or JSON as text. Whether it is a good JSON Schema, the host finds out.
fn schema(settings: &Settings) -> Result<String, SettingError> {
    const EXPECTED: &str = "a JSON Schema";
    let schema = match settings.get("schema") {
        Some(SettingValue::Text(text)) => serde_json::from_str(text).map_err(|error| {
            SettingError::new("schema", "text", format_args!("{EXPECTED} as JSON: {error}"))
        })?,
        _ => settings.value("schema", EXPECTED)?.unwrap_or(Value::Bool(true)),
    };
    if schema.is_object() || schema.is_boolean() {
        return Ok(schema.to_string());
    }
    Err(SettingError::new("schema", schema, EXPECTED))
}
