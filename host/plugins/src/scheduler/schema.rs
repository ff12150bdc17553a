//! The JSON Schema of a scheduler's tasks.

use std::{fmt, sync::Arc};

use hinny_core::scheduler::Rejection;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::text;

/// Longest schema, in bytes.
const SCHEMA_BYTES: usize = 1 << 20;

/// Longest reason, in bytes: it may repeat a part of the data.
const REASON_BYTES: usize = 500;

/// A compiled schema.
pub(crate) struct Schema {
    validator: Validator,
    document: Arc<Value>,
}

impl Schema {
    /// Compiles a schema; the error says what is wrong with it.
    pub(super) fn compile(text: &str) -> Result<Self, String> {
        if text.len() > SCHEMA_BYTES {
            return Err(format!(
                "its data schema has {} bytes, at most {SCHEMA_BYTES} are allowed",
                text.len()
            ));
        }
        let document: Value = serde_json::from_str(text)
            .map_err(|error| format!("its data schema is not JSON: {error}"))?;
        let validator = jsonschema::options()
            // Patterns come from a plugin and meet data from outside: no backtracking.
            .with_pattern_options(PatternOptions::regex())
            .offline()
            .build(&document)
            .map_err(|error| {
                let why = text::shown(&error.to_string(), REASON_BYTES);
                let place = text::shown(error.instance_path().as_str(), REASON_BYTES);
                format!("its data schema is not a JSON Schema: {why}, at `{place}`")
            })?;
        Ok(Self { validator, document: Arc::new(document) })
    }

    pub(super) fn document(&self) -> &Arc<Value> {
        &self.document
    }

    /// Checks data as it was sent; the rejection is of the first thing that does not fit.
    pub(crate) fn check(&self, data: &str) -> Result<(), Rejection> {
        let document: Value = serde_json::from_str(data).map_err(|error| Rejection {
            reason: format!("not a JSON document: {error}"),
            field: String::new(),
        })?;
        self.validator.validate(&document).map_err(|error| Rejection {
            reason: text::shown(&error.to_string(), REASON_BYTES),
            field: text::shown(error.instance_path().as_str(), REASON_BYTES),
        })
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").field("document", &self.document).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan() -> Schema {
        Schema::compile(
            r#"{"type": "object", "required": ["host"],
                "properties": {"host": {"type": "string"}, "ports": {"items": {"maximum": 65535}}}}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_rejection_names_the_place_and_the_cure() {
        let rejected = |data| scan().check(data).unwrap_err();
        let port = rejected(r#"{"host": "a", "ports": [80, 70000]}"#);
        assert_eq!(
            (port.field.as_str(), port.reason.as_str()),
            ("/ports/1", "70000 is greater than the maximum of 65535")
        );
        assert_eq!(rejected("{}").reason, r#""host" is a required property"#);
        assert!(rejected("{").reason.starts_with("not a JSON document: EOF"));
        assert_eq!(scan().check(r#"{"host": "a"}"#), Ok(()));
    }

    #[test]
    fn names_of_places_are_bounded_and_nothing_that_a_terminal_obeys() {
        let refused =
            Schema::compile(r#"{"properties": {"\u001b[31m": {"type": 5}}}"#).unwrap_err();
        assert!(refused.ends_with(r"at `/properties/\u{1b}[31m/type`"), "{refused}");
        let schema = Schema::compile(r#"{"additionalProperties": {"type": "null"}}"#).unwrap();
        let data = format!(r#"{{"{}\u0007": 1}}"#, "x".repeat(1 << 20));
        let rejected = schema.check(&data).unwrap_err();
        assert!(rejected.field.len() < 2 * REASON_BYTES, "{} bytes", rejected.field.len());
        assert_eq!(schema.check(r#"{"\u0007": 1}"#).unwrap_err().field, r"/\u{7}");
    }

    #[test]
    fn a_schema_that_cannot_be_used_is_refused() {
        let refused = |text| Schema::compile(text).unwrap_err();
        assert!(refused("{").starts_with("its data schema is not JSON:"));
        let bad_type = refused(r#"{"type": "strin"}"#);
        assert!(bad_type.starts_with("its data schema is not a JSON Schema:"), "{bad_type}");
        // Nothing is fetched: a schema elsewhere is refused, not looked for.
        let elsewhere = refused(r#"{"$ref": "http://127.0.0.1:1/schema.json"}"#);
        assert!(elsewhere.starts_with("its data schema is not a JSON Schema:"), "{elsewhere}");
    }

    #[test]
    fn a_pattern_that_would_backtrack_for_ever_is_matched_in_linear_time() {
        let schema = Schema::compile(r#"{"pattern": "^(a+)+$"}"#).unwrap();
        let data = format!("\"{}!\"", "a".repeat(50_000));
        assert!(schema.check(&data).is_err());
    }
}
