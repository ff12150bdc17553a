//! What the fuzzer calls: see `tests/fuzz/README.md`. Each takes whatever bytes, and panics when
//! something does not hold.

mod lines;
mod upload;

pub(crate) use self::lines::Lines;
pub use self::upload::upload;
use crate::{limits::Limits, ranker, scheduler, text};

/// What a guest answers to one call, written down in lines: what the host makes of it.
///
/// What is taken keeps every limit; what is refused is refused for a reason that people can read.
pub fn answers(bytes: &[u8]) {
    let mut said = Lines::of(bytes);
    match said.letter() {
        Some('r') => ranker::fuzzing::rank(&mut said),
        Some('e') => ranker::fuzzing::explain(&mut said),
        Some('d') => ranker::fuzzing::describe(&mut said),
        Some('w') => scheduler::fuzzing::describe(&mut said),
        Some('a') => scheduler::fuzzing::admit(&mut said),
        _ => scheduler::fuzzing::handle(&mut said),
    }
}

/// Limits that a short input comes to.
pub(crate) fn small() -> Limits {
    Limits { explanation_terms: 3, commands: 6, interests: 4, text_bytes: 32, ..Limits::default() }
}

/// A text for people is bounded, and nothing that a terminal obeys.
pub(crate) fn assert_readable(shown: &str) {
    assert!(text::is_plain(shown), "it has control characters: {shown:?}");
    assert!(shown.len() <= 1 << 15, "it has {} bytes", shown.len());
}

#[cfg(test)]
#[path = "../../../tests/fuzz/kept.rs"]
mod kept;

#[test]
fn what_the_fuzzer_kept_of_uploads_holds() {
    kept::each("upload", upload);
}

#[test]
fn what_the_fuzzer_kept_of_answers_holds() {
    kept::each("answers", answers);
}
