//! Sample batches: what a ranker may meet, made from the inputs that it declares.

use std::{sync::Arc, time::Duration};

use hinny_core::{
    Organisation, TaskId, Timestamp,
    input::{Columns, InputRow, InputSource, InputSpec, InputTable, InputType, InputValue},
    scheduler::Draft,
};
use uuid::Uuid;

/// The moment of all samples: they must be the same each time, so it is not the present one.
pub(super) fn now() -> Timestamp {
    Timestamp::from_millis(1_767_225_600_000)
}

/// The seed of all samples.
pub(super) const SEED: u64 = 0x6869_6e6e_7921;

/// How many tasks each batch has: none, one, a few, many.
const SIZES: [usize; 4] = [0, 1, 8, 200];

const HOUR_MS: u64 = 3_600_000;

/// Sample batches for a ranker.
pub(super) fn batches(inputs: &Arc<[InputSpec]>) -> Vec<Columns> {
    of_sizes(inputs, &SIZES)
}

/// Sample batches of other sizes.
pub(super) fn of_sizes(inputs: &Arc<[InputSpec]>, sizes: &[usize]) -> Vec<Columns> {
    let mut dice = Dice(SEED);
    sizes.iter().map(|&size| batch(inputs, size, &mut dice)).collect()
}

/// A draft for a scheduler plugin.
pub(super) fn draft() -> Option<Draft> {
    Some(Draft {
        sent_id: None,
        fresh_id: TaskId(Uuid::from_u128(SEED.into())),
        organisation: Organisation::new("acme").ok()?,
        priority: None,
        data: "{}".to_owned(),
        not_before: None,
    })
}

fn batch(inputs: &Arc<[InputSpec]>, size: usize, dice: &mut Dice) -> Columns {
    let rows: Vec<(Timestamp, InputRow)> = (0..size)
        .map(|_| {
            let age = Duration::from_millis(dice.below(720 * HOUR_MS));
            let created_at = now().before(age);
            let row = inputs.iter().map(|spec| value(spec, created_at, dice)).collect();
            (created_at, row)
        })
        .collect();
    InputTable::columns_of_rows(inputs, &rows, now())
}

/// A value as the host would send it: in range, and of the kind that the source has.
fn value(spec: &InputSpec, created_at: Timestamp, dice: &mut Dice) -> InputValue {
    let ago = |dice: &mut Dice| now().as_millis() - dice.below(2_160 * HOUR_MS) as i64;
    match spec.source {
        InputSource::CreatedAt => InputValue::Integer(created_at.as_millis()),
        InputSource::Wait | InputSource::Bucket => InputValue::Integer(0),
        InputSource::Attempts => InputValue::Integer(dice.below(4) as i64),
        InputSource::Organisation | InputSource::TaskType => text(dice, &["acme", "initech", "é"]),
        _ if dice.below(4) == 0 => InputValue::Absent,
        InputSource::BasePriority => InputValue::Integer(dice.below(1_000) as i64),
        InputSource::LastRunAt => InputValue::Integer(ago(dice)),
        InputSource::LastRunStatus => text(dice, &["completed", "failed", "cancelled"]),
        InputSource::LastRunDuration => InputValue::Integer(dice.below(HOUR_MS) as i64),
        InputSource::Pointer(_) => match spec.kind {
            InputType::Integer => InputValue::Integer(dice.signed(1_000_000_000)),
            InputType::Float => InputValue::Float(dice.signed(1_000_000_000) as f64 / 1_000.0),
            InputType::Flag => InputValue::Flag(dice.below(2) == 0),
            InputType::Text => text(dice, &["", "{}", "a", "high", "été\n", LONG]),
        },
    }
}

const LONG: &str = "a text that is longer than most, so that it does not fit where short ones do, and is grown for";

fn text(dice: &mut Dice, choice: &[&str]) -> InputValue {
    let at = dice.below(choice.len() as u64) as usize;
    choice.get(at).map_or(InputValue::Absent, |text| InputValue::Text((*text).into()))
}

/// `SplitMix64`: the same numbers on every machine.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }

    fn signed(&mut self, most: u64) -> i64 {
        self.below(2 * most + 1) as i64 - most as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> Arc<[InputSpec]> {
        let spec = |source, kind| InputSpec { name: "x".to_owned(), source, kind };
        [
            spec(InputSource::CreatedAt, InputType::Integer),
            spec(InputSource::Organisation, InputType::Text),
            spec(InputSource::Pointer("/n".to_owned()), InputType::Float),
            spec(InputSource::Pointer("/t".to_owned()), InputType::Text),
        ]
        .into()
    }

    #[test]
    fn samples_are_the_same_each_time_and_none_is_empty_but_the_first() {
        let batches = batches(&inputs());
        assert_eq!(batches, super::batches(&inputs()));
        assert_eq!(batches.iter().map(|batch| batch.len).collect::<Vec<_>>(), SIZES);
        assert!(batches.iter().all(|batch| batch.columns.len() == 4));
    }

    #[test]
    fn what_is_never_absent_is_not_absent_in_samples() {
        for batch in batches(&inputs()) {
            assert!(batch.columns[..2].iter().all(|column| column.absent.is_empty()));
        }
        let absent = &batches(&inputs())[3].columns[2].absent;
        assert!(absent.len() > 20, "one in four of 200: {}", absent.len());
    }
}
