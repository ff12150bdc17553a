//! The maintained counts.

use hinny_core::store::{CountRow, StoreError};
use sqlx::{PgPool, postgres::PgRow};

use super::{error::meaning, row::Columns};

const COUNTS: &str = "
    SELECT scheduler, organisation, status, hour, sum(count)::bigint FROM task_count
    GROUP BY scheduler, organisation, status, hour
    HAVING sum(count) <> 0";

/// The maintained counts.
pub(crate) async fn counts(readers: &PgPool) -> Result<Vec<CountRow>, StoreError> {
    let rows = sqlx::query(COUNTS).fetch_all(readers).await.map_err(|error| meaning(&error))?;
    rows.iter().map(read_count).collect()
}

fn read_count(row: &PgRow) -> Result<CountRow, StoreError> {
    let mut columns = Columns::of(row, "a count");
    Ok(CountRow {
        scheduler: columns.parse()?,
        organisation: columns.parse()?,
        status: columns.status()?,
        hour: columns.moment()?,
        count: columns.next()?,
    })
}
