//! Sins of `rank`.

use hinny_plugin::bindings::ranker::exports::hinny::plugin::ranker::{Column, ColumnValues};

use crate::{Batch, RankError, Sin};

pub(crate) const SINS: [&str; 21] = [
    "spin-in-rank",
    "spin-after",
    "spin-on-poison",
    "allocate",
    "recurse",
    "trap",
    "panic",
    "trap-on-call",
    "trap-on-poison",
    "too-few",
    "too-many",
    "none-at-all",
    "huge-list",
    "growing-list",
    "too-high",
    "too-low",
    "out-of-range-on-poison",
    "differ",
    "refuse",
    "huge-refusal",
    "escapes-in-refusal",
];

pub(crate) fn rank(
    sin: &Sin,
    call: u32,
    now_ms: i64,
    batch: &Batch,
) -> Result<Vec<i64>, RankError> {
    let mut priorities = by_age(batch);
    let poisoned = poisoned(batch);
    let n = usize::try_from(sin.n).unwrap_or_default();
    match sin.name.as_str() {
        "spin-in-rank" => spoiling::spin(),
        "spin-after" if now_ms > sin.n => spoiling::spin(),
        "spin-on-poison" if !poisoned.is_empty() => spoiling::spin(),
        "allocate" => spoiling::allocate(),
        "recurse" => priorities.push(spoiling::recurse(0) as i64),
        "trap" => spoiling::trap(),
        "trap-on-call" if i64::from(call) == sin.n => spoiling::trap(),
        "trap-on-poison" if !poisoned.is_empty() => spoiling::trap(),
        "panic" => panics(),
        "too-few" => priorities.truncate(priorities.len().saturating_sub(n)),
        "too-many" => priorities.extend(std::iter::repeat_n(1, n)),
        "none-at-all" => priorities.clear(),
        "huge-list" => priorities.resize(spoiling::HUGE / size_of::<i64>(), 1),
        "growing-list" => priorities.resize(priorities.len() << call.min(20), 1),
        "too-high" => replace_last(&mut priorities, 1 << 53),
        "too-low" => replace_last(&mut priorities, -(1 << 53)),
        "out-of-range-on-poison" => poisoned.iter().for_each(|at| {
            priorities.get_mut(*at).into_iter().for_each(|priority| *priority = i64::MAX);
        }),
        "differ" => priorities.iter_mut().for_each(|priority| *priority += i64::from(call)),
        "refuse" => return Err(RankError::BadInput("the stars are not right".to_owned())),
        "huge-refusal" => return Err(RankError::BadInput(spoiling::huge_text())),
        "escapes-in-refusal" => {
            return Err(RankError::Other("\u{1b}[31mred\u{7}\r\nINFO all is well".to_owned()));
        }
        _ => {}
    }
    Ok(priorities)
}

/// What is right: the time of creation in seconds.
pub(crate) fn by_age(batch: &Batch) -> Vec<i64> {
    match batch.columns.first().map(|column| &column.values) {
        Some(ColumnValues::Integers(created)) => created.iter().map(|ms| ms / 1000).collect(),
        _ => vec![0; batch.len as usize],
    }
}

/// Where `/poison` is true.
fn poisoned(batch: &Batch) -> Vec<usize> {
    let Some(Column { values: ColumnValues::Flags(flags), absent }) = batch.columns.get(1) else {
        return Vec::new();
    };
    let is_poisoned = |at: &usize| !absent.contains(&(*at as u32));
    let flagged = flags.iter().enumerate().filter(|(_, flag)| **flag).map(|(at, _)| at);
    flagged.filter(is_poisoned).collect()
}

fn replace_last(priorities: &mut [i64], with: i64) {
    if let Some(last) = priorities.last_mut() {
        *last = with;
    }
}

#[expect(clippy::panic, reason = "that is the sin")]
fn panics() -> ! {
    panic!("I was told to")
}

/// A batch of tasks that were pushed at these moments; those at some positions are poisoned.
#[cfg(test)]
pub(crate) fn batch_of(created_ms: &[i64], poisoned: &[usize]) -> Batch {
    let flags = (0..created_ms.len()).map(|at| poisoned.contains(&at)).collect();
    Batch {
        len: created_ms.len() as u32,
        columns: vec![
            Column { values: ColumnValues::Integers(created_ms.to_vec()), absent: Vec::new() },
            Column { values: ColumnValues::Flags(flags), absent: Vec::new() },
        ],
    }
}
