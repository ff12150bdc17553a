//! `hinny config`: the configuration as it is, with the origin of each value.

use std::fmt::Write;

use serde_json::Value;

use super::{
    Loaded,
    outline::{PARTS, Part},
};

/// Widest value that the origins are lined up behind.
const VALUE_WIDTH_MAX: usize = 44;

/// What is written in place of a secret.
const MASK: &str = "***";

impl Loaded {
    /// The configuration as TOML, with the origin of each value behind it and secrets masked.
    pub fn to_toml(&self) -> String {
        let mut shown = String::from(
            "# Each value and where it comes from; later wins: default, file, environment, flag.\n",
        );
        let config = self.masked();
        for part in PARTS {
            let path: Vec<&str> = part.path.split('.').collect();
            let pointer = format!("/{}", path.join("/"));
            match config.pointer(&pointer) {
                Some(Value::Array(elements)) => {
                    for (place, element) in elements.iter().enumerate() {
                        let place = place.to_string();
                        let path: Vec<&str> = path.iter().copied().chain([&*place]).collect();
                        self.write_table(&mut shown, part, &path, element);
                    }
                }
                Some(table) => self.write_table(&mut shown, part, &path, table),
                None => {}
            }
        }
        shown
    }

    fn write_table(&self, shown: &mut String, part: &Part, path: &[&str], table: &Value) {
        let lines: Vec<(String, String)> = part
            .own_keys()
            .map(|key| {
                let path: Vec<&str> = path.iter().copied().chain([key.name]).collect();
                (assignment(key.name, table.get(key.name)), self.origins.of(&path).note())
            })
            .collect();
        let width =
            lines.iter().map(|(text, _)| text.len()).filter(|len| *len <= VALUE_WIDTH_MAX).max();
        let _ = writeln!(shown, "\n{}", part.heading());
        for (text, note) in lines {
            let _ = writeln!(shown, "{text:<width$}  # {note}", width = width.unwrap_or_default());
        }
    }

    /// The configuration without what must not be shown.
    fn masked(&self) -> Value {
        let mut config = self.config.clone();
        config.database.url = config.database.masked_url();
        config.rabbitmq.url = config.rabbitmq.masked_url();
        for dispatcher in &mut config.dispatchers {
            dispatcher.url = dispatcher.masked_url();
        }
        for token in &mut config.api.tokens {
            MASK.clone_into(&mut token.sha256);
        }
        for connector in &mut config.connectors {
            for secret in [&mut connector.token, &mut connector.password] {
                if !secret.is_empty() {
                    MASK.clone_into(secret);
                }
            }
        }
        for scheduler in &mut config.schedulers {
            mask_settings(&mut scheduler.plugin_settings);
            mask_settings(&mut scheduler.ranker_settings);
        }
        serde_json::to_value(config).unwrap_or_default()
    }
}

/// Masks the settings whose names say that they are secret, at any depth.
fn mask_settings(settings: &mut serde_json::Map<String, Value>) {
    for (name, value) in settings {
        let name = name.to_lowercase();
        if ["password", "passwd", "secret", "token", "api_key"]
            .iter()
            .any(|word| name.contains(word))
        {
            *value = MASK.into();
        } else if let Value::Object(inner) = value {
            mask_settings(inner);
        }
    }
}

/// `key = value`, or a comment where there is no value.
pub(super) fn assignment(key: &str, value: Option<&Value>) -> String {
    match value.map(literal) {
        Some(Some(text)) => format!("{key} = {text}"),
        _ => format!("# {key} is not set"),
    }
}

/// A value as TOML writes it, on one line; none for null.
pub(super) fn literal(value: &Value) -> Option<String> {
    toml::Value::try_from(value).ok().map(|value| value.to_string())
}
