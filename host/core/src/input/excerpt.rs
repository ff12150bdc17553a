//! The places of a document that anybody reads, so that the rest need not be built.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// Places in a document, as a tree of keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpt {
    /// All of it is read.
    whole: bool,
    parts: BTreeMap<String, Excerpt>,
}

impl Excerpt {
    /// What these JSON pointers (RFC 6901) lead to.
    pub fn of<'a>(pointers: impl IntoIterator<Item = &'a str>) -> Self {
        let mut excerpt = Self::default();
        for pointer in pointers {
            let mut at = &mut excerpt;
            // Before the first `/` there is nothing.
            for key in pointer.split('/').skip(1) {
                at = at.parts.entry(key.replace("~1", "/").replace("~0", "~")).or_default();
            }
            at.whole = true;
        }
        excerpt
    }

    /// Reads these places of a JSON document: pointers to them find in the answer what they find in
    /// the whole document, and nothing elsewhere. Null when the text is not JSON.
    pub fn read(&self, document: &str) -> Value {
        if !self.whole && self.parts.is_empty() {
            return Value::Null;
        }
        self.deserialize(&mut serde_json::Deserializer::from_str(document)).unwrap_or(Value::Null)
    }
}

impl<'de> DeserializeSeed<'de> for &Excerpt {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.whole {
            Value::deserialize(deserializer)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for &Excerpt {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(part) = map.next_key_seed(Key(self))? {
            match part {
                Some((key, part)) => {
                    read.insert(key.to_owned(), map.next_value_seed(part)?);
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(Value::Object(read))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        loop {
            let next = match self.parts.get(&read.len().to_string()) {
                Some(part) => list.next_element_seed(part)?,
                None => list.next_element::<IgnoredAny>()?.map(|_| Value::Null),
            };
            match next {
                Some(value) => read.push(value),
                None => return Ok(Value::Array(read)),
            }
        }
    }

    // Nothing is below these.

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E>(self, _: &str) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

/// Finds the part with a key, if it is read.
struct Key<'a>(&'a Excerpt);

impl<'a, 'de> DeserializeSeed<'de> for Key<'a> {
    type Value = Option<(&'a str, &'a Excerpt)>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Key<'a> {
    type Value = Option<(&'a str, &'a Excerpt)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.parts.get_key_value(key).map(|(key, part)| (key.as_str(), part)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn pointers_find_what_they_find_in_the_whole() {
        let document = json!({
            "a": {"b": [1, {"c": "x"}, [2]], "~/": true}, "other": {"long": [1, 2, 3]}, "n": null, "s": "text",
        });
        let pointers = [
            "/a/b/1/c",
            "/a/b/2/0",
            "/a/~0~1",
            "/a/b/9",
            "/a/b/01",
            "/s/deeper",
            "/n",
            "/missing/x",
            "/s",
        ];
        let read = Excerpt::of(pointers).read(&document.to_string());
        for pointer in pointers {
            assert_eq!(read.pointer(pointer), document.pointer(pointer), "{pointer}");
        }
        assert_eq!(read.pointer("/other"), None, "nobody reads it");
    }

    #[test]
    fn the_empty_pointer_is_the_whole_document() {
        let document = json!({"a": 1, "b": [2]});
        assert_eq!(Excerpt::of(["", "/a"]).read(&document.to_string()), document);
    }

    #[test]
    fn no_pointer_reads_nothing_and_what_is_not_json_is_null() {
        assert_eq!(Excerpt::of([]).read("{\"a\": 1}"), Value::Null);
        assert_eq!(Excerpt::of(["/a"]).read("{\"a\": "), Value::Null);
    }

    #[test]
    fn of_a_key_that_is_there_twice_the_last_counts() {
        let text = r#"{"a": {"b": 1}, "a": {"c": 2}}"#;
        let whole: Value = serde_json::from_str(text).unwrap();
        let read = Excerpt::of(["/a/b", "/a/c"]).read(text);
        assert_eq!(read.pointer("/a/b"), whole.pointer("/a/b"));
        assert_eq!(read.pointer("/a/c"), whole.pointer("/a/c"));
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[ab/~\"]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            let object = proptest::collection::btree_map("[ab0/~]{0,2}", inner.clone(), 0..4);
            prop_oneof![
                proptest::collection::vec(inner, 0..4).prop_map(Value::from),
                object.prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_pointer_finds_what_it_finds_in_the_whole(
            document in documents(),
            pointers in proptest::collection::vec("(/(a|b|0|1|~0|~1|ab){0,2}){0,3}", 0..5),
        ) {
            let read = Excerpt::of(pointers.iter().map(String::as_str)).read(&document.to_string());
            let whole: Value = serde_json::from_str(&document.to_string()).unwrap();
            for pointer in &pointers {
                prop_assert_eq!(read.pointer(pointer), whole.pointer(pointer), "{}", pointer);
            }
        }
    }
}
