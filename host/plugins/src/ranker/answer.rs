//! What a ranker answers, checked before anybody believes it.

use hinny_core::{
    Priority,
    ranker::{Explanation, FailureKind, Term},
};

use crate::{
    bindings::ranker::exports::hinny::plugin::ranker as wit,
    call::{Call, CallError},
    limits::Limits,
    text,
};

/// The priorities of a batch of `len` tasks.
pub(super) fn priorities(said: Vec<i64>, len: usize) -> Result<Vec<Priority>, CallError> {
    check_length(Call::Rank, said.len(), len)?;
    let priorities: Vec<_> = said.into_iter().map(Priority).collect();
    match priorities.iter().position(|priority| !priority.in_range()) {
        Some(at) => Err(out_of_range(Call::Rank, at, priorities.get(at).copied())),
        None => Ok(priorities),
    }
}

/// The explanations of a batch of `len` tasks.
pub(super) fn explanations(
    said: Vec<wit::Explanation>,
    len: usize,
    limits: &Limits,
) -> Result<Vec<Explanation>, CallError> {
    check_length(Call::Explain, said.len(), len)?;
    said.into_iter().enumerate().map(|(at, said)| explanation(at, said, limits)).collect()
}

fn explanation(
    at: usize,
    said: wit::Explanation,
    limits: &Limits,
) -> Result<Explanation, CallError> {
    let priority = Priority(said.priority);
    if !priority.in_range() {
        return Err(out_of_range(Call::Explain, at, Some(priority)));
    }
    let most = limits.explanation_terms as usize;
    if said.terms.len() > most {
        let why =
            format!("gave {} terms for task {at}, at most {most} are allowed", said.terms.len());
        return Err(CallError::new(Call::Explain, FailureKind::Oversized, why));
    }
    let bytes_max = limits.text_bytes as usize;
    let terms = said.terms.into_iter().map(|said| term(at, &said, bytes_max));
    Ok(Explanation {
        priority,
        terms: terms.collect::<Result<_, _>>()?,
        note: said.note.map(|note| text::shown(&note, bytes_max)),
    })
}

fn term(at: usize, said: &wit::Term, bytes_max: usize) -> Result<Term, CallError> {
    let label = text::shown(&said.label, bytes_max);
    if !said.contribution.is_finite() {
        let why = format!(
            "the contribution of `{label}` for task {at} is {}, expected a finite number",
            said.contribution
        );
        return Err(CallError::new(Call::Explain, FailureKind::OutOfRange, why));
    }
    let input = said.input.as_deref().map(|input| text::shown(input, bytes_max));
    Ok(Term { label, contribution: said.contribution, input })
}

fn check_length(call: Call, got: usize, len: usize) -> Result<(), CallError> {
    if got == len {
        return Ok(());
    }
    let why = format!("gave {got} answers for a batch of {len} tasks");
    Err(CallError::new(call, FailureKind::WrongLength, why))
}

fn out_of_range(call: Call, at: usize, priority: Option<Priority>) -> CallError {
    let priority = priority.map(|priority| priority.to_string()).unwrap_or_default();
    let why = format!(
        "priority {priority} of task {at} is out of range, expected {} to {}",
        Priority::MIN,
        Priority::MAX
    );
    CallError::new(call, FailureKind::OutOfRange, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_integer_that_clients_read_exactly_is_taken_and_no_other() {
        let (least, most) = (Priority::MIN.0, Priority::MAX.0);
        assert_eq!(priorities(vec![least, most], 2).unwrap(), [Priority::MIN, Priority::MAX]);
        for bad in [least - 1, most + 1, i64::MIN, i64::MAX] {
            let refused = priorities(vec![0, bad], 2).unwrap_err();
            assert_eq!(refused.kind, FailureKind::OutOfRange);
            assert!(refused.message.starts_with(&format!("priority {bad} of task 1 is")));
        }
    }

    #[test]
    fn a_contribution_that_is_no_number_is_refused() {
        for bad in [f64::NAN, f64::INFINITY] {
            let said = wit::Explanation {
                priority: 1,
                terms: vec![wit::Term { label: "age".to_owned(), contribution: bad, input: None }],
                note: None,
            };
            let refused = explanations(vec![said], 1, &Limits::default()).unwrap_err();
            assert!(refused.message.contains("expected a finite number"), "{refused:?}");
        }
    }
}
