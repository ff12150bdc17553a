//! Text, and what is written as text: names, ids, moments, words out of a list.

use std::fmt::Display;

use hinny_core::{
    EventId, Organisation, PluginDigest, ScheduleId, SchedulerId, TaskHash, TaskId, TaskStatus,
    TaskType, Timestamp,
    event::EventState,
    plugin::{Stage, World},
    schedule::MissedFire,
};
use uuid::Uuid;

use super::{Form, FromInput, Input, Noted, Place, Problems};

impl FromInput for String {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        match input.form() {
            Form::Text(text) => Ok(text.into_owned()),
            _ => problems.note(place, "string_type", "Input should be a valid string", input),
        }
    }
}

/// Text of at most so many bytes.
#[derive(Debug)]
pub(crate) struct Limited<const MAX: usize>(pub(crate) String);

impl<const MAX: usize> FromInput for Limited<MAX> {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let text = String::read(input, place, problems)?;
        if text.len() <= MAX {
            return Ok(Self(text));
        }
        let msg = format!("String should have at most {MAX} bytes, it has {}", text.len());
        problems.note(place, "string_too_long", msg, input)
    }
}

impl FromInput for Uuid {
    fn read(input: Input<'_>, place: &Place<'_>, problems: &mut Problems) -> Result<Self, Noted> {
        let Form::Text(text) = input.form() else {
            let msg = "UUID input should be a string, such as \
                       `01dc098e-ad0b-4908-b44b-924b752aa6eb`";
            return problems.note(place, "uuid_type", msg, input);
        };
        Self::parse_str(&text).or_else(|error| {
            let msg = format!("Input should be a valid UUID, {error}");
            problems.note(place, "uuid_parsing", msg, input)
        })
    }
}

macro_rules! from_uuid {
    ($($id:ident),*) => {$(
        impl FromInput for $id {
            fn read(
                input: Input<'_>,
                place: &Place<'_>,
                problems: &mut Problems,
            ) -> Result<Self, Noted> {
                Uuid::read(input, place, problems).map(Self)
            }
        }
    )*};
}

from_uuid!(TaskId, ScheduleId, EventId);

/// What parses from text; the error of parsing says what is expected.
macro_rules! from_text {
    ($($type:ident: $kind:literal),*) => {$(
        impl FromInput for $type {
            fn read(
                input: Input<'_>,
                place: &Place<'_>,
                problems: &mut Problems,
            ) -> Result<Self, Noted> {
                parsed(input, place, problems, $kind, |text| text.parse::<Self>())
            }
        }
    )*};
}

from_text!(
    Organisation: "value_error",
    SchedulerId: "value_error",
    TaskType: "value_error",
    TaskHash: "value_error",
    PluginDigest: "value_error",
    Stage: "value_error",
    Timestamp: "datetime_from_date_parsing"
);

fn parsed<T, E: Display>(
    input: Input<'_>,
    place: &Place<'_>,
    problems: &mut Problems,
    kind: &'static str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, Noted> {
    let Form::Text(text) = input.form() else {
        return problems.note(place, "string_type", "Input should be a valid string", input);
    };
    parse(&text).or_else(|error| problems.note(place, kind, format!("Value error, {error}"), input))
}

/// Words out of a list, in any case.
macro_rules! from_words {
    ($($type:ident: $words:expr);* $(;)?) => {$(
        impl FromInput for $type {
            fn read(
                input: Input<'_>,
                place: &Place<'_>,
                problems: &mut Problems,
            ) -> Result<Self, Noted> {
                one_of(input, place, problems, &$words)
            }
        }
    )*};
}

from_words!(
    TaskStatus: TaskStatus::ALL.map(|status| (status.as_str(), status));
    World: [World::Ranker, World::Scheduler].map(|world| (world.as_str(), world));
    MissedFire: [("once", Self::Once), ("skip", Self::Skip), ("all", Self::All)];
    EventState: [("waiting", Self::Waiting), ("quarantined", Self::Quarantined)];
);

fn one_of<T: Copy>(
    input: Input<'_>,
    place: &Place<'_>,
    problems: &mut Problems,
    words: &[(&str, T)],
) -> Result<T, Noted> {
    let form = input.form();
    let found = match &form {
        Form::Text(text) => words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)),
        _ => None,
    };
    if let Some((_, value)) = found {
        return Ok(*value);
    }
    let known: Vec<_> = words.iter().map(|(word, _)| format!("'{word}'")).collect();
    problems.note(place, "enum", format!("Input should be {}", listed(&known)), input)
}

fn listed(words: &[String]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}
