//! A commit: look up, decide, write, in one transaction.
//!
//! It takes four round trips for pushes, six at most: begin, look up, write, end.

use std::collections::HashSet;

use hinny_core::{
    SchedulerId,
    store::{StoreError, Unit, UnitOutcome},
};

use super::{load::load, save::save, writer::Writer};
use crate::commit::{Decision, Wanted, decide};

/// Commits units in one transaction.
pub(crate) async fn commit(
    writer: &Writer,
    units: Vec<Unit>,
    tell: &HashSet<SchedulerId>,
) -> Result<Vec<UnitOutcome>, StoreError> {
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = Wanted::of(&units);
    let mut turn = writer.turn().await?;
    let known = load(turn.connection()?, &wanted).await?;
    let Decision { outcomes, changes } = decide(units, known, tell);
    save(turn.connection()?, &changes).await?;
    turn.commit().await?;
    Ok(outcomes)
}
