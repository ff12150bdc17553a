//! A commit: look up, decide, write.
//!
//! Most take two round trips: one statement looks up, one writes. What may be in the way of itself
//! takes two more, for a transaction of two statements.

use std::collections::HashSet;

use hinny_core::{
    SchedulerId,
    store::{StoreError, Unit, UnitOutcome},
};

use super::{load::load, save::save, writer::Writer};
use crate::commit::{Decision, Wanted, decide};

/// Commits units: all of them, or none.
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
    save(&mut turn, &changes).await?;
    turn.end().await?;
    writer.wrote(&changes);
    Ok(outcomes)
}
