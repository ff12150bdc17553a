//! Objects, field by field.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};

use super::{Form, FromInput, Input, Noted, Place, Problem, Problems};

/// A type that is read field by field.
pub(crate) trait FromFields: Sized {
    /// Takes the fields. Each is asked for before the first `?`, so that all problems are found.
    fn read(fields: &mut Fields<'_, '_>) -> Result<Self, Noted>;
}

/// The fields of an object, a query or a path.
#[derive(Debug)]
pub(crate) struct Fields<'a, 'p> {
    place: &'p Place<'p>,
    members: Members<'a>,
    asked: Vec<&'static str>,
    problems: &'p mut Problems,
}

/// Names with values, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, Input<'a>)>);

impl<'a> Fields<'a, '_> {
    /// A field that must be there.
    pub(crate) fn required<T: FromInput>(&mut self, name: &'static str) -> Result<T, Noted> {
        match self.find(name) {
            Some(input) => T::read(input, &self.place.field(name), self.problems),
            None => self.problems.missing(&self.place.field(name), self.members.shown()),
        }
    }

    /// A field that may be missing or null.
    pub(crate) fn optional<T: FromInput>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, Noted> {
        match self.find(name) {
            Some(input) if !matches!(input.form(), Form::Null) => {
                T::read(input, &self.place.field(name), self.problems).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// A field that may be missing; when it is there, null is a value like any other.
    pub(crate) fn given<T: FromInput>(&mut self, name: &'static str) -> Result<Option<T>, Noted> {
        match self.find(name) {
            Some(input) => T::read(input, &self.place.field(name), self.problems).map(Some),
            None => Ok(None),
        }
    }

    /// A field that may be repeated, as queries do.
    pub(crate) fn repeated<T: FromInput>(&mut self, name: &'static str) -> Result<Vec<T>, Noted> {
        self.asked.push(name);
        let all = self.members.0.iter().filter(|(key, _)| key == name);
        all.map(|(_, input)| T::read(*input, &self.place.field(name), self.problems)).collect()
    }

    /// Notes every field that was not asked for as one that may not be there.
    pub(crate) fn deny_others(&mut self) {
        for (name, input) in &self.members.0 {
            if !self.asked.contains(&name.as_ref()) {
                let msg =
                    format!("Extra inputs are not permitted, known are {}", self.asked.join(", "));
                let _: Result<(), Noted> =
                    self.problems.note(&self.place.field(name), "extra_forbidden", msg, *input);
            }
        }
    }

    /// The last one counts, as in the parsers that clients know.
    fn find(&mut self, name: &'static str) -> Option<Input<'a>> {
        self.asked.push(name);
        self.members.0.iter().rev().find(|(key, _)| key == name).map(|(_, input)| *input)
    }
}

impl<'a> Members<'a> {
    /// The fields of a JSON object, which is all of the text.
    pub(crate) fn parse(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// Reads a type from them.
    pub(crate) fn read<T: FromFields>(
        self,
        place: &Place<'_>,
        problems: &mut Problems,
    ) -> Result<T, Noted> {
        T::read(&mut Fields { place, members: self, asked: Vec::new(), problems })
    }

    /// The same, where nothing is around them.
    pub(crate) fn read_all<T: FromFields>(self, part: &str) -> Result<T, Vec<Problem>> {
        let mut problems = Problems::default();
        let read = self.read(&Place::of(part), &mut problems);
        problems.or(read)
    }

    /// For an answer that shows what was there when something was missing.
    fn shown(&self) -> Value {
        let json = |(name, input): &(Cow<'a, str>, Input<'a>)| match input {
            Input::Json(_) => Some((name.clone().into_owned(), input.shown())),
            Input::Text(_) => None,
        };
        // What is missing in a path or a query is missing in nothing.
        let all: Option<serde_json::Map<_, _>> = self.0.iter().map(json).collect();
        all.map_or(Value::Null, Value::Object)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Name(name), raw)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((name, Input::Json(raw)));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

/// A name that is copied only when it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A type that is read field by field can be a value inside of another.
impl<T: FromFields> FromInput for T {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        if let Form::Object(raw) = input.form()
            && let Ok(members) = Members::parse(raw.get().as_bytes())
        {
            return members.read(place, problems);
        }
        problems.note(
            place,
            "model_attributes_type",
            "Input should be a valid dictionary or object to extract fields from",
            input,
        )
    }
}
