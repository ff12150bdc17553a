//! Which tasks of a batch have no value.

/// A bit per task; empty when every task has a value.
#[derive(Debug, Clone)]
pub(super) struct Absence(Box<[u64]>);

impl Absence {
    /// From positions. Those outside of the batch are passed over: there is nothing to be absent.
    pub(super) fn new(len: usize, positions: &[u32]) -> Self {
        if positions.is_empty() {
            return Self(Box::default());
        }
        let mut words = vec![0_u64; len.div_ceil(64)];
        for &position in positions {
            if let Some(word) = words.get_mut(position as usize / 64) {
                *word |= 1 << (position % 64);
            }
        }
        Self(words.into_boxed_slice())
    }

    #[inline]
    pub(super) fn contains(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }
}
