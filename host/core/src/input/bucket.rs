//! Equal parts of all tasks.

use crate::{TaskId, plugin::Share};

/// In so many equal parts all tasks are divided, for shares of them.
pub const BUCKETS: u16 = Share::PARTS;

/// The part of a task: the same for as long as it lives, and evenly spread. Multiplying by a fraction
/// of the golden ratio mixes the bits of the id into the upper ones (D. E. Knuth, The Art of
/// Computer Programming, volume 3, section 6.4).
pub(super) fn bucket(id: TaskId) -> i64 {
    let id = id.0.as_u128();
    let mixed = ((id >> 64) as u64 ^ id as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    i64::from(((u128::from(mixed) * u128::from(BUCKETS)) >> 64) as u16)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn tasks_are_spread_evenly_over_the_buckets() {
        let mut tenths = [0; 10];
        for number in 0..10_000_u128 {
            // As ids of version 7 are: the time first, then a count.
            let id = ((1_767_225_600_000 + number / 64) << 80) | (7 << 76) | ((number % 64) << 56);
            tenths[(bucket(TaskId(Uuid::from_u128(id))) / 1_000) as usize] += 1;
        }
        assert!(tenths.iter().all(|tasks| (800..1_200).contains(tasks)), "{tenths:?}");
    }
}
