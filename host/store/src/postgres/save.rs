//! Writes what a commit decided.
//!
//! One part of a statement per table, whatever the number of rows. All parts see the database as it
//! was before any of them, so one statement will do unless something new takes the place of what
//! goes: then there are two, first what goes and what changes, then what is new. So a push may
//! take the hash that a cancellation of the same commit frees.

mod end;
mod gone;
mod imported;
mod new;
mod task;

use std::collections::HashSet;

use hinny_core::{SchedulerId, store::StoreError};
use uuid::Uuid;

use super::{error::meaning, sql::Script, writer::Turn};
use crate::commit::{Changes, HashKey, Place};

/// Writes everything, in one statement or in one transaction.
pub(crate) async fn save(turn: &mut Turn<'_>, changes: &Changes) -> Result<(), StoreError> {
    let attributes = new::attributes(changes)?;
    let mut script = Script::of_writes();
    gone::write(&mut script, changes);
    task::write(&mut script, changes);
    end::write(&mut script, changes);
    if is_in_its_own_way(changes) {
        turn.begin().await?;
        run(script, turn).await?;
        script = Script::of_writes();
    }
    new::write(&mut script, changes, &attributes);
    imported::write(&mut script, changes);
    run(script, turn).await
}

async fn run(script: Script, turn: &mut Turn<'_>) -> Result<(), StoreError> {
    script.run(turn.connection()?).await.map(|_| ()).map_err(|error| meaning(&error))
}

/// Whether what is new may meet a row that goes or is noted in the same commit.
fn is_in_its_own_way(changes: &Changes) -> bool {
    // A changed schedule is removed and made again.
    let schedules = !changes.schedules.is_empty();
    let gone: HashSet<&HashKey> = changes.gone(Place::live).map(|row| row.key).collect();
    let places = !gone.is_empty() && {
        let pushed = || changes.pushed.iter().map(|push| &push.task);
        changes.come(Place::live).next().is_some()
            || pushed().any(|task| gone.contains(&(task.scheduler.clone(), task.hash.clone())))
    };
    // An end is told unless it is marked as handled.
    let ends =
        !(changes.untold_new.is_empty() || changes.seen.is_empty() && changes.unseen.is_empty());
    schedules || places || ends
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
