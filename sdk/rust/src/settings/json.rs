//! Settings that hold more than one value: lists and tables.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{SettingError, SettingValue, Settings, Shown, shorten};

impl Settings {
    /// A list, or anything else that JSON can say, if it is set. A table that arrived flattened is
    /// put together again, but its names cannot hold dots. Text is not looked into.
    pub fn json<T: DeserializeOwned>(
        &self,
        key: &str,
        expected: &str,
    ) -> Result<Option<T>, SettingError> {
        let Some(value) = self.value(key, expected)? else { return Ok(None) };
        let shown = shorten(&value.to_string());
        serde_json::from_value(value)
            .map(Some)
            .map_err(|error| SettingError::new(key, shown, format_args!("{expected}: {error}")))
    }

    /// The same as a plain JSON value.
    pub fn value(&self, key: &str, expected: &str) -> Result<Option<Value>, SettingError> {
        match self.get(key) {
            Some(value) => to_json(key, value, expected).map(Some),
            None => self.gathered(key, expected),
        }
    }

    fn gathered(&self, key: &str, expected: &str) -> Result<Option<Value>, SettingError> {
        let mut root = Map::new();
        for (path, value) in self.table(key) {
            let value = to_json(key, value, expected)?;
            if !put(&mut root, path, value) {
                let place = format!("{key}.{path}");
                return Err(SettingError::new(&place, "set twice, as table and value", expected));
            }
        }
        Ok((!root.is_empty()).then_some(Value::Object(root)))
    }
}

/// Whether there was room: no value stands where the path needs a table.
fn put(root: &mut Map<String, Value>, path: &str, value: Value) -> bool {
    match path.split_once('.') {
        None => root.insert(path.to_owned(), value).is_none(),
        Some((table, rest)) => {
            let table = root.entry(table).or_insert_with(|| Value::Object(Map::new()));
            table.as_object_mut().is_some_and(|table| put(table, rest, value))
        }
    }
}

fn to_json(key: &str, value: &SettingValue, expected: &str) -> Result<Value, SettingError> {
    Ok(match value {
        SettingValue::Integer(value) => (*value).into(),
        SettingValue::Float(value) => (*value).into(),
        SettingValue::Text(value) => value.as_str().into(),
        SettingValue::Flag(value) => (*value).into(),
        SettingValue::Other(json) => serde_json::from_str(json).map_err(|error| {
            SettingError::new(key, Shown(value), format_args!("{expected}: {error}"))
        })?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flattened_table_is_put_together_again() {
        let settings = Settings::from_pairs([
            ("schema.type", "object".into()),
            ("schema.required", SettingValue::Other("[\"a\"]".to_owned())),
            ("schema.properties.a.type", "integer".into()),
        ]);
        let schema = settings.value("schema", "a JSON Schema").unwrap();
        assert_eq!(
            schema,
            Some(json!({
                "type": "object",
                "required": ["a"],
                "properties": {"a": {"type": "integer"}},
            }))
        );
    }

    #[test]
    fn a_list_of_the_wrong_type_is_told() {
        let settings = Settings::from_pairs([("sources", SettingValue::Other("[1]".to_owned()))]);
        let error = settings.json::<Vec<String>>("sources", "a list of names").unwrap_err();
        assert_eq!(
            error.to_string(),
            "setting `sources` is [1], expected a list of names: invalid type: integer `1`, \
             expected a string"
        );
    }
}
