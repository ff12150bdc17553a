//! Small values of plugins.

use hinny_core::{plugin::Slot, store::StoreError};
use sqlx::PgPool;

use super::{error::meaning, row::Columns, sql::stored};

const GET: &str = "
    SELECT value, revision FROM plugin_state
    WHERE scheduler = $1 AND world = $2 AND key = $3 AND value IS NOT NULL";

/// A value, with its revision.
pub(crate) async fn get(
    readers: &PgPool,
    slot: &Slot,
    key: &str,
) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
    let query =
        sqlx::query(GET).bind(slot.scheduler.as_str()).bind(slot.world.as_str()).bind(stored(key));
    let row = query.fetch_optional(readers).await.map_err(|error| meaning(&error))?;
    let Some(row) = row else { return Ok(None) };
    let mut columns = Columns::of(&row, "a value of a plugin");
    Ok(Some((columns.next()?, columns.number()?)))
}
