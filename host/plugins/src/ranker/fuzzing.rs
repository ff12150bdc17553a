//! What a ranker answers, for the fuzzer.

use hinny_core::{Priority, input::InputSpec, ranker::FailureKind};

use super::{
    answer::{explanations, priorities},
    description::RankerDescription,
};
use crate::{
    bindings::ranker::exports::hinny::plugin::ranker as wit,
    call::CallError,
    fuzzing::{Lines, assert_readable, small},
};

/// Priorities of a batch: taken as they are, or not at all.
pub(crate) fn rank(said: &mut Lines<'_>) {
    let len: usize = said.number();
    let said = said.all(usize::MAX, Lines::number::<i64>);
    let good = said.len() == len && said.iter().all(|priority| Priority(*priority).in_range());
    match priorities(said.clone(), len) {
        Ok(taken) => {
            assert!(good, "{said:?} was taken");
            assert!(taken.iter().map(|priority| priority.0).eq(said));
        }
        Err(error) => {
            assert!(!good, "{said:?} was refused: {error:?}");
            let expected =
                if said.len() == len { FailureKind::OutOfRange } else { FailureKind::WrongLength };
            assert_eq!(error.kind, expected);
            assert_readable(&error.message);
        }
    }
}

/// Explanations of a batch.
pub(crate) fn explain(said: &mut Lines<'_>) {
    let (len, limits) = (said.number(), small());
    let said = said.all(8, |said| wit::Explanation {
        priority: said.number(),
        note: said.maybe(),
        terms: (0..said.number::<u8>() % 6).map(|_| term(said)).collect(),
    });
    match explanations(said, len, &limits) {
        Ok(taken) => {
            assert_eq!(taken.len(), len);
            for explanation in taken {
                assert!(explanation.priority.in_range());
                assert!(explanation.terms.len() <= limits.explanation_terms as usize);
                explanation.note.iter().for_each(|note| assert_readable(note));
                for term in explanation.terms {
                    assert!(term.contribution.is_finite());
                    assert_readable(&term.label);
                    term.input.iter().for_each(|input| assert_readable(input));
                }
            }
        }
        Err(error) => assert_readable(&error.message),
    }
}

fn term(said: &mut Lines<'_>) -> wit::Term {
    wit::Term { label: said.text(), contribution: said.number(), input: said.maybe() }
}

/// What a ranker says of itself.
pub(crate) fn describe(said: &mut Lines<'_>) {
    let said = wit::Descriptor {
        name: said.text(),
        version: said.text(),
        refresh: match said.letter() {
            Some('n') => wit::Refresh::Never,
            Some('o') => wit::Refresh::Other(said.text()),
            _ => wit::Refresh::EveryMs(said.number()),
        },
        inputs: said.all(100, input),
    };
    let described: Result<RankerDescription, CallError> = said.try_into();
    match described {
        Ok(description) => {
            assert_readable(&description.title.text);
            assert!(description.refresh.is_none_or(|every| every.as_secs() >= 1));
            assert!(description.inputs.len() <= InputSpec::MAX_INPUTS);
            let mut names: Vec<_> = description.inputs.iter().map(|input| &input.name).collect();
            for name in &names {
                assert_readable(name);
            }
            names.sort();
            names.dedup();
            assert_eq!(names.len(), description.inputs.len(), "each has a name of its own");
        }
        Err(error) => assert_readable(&error.message),
    }
}

fn input(said: &mut Lines<'_>) -> wit::Input {
    wit::Input {
        name: said.text(),
        source: match said.letter() {
            Some('c') => wit::InputSource::CreatedAt,
            Some('w') => wit::InputSource::Wait,
            Some('b') => wit::InputSource::BasePriority,
            Some('a') => wit::InputSource::Attempts,
            Some('o') => wit::InputSource::Organisation,
            Some('t') => wit::InputSource::TaskType,
            Some('l') => wit::InputSource::LastRunAt,
            Some('s') => wit::InputSource::LastRunStatus,
            Some('d') => wit::InputSource::LastRunDuration,
            Some('?') => wit::InputSource::Other(said.text()),
            _ => wit::InputSource::Pointer(said.text()),
        },
        kind: match said.letter() {
            Some('i') => wit::InputType::Integer,
            Some('f') => wit::InputType::Float,
            Some('b') => wit::InputType::Flag,
            _ => wit::InputType::Text,
        },
    }
}
