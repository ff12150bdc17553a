//! Sins of `explain`.

use crate::{Batch, Explanation, RankError, Sin, ranking};

pub(crate) const SINS: [&str; 14] = [
    "spin-in-explain",
    "trap-in-explain",
    "too-few-explanations",
    "too-many-explanations",
    "other-priority",
    "explain-out-of-range",
    "nan-term",
    "infinite-term",
    "too-many-terms",
    "huge-label",
    "huge-note",
    "unknown-input",
    "escapes-in-note",
    "refuse-in-explain",
];

pub(crate) fn explain(sin: &Sin, batch: &Batch) -> Result<Vec<Explanation>, RankError> {
    if sin.name == "refuse-in-explain" {
        return Err(RankError::Other("I do not explain myself".to_owned()));
    }
    let mut explanations: Vec<_> =
        ranking::by_age(batch).into_iter().map(|priority| spoil(sin, plain(priority))).collect();
    match sin.name.as_str() {
        "too-few-explanations" => drop(explanations.pop()),
        "too-many-explanations" => explanations.push(plain(1)),
        _ => {}
    }
    Ok(explanations)
}

fn plain(priority: i64) -> Explanation {
    Explanation::new(priority).input_term("age", priority as f64, "created")
}

fn spoil(sin: &Sin, explanation: Explanation) -> Explanation {
    match sin.name.as_str() {
        "spin-in-explain" => spoiling::spin(),
        "trap-in-explain" => spoiling::trap(),
        "other-priority" => plain(explanation.priority.saturating_add(1)),
        "explain-out-of-range" => plain(i64::MIN),
        "nan-term" => explanation.term("nothing", f64::NAN),
        "infinite-term" => explanation.term("everything", f64::NEG_INFINITY),
        "too-many-terms" => {
            (0..100_000).fold(explanation, |so_far, at| so_far.term("more", f64::from(at)))
        }
        "huge-label" => explanation.term("x".repeat(1 << 20), 1.0),
        "huge-note" => explanation.note(spoiling::huge_text()),
        "unknown-input" => explanation.input_term("moon", 1.0, "phase of the moon"),
        "escapes-in-note" => explanation.note("\u{1b}[2Jgone\u{0}"),
        _ => explanation,
    }
}
