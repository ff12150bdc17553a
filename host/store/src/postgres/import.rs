//! Imports: look up, decide, and write or not.

use hinny_core::{
    import::{ImportBatch, ImportMode, ImportOutcomes},
    store::StoreError,
};

use super::{load::load, save::save, writer::Writer};
use crate::commit::{Wanted, decide_import};

/// Brings a batch over, whole or not at all.
pub(crate) async fn import(
    writer: &Writer,
    batch: ImportBatch,
    mode: ImportMode,
) -> Result<ImportOutcomes, StoreError> {
    let wanted = Wanted::of_import(&batch);
    let mut turn = writer.turn().await?;
    let known = load(turn.connection()?, &wanted).await?;
    let (outcomes, changes) = decide_import(batch, known);
    if mode == ImportMode::Write {
        save(&mut turn, &changes).await?;
    }
    turn.end().await?;
    if mode == ImportMode::Write {
        writer.wrote(&changes);
    }
    Ok(outcomes)
}
