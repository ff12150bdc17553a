//! Values on their way in, checked one by one.
//!
//! What arrives is read field by field rather than into structs at once, for three reasons: an
//! answer of 422 lists everything that is wrong and not the first thing only; it names place, value
//! and rule without guessing them from the text of a parser's error; and documents inside a body
//! (`data`) are passed on as they came, never parsed. The forms taken are those of the older
//! scheduler: numbers as text, integral floats for integers, UUIDs with or without hyphens, dates.

mod documents;
mod fields;
mod names;
mod numbers;
mod problem;

use std::borrow::Cow;

use serde_json::{Value, value::RawValue};

pub(crate) use documents::{Document, JsonText};
pub(crate) use fields::{Fields, FromFields, Members};
pub(crate) use names::Limited;
pub(crate) use numbers::Seconds;
pub(crate) use problem::{Noted, Place, Problem, Problems};

/// A value as it came.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Input<'a> {
    /// Text of a path, a query or a header.
    Text(&'a str),
    /// A piece of JSON.
    Json(&'a RawValue),
}

/// What kind of value it is.
#[derive(Debug)]
pub(crate) enum Form<'a> {
    Null,
    Bool(bool),
    Number(&'a str),
    Text(Cow<'a, str>),
    Array(&'a RawValue),
    Object(&'a RawValue),
}

/// A type that can be read from a value.
pub(crate) trait FromInput: Sized {
    /// Reads it; when it does not fit, notes why.
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted>;
}

impl<'a> Input<'a> {
    /// Longest value that is shown in an answer, in bytes of JSON.
    const SHOWN_MAX: usize = 1024;

    /// What kind of value it is.
    pub(crate) fn form(self) -> Form<'a> {
        let raw = match self {
            Self::Text(text) => return Form::Text(Cow::Borrowed(text)),
            Self::Json(raw) => raw,
        };
        let text = raw.get();
        match text.as_bytes().first() {
            Some(b'"') => Form::Text(unquoted(text)),
            Some(b'{') => Form::Object(raw),
            Some(b'[') => Form::Array(raw),
            Some(b'n') => Form::Null,
            Some(b't') => Form::Bool(true),
            Some(b'f') => Form::Bool(false),
            _ => Form::Number(text),
        }
    }

    /// The value for an answer that shows it, cut when it is long.
    pub(crate) fn shown(self) -> Value {
        let raw = match self {
            Self::Text(text) => return Value::String(cut(text)),
            Self::Json(raw) => raw,
        };
        if raw.get().len() > Self::SHOWN_MAX {
            return Value::String(cut(raw.get()));
        }
        serde_json::from_str(raw.get()).unwrap_or_else(|_| Value::String(cut(raw.get())))
    }
}

/// A JSON string without its quotes; most have no escapes and are not copied.
fn unquoted(text: &str) -> Cow<'_, str> {
    let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
    if inner.contains('\\') {
        // The parser has accepted it; only a lone surrogate cannot be a string, and is shown as it is.
        return serde_json::from_str(text).map_or(Cow::Borrowed(inner), Cow::Owned);
    }
    Cow::Borrowed(inner)
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(Input::SHOWN_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
