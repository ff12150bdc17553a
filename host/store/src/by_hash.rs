//! Answers in the order of the hashes that were asked for.

use std::collections::HashMap;

use hinny_core::{TaskHash, store::StoreError};

/// What was found for each hash, in the same order.
pub(crate) fn in_order<T: Clone>(
    hashes: &[TaskHash],
    found: impl Iterator<Item = Result<T, StoreError>>,
    hash_of: fn(&T) -> &TaskHash,
) -> Result<Vec<Option<T>>, StoreError> {
    let found = found.map(|one| one.map(|one| (hash_of(&one).clone(), one)));
    let found: HashMap<TaskHash, T> = found.collect::<Result<_, _>>()?;
    Ok(hashes.iter().map(|hash| found.get(hash).cloned()).collect())
}
