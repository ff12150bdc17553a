//! JSON inside of JSON: documents that are passed on, lists, and values that may be null.

use serde_json::{Value, value::RawValue};

use super::{Form, FromInput, Input, Noted, Place, Problems};

/// Any JSON.
impl FromInput for Value {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        match input {
            Input::Text(text) => Ok(Self::String(text.to_owned())),
            Input::Json(raw) => parsed(raw.get(), input, place, problems),
        }
    }
}

/// Any JSON, written as the text of a parameter.
#[derive(Debug)]
pub(crate) struct JsonText(pub(crate) Value);

impl FromInput for JsonText {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let text = match input {
            Input::Text(text) => text,
            Input::Json(raw) => raw.get(),
        };
        parsed(text, input, place, problems).map(Self)
    }
}

fn parsed(
    text: &str,
    input: Input<'_>,
    place: &Place<'_>,
    problems: &mut Problems,
) -> Result<Value, Noted> {
    serde_json::from_str(text).or_else(|error| {
        let msg = format!("Input should be JSON that can be read: {error}");
        problems.note(place, "json_invalid", msg, input)
    })
}

/// Any JSON, as it came.
impl FromInput for Box<RawValue> {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        match input {
            Input::Json(raw) if depth(raw.get()) <= DEPTH_MAX => Ok(raw.to_owned()),
            Input::Json(_) => {
                let msg = format!("Input should be nested at most {DEPTH_MAX} levels deep");
                problems.note(place, "too_deep", msg, input)
            }
            Input::Text(_) => problems.note(place, "json_type", "Input should be JSON", input),
        }
    }
}

/// A JSON object that is passed on as it came: the data of a task.
#[derive(Debug)]
pub(crate) struct Document(pub(crate) Box<RawValue>);

impl FromInput for Document {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        if matches!(input.form(), Form::Object(_)) {
            return Box::read(input, place, problems).map(Self);
        }
        let msg = "Input should be a valid dictionary, such as {\"target\": \"example.com\"}";
        problems.note(place, "dict_type", msg, input)
    }
}

/// Deepest nesting of a document. Readers further on give up at 128.
const DEPTH_MAX: usize = 100;

/// How deep valid JSON is nested.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

impl<T: FromInput> FromInput for Vec<T> {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let Form::Array(raw) = input.form() else {
            return problems.note(place, "list_type", "Input should be a valid list", input);
        };
        // The outer parser has been over it, so it is a list.
        let entries: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
        let mut read = Self::with_capacity(entries.len());
        for (at, entry) in entries.into_iter().enumerate() {
            // An entry that does not fit is noted; the rest is read to note what else does not.
            read.extend(T::read(Input::Json(entry), &place.entry(at), problems).ok());
        }
        Ok(read)
    }
}

/// Null, or a value.
impl<T: FromInput> FromInput for Option<T> {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        match input.form() {
            Form::Null => Ok(None),
            _ => T::read(input, place, problems).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::depth;

    #[test]
    fn depth_counts_brackets_outside_of_text() {
        assert_eq!(depth(r#"{"a": [1, {"b": "[[\"[["}], "c": "\\"}"#), 3);
        assert_eq!(depth("1"), 0);
    }
}
