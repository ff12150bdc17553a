//! Writes what a commit decided.
//!
//! One part of a statement per table, whatever the number of rows, and two statements: first what
//! goes and what changes, then what is new. So a push may take the hash that a cancellation of the
//! same commit frees, and an end that is told in it is known to be.

mod end;
mod gone;
mod imported;
mod new;
mod task;

use hinny_core::{SchedulerId, store::StoreError};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{error::meaning, sql::Script};
use crate::commit::Changes;

/// Writes everything, in a transaction that has begun.
pub(crate) async fn save(
    connection: &mut PgConnection,
    changes: &Changes,
) -> Result<(), StoreError> {
    let attributes = new::attributes(changes)?;
    let (mut first, mut then) = (Script::of_writes(), Script::of_writes());
    gone::write(&mut first, changes);
    task::write(&mut first, changes);
    end::write(&mut first, changes);
    new::write(&mut then, changes, &attributes);
    imported::write(&mut then, changes);
    for script in [first, then] {
        script.run(connection).await.map_err(|error| meaning(&error))?;
    }
    Ok(())
}

/// Rows by column.
fn column<'a, T, C>(rows: &'a [T], value: impl Fn(&'a T) -> C) -> Vec<C> {
    rows.iter().map(value).collect()
}

/// Messages by column.
fn messages<'a>(
    rows: impl Iterator<Item = &'a (SchedulerId, hinny_core::EventId)>,
) -> (Vec<&'a str>, Vec<Uuid>) {
    rows.map(|(scheduler, event)| (scheduler.as_str(), event.0)).unzip()
}
