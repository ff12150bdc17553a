//! What makes two tasks the same work: a stable hash of what matters about them.
//!
//! The hash is the first 32 hex digits of a SHA-256 over parts. Each part is framed by its length
//! (`5:hello`), so that no two lists of parts read the same; JSON is put into a canonical form
//! first, so that order, spaces and ways to write a number do not matter:
//!
//! ```
//! use hinny_plugin::identity::Identity;
//! use serde_json::json;
//!
//! let one = Identity::new().text("acme").json(&json!({"a": 1, "b": 2})).finish();
//! let two = Identity::new().text("acme").json(&json!({"b": 2.0, "a": 1})).finish();
//! assert_eq!(one, two);
//! // printf '4:acme13:{"a":1,"b":2}' | sha256sum | cut -c-32
//! assert_eq!(one, "0dea90a3b9a18fa2b9c57f501e6d02e1");
//! ```

use std::fmt::Write as _;

use serde_json::{Number, Value};
use sha2::{Digest as _, Sha256};

/// A hash in the making.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    hasher: Sha256,
}

impl Identity {
    /// Starts without any part.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text.
    #[must_use]
    pub fn text(mut self, part: &str) -> Self {
        self.hasher.update(part.len().to_string());
        self.hasher.update(b":");
        self.hasher.update(part);
        self
    }

    /// Adds JSON, in canonical form.
    #[must_use]
    pub fn json(self, part: &Value) -> Self {
        self.text(&canonical(part))
    }

    /// Adds a part that is not there. It differs from every part that is, null too.
    #[must_use]
    pub fn nothing(mut self) -> Self {
        self.hasher.update(b"-");
        self
    }

    /// The hash: 32 hex digits.
    pub fn finish(self) -> String {
        let digest = self.hasher.finalize();
        digest.iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// JSON without spaces, with sorted names, and whole numbers written as such.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(at, text);
                write_canonical(item, text);
            }
            text.push(']');
        }
        Value::Object(table) => {
            // Sorted here, whatever the map does: a feature of serde_json decides on that.
            let mut entries: Vec<_> = table.iter().collect();
            entries.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (at, (name, item)) in entries.into_iter().enumerate() {
                separate(at, text);
                let _ = write!(text, "{}:", Value::from(name.as_str()));
                write_canonical(item, text);
            }
            text.push('}');
        }
        Value::Number(number) => write_number(number, text),
        plain => {
            let _ = write!(text, "{plain}");
        }
    }
}

fn separate(at: usize, text: &mut String) {
    if at > 0 {
        text.push(',');
    }
}

/// 2.0 is an integer to people, and to JSON.
fn write_number(number: &Number, text: &mut String) {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    let whole = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < EXACT_MAX);
    let _ = match whole {
        Some(float) if number.is_f64() => write!(text, "{}", float as i64),
        _ => write!(text, "{number}"),
    };
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_canonical_form_is_sorted_and_without_spaces() {
        let value = json!({"z": [1.0, -0.5, true, null], "a": {"é": "\n", "b": 1e300}});
        assert_eq!(canonical(&value), r#"{"a":{"b":1e+300,"é":"\n"},"z":[1,-0.5,true,null]}"#);
    }

    #[test]
    fn parts_cannot_be_mistaken_for_one_another() {
        let hash = |parts: &[&str]| {
            parts.iter().fold(Identity::new(), |identity, part| identity.text(part)).finish()
        };
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
        assert_ne!(hash(&["a"]), hash(&["a", ""]));
        assert_ne!(Identity::new().nothing().finish(), Identity::new().finish());
        assert_ne!(Identity::new().nothing().finish(), Identity::new().json(&Value::Null).finish());
    }
}
