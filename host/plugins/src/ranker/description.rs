//! What a ranker says of itself, checked.

use std::{sync::Arc, time::Duration};

use hinny_core::{
    input::{InputSource, InputSpec, InputType},
    ranker::FailureKind,
};

use crate::{
    bindings::ranker::exports::hinny::plugin::ranker as wit,
    call::{Call, CallError},
    text,
    title::Title,
};

/// Longest name of an input, and longest pointer, in bytes.
const INPUT_BYTES: usize = 256;

/// Shortest time between two rankings of everything.
const REFRESH_MS_MIN: u64 = 1_000;

/// What a ranker says of itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RankerDescription {
    pub(crate) title: Title,
    pub(crate) inputs: Arc<[InputSpec]>,
    pub(crate) refresh: Option<Duration>,
}

impl TryFrom<wit::Descriptor> for RankerDescription {
    type Error = CallError;

    fn try_from(said: wit::Descriptor) -> Result<Self, CallError> {
        let wrong = |why: String| CallError::new(Call::Describe, FailureKind::OutOfRange, why);
        let title = Title::new(&said.name, &said.version).map_err(wrong)?;
        let inputs = inputs(said.inputs).map_err(wrong)?;
        let refresh = refresh(&said.refresh).map_err(wrong)?;
        Ok(Self { title, inputs, refresh })
    }
}

fn inputs(said: Vec<wit::Input>) -> Result<Arc<[InputSpec]>, String> {
    if said.len() > InputSpec::MAX_INPUTS {
        return Err(too_many(said.len()));
    }
    let specs = said.into_iter().map(input).collect::<Result<Vec<_>, _>>()?;
    InputSpec::check_all(&specs).map_err(|error| error.to_string())?;
    let mut names: Vec<_> = specs.iter().map(|spec| spec.name.as_str()).collect();
    names.sort_unstable();
    if let Some(name) = names.windows(2).find_map(|pair| match pair {
        [left, right] if left == right => Some(*left),
        _ => None,
    }) {
        return Err(format!("input `{name}` is declared twice"));
    }
    Ok(specs.into())
}

fn too_many(got: usize) -> String {
    hinny_core::input::InputError::TooMany { got, max: InputSpec::MAX_INPUTS }.to_string()
}

fn input(said: wit::Input) -> Result<InputSpec, String> {
    let name = bounded(said.name, "the name of an input")?;
    if name.is_empty() {
        return Err("an input has no name".to_owned());
    }
    let source = match said.source {
        wit::InputSource::CreatedAt => InputSource::CreatedAt,
        wit::InputSource::Wait => InputSource::Wait,
        wit::InputSource::BasePriority => InputSource::BasePriority,
        wit::InputSource::Attempts => InputSource::Attempts,
        wit::InputSource::Organisation => InputSource::Organisation,
        wit::InputSource::TaskType => InputSource::TaskType,
        wit::InputSource::LastRunAt => InputSource::LastRunAt,
        wit::InputSource::LastRunStatus => InputSource::LastRunStatus,
        wit::InputSource::LastRunDuration => InputSource::LastRunDuration,
        wit::InputSource::Pointer(pointer) => InputSource::Pointer(bounded(pointer, "a pointer")?),
        wit::InputSource::Other(other) => {
            return Err(format!(
                "input `{name}`: this host does not know the source `{}`; hint: use a newer hinny, or another source",
                text::shown(&other, INPUT_BYTES)
            ));
        }
    };
    let kind = match said.kind {
        wit::InputType::Integer => InputType::Integer,
        wit::InputType::Float => InputType::Float,
        wit::InputType::Text => InputType::Text,
        wit::InputType::Flag => InputType::Flag,
    };
    Ok(InputSpec { name, source, kind })
}

fn bounded(said: String, what: &str) -> Result<String, String> {
    if said.len() <= INPUT_BYTES && text::is_plain(&said) {
        return Ok(said);
    }
    Err(format!(
        "{what} is `{}`, expected at most {INPUT_BYTES} bytes without control characters",
        text::shown(&said, NAME_SHOWN)
    ))
}

/// How much of a name that is refused is shown, in bytes.
const NAME_SHOWN: usize = 64;

fn refresh(said: &wit::Refresh) -> Result<Option<Duration>, String> {
    match said {
        wit::Refresh::Never => Ok(None),
        wit::Refresh::EveryMs(every) if *every >= REFRESH_MS_MIN => {
            Ok(Some(Duration::from_millis(*every)))
        }
        wit::Refresh::EveryMs(every) => {
            Err(format!("its refresh is every {every} ms, expected at least {REFRESH_MS_MIN}"))
        }
        wit::Refresh::Other(other) => Err(format!(
            "this host does not know the refresh `{}`; hint: use a newer hinny, or `never`",
            text::shown(other, INPUT_BYTES)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(source: wit::InputSource, refresh: wit::Refresh) -> Result<(), String> {
        let input = wit::Input { name: "x".to_owned(), source, kind: wit::InputType::Integer };
        let said = wit::Descriptor {
            name: "r".to_owned(),
            version: "1.0.0".to_owned(),
            inputs: vec![input],
            refresh,
        };
        RankerDescription::try_from(said).map(drop).map_err(|error| error.message)
    }

    #[test]
    fn what_a_later_version_may_say_is_refused_by_name() {
        let refused = described(wit::InputSource::Other("mood".to_owned()), wit::Refresh::Never);
        assert_eq!(
            refused.unwrap_err(),
            "input `x`: this host does not know the source `mood`; hint: use a newer hinny, or another source"
        );
        let refused = described(wit::InputSource::Wait, wit::Refresh::Other("moon".to_owned()));
        assert!(refused.unwrap_err().contains("does not know the refresh `moon`"));
    }

    #[test]
    fn a_refresh_under_a_second_is_refused() {
        let refused = described(wit::InputSource::Wait, wit::Refresh::EveryMs(999));
        assert_eq!(refused.unwrap_err(), "its refresh is every 999 ms, expected at least 1000");
        assert_eq!(described(wit::InputSource::Wait, wit::Refresh::EveryMs(1000)), Ok(()));
    }

    #[test]
    fn one_input_name_for_two_things_is_refused() {
        let input =
            |source| wit::Input { name: "x".to_owned(), source, kind: wit::InputType::Integer };
        let both = vec![input(wit::InputSource::Wait), input(wit::InputSource::Attempts)];
        assert_eq!(inputs(both).unwrap_err(), "input `x` is declared twice");
    }
}
