//! Documents as values of filters.

use serde_json::Value;

/// Most values in the documents that one filter compares with. Each is a piece of the statement,
/// and the time to plan it grows with their square: 64 take a millisecond, 4000 take seconds.
pub(crate) const JSON_NODES_MAX: usize = 64;

/// Most levels in a document to compare with. Each is some twenty of the 1000 that an expression
/// may have.
pub(crate) const JSON_DEPTH_MAX: usize = 16;

/// The object or list that a value is, or that its text is.
pub(crate) fn json_of(value: &Value) -> Option<Value> {
    let is_container = |value: &Value| value.is_object() || value.is_array();
    match value {
        Value::String(text) => {
            let begins_like_one = text.trim_start().starts_with(['{', '[']);
            let document = begins_like_one.then(|| serde_json::from_str(text).ok()).flatten();
            document.filter(is_container)
        }
        value if is_container(value) => Some(value.clone()),
        _ => None,
    }
}

/// How many values a document holds, itself included.
pub(crate) fn nodes(document: &Value) -> usize {
    1 + match document {
        Value::Array(items) => items.iter().map(nodes).sum::<usize>(),
        Value::Object(fields) => fields.values().map(nodes).sum(),
        _ => 0,
    }
}

/// How deep a document goes; a bare value is 1 deep.
pub(crate) fn depth(document: &Value) -> usize {
    1 + match document {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
