//! Whether a text is a JSON document that hinny can read, without keeping what it says.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// A JSON document, read and forgotten.
///
/// Unlike `IgnoredAny` it is read as everything else reads it: nested no deeper than the reader
/// goes. Otherwise a document could be taken here, and be unreadable ever after.
#[derive(Debug)]
pub(super) struct Document;

impl Document {
    /// Reads a text; the error says what is wrong, where.
    pub(super) fn check(text: &str) -> serde_json::Result<()> {
        serde_json::from_str::<Self>(text).map(drop)
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON document")
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Document, E> {
        Ok(Document)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Document, E> {
        Ok(Document)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Document, E> {
        Ok(Document)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Document, E> {
        Ok(Document)
    }

    fn visit_str<E>(self, _: &str) -> Result<Document, E> {
        Ok(Document)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Document, A::Error> {
        while list.next_element::<Document>()?.is_some() {}
        Ok(Document)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Document, A::Error> {
        while table.next_entry::<Document, Document>()?.is_some() {}
        Ok(Document)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_taken_is_what_can_be_read() {
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let deep = [nested(100), nested(127), nested(128), nested(100_000)];
        let flat = [
            r#"{"a": [1, -2, 3.5, "x", true, null]}"#,
            "7",
            r#""\ud800""#,
            "1e999",
            "",
            "{",
            "[1,]",
            "{1: 2}",
            "1 2",
        ];
        for text in deep.iter().map(String::as_str).chain(flat) {
            let read = serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
            let checked = Document::check(text).map_err(|error| error.to_string());
            assert_eq!(checked, read.map(drop), "{text:.50}");
        }
    }
}
