//! What a commit does: from units and what is stored to outcomes and what to write.
//!
//! A database does three things in one transaction: it loads what [`Wanted`] lists, has
//! [`decide`] say what happens, and saves the [`Changes`]. Deciding is a function of values, the
//! same for every database, and its cost in statements does not grow with the number of units.
//!
//! That is right only when nobody writes between the load and the save. `SQLite` has one writer,
//! and the transaction takes its lock before it loads.

mod change;
mod changes;
mod claim;
mod guard;
mod import;
mod kept;
mod known;
mod place;
mod push;
mod schedule;
mod update;
mod wanted;

use std::collections::HashSet;

use hinny_core::{
    SchedulerId,
    store::{Unit, UnitOutcome},
};

pub(crate) use self::{
    changes::{
        Changes, CountKey, Ended, EventRow, HashRow, PushedTask, SeenEvent, StateRow, StateSlot,
        UntoldTask, hour_of,
    },
    import::decide_import,
    known::{Known, KnownState, StoredTask},
    place::Place,
    wanted::{HashKey, Wanted},
};

/// What a commit does.
pub(crate) struct Decision {
    /// One per unit.
    pub(crate) outcomes: Vec<UnitOutcome>,
    /// What to write.
    pub(crate) changes: Changes,
}

/// A commit that is being decided: what is known, kept up to date, and what was changed.
struct Commit<'a> {
    known: Known,
    changes: Changes,
    /// Schedulers that are told of ended tasks.
    tell: &'a HashSet<SchedulerId>,
}

/// Decides what units do.
pub(crate) fn decide(units: Vec<Unit>, known: Known, tell: &HashSet<SchedulerId>) -> Decision {
    let mut commit = Commit { known, changes: Changes::default(), tell };
    let mut outcomes: Vec<UnitOutcome> =
        units.iter().map(|unit| empty_outcome(commit.hold(&unit.guards))).collect();
    let mut held: Vec<(Unit, &mut UnitOutcome)> = units
        .into_iter()
        .zip(&mut outcomes)
        .filter(|(_, outcome)| outcome.refused_by.is_none())
        .collect();
    // Phase by phase over all units, so that what one frees is free for all that follow.
    for (unit, outcome) in &mut held {
        let updates = std::mem::take(&mut unit.updates);
        outcome.updates = updates.into_iter().map(|update| commit.update(&update)).collect();
    }
    for (unit, outcome) in &mut held {
        let claims = std::mem::take(&mut unit.claims);
        outcome.claims = claims.into_iter().map(|claim| commit.claim(claim)).collect();
    }
    for (unit, outcome) in &mut held {
        let writes = std::mem::take(&mut unit.schedules);
        outcome.schedules = writes.into_iter().map(|write| commit.write_schedule(write)).collect();
    }
    for (unit, outcome) in &mut held {
        let pushes = std::mem::take(&mut unit.pushes);
        outcome.pushes = pushes.into_iter().map(|task| commit.push(task)).collect();
    }
    for (unit, _) in held {
        unit.events.into_iter().for_each(|write| commit.write_event(write));
    }
    let changes = commit.finish();
    Decision { outcomes, changes }
}

fn empty_outcome(refused_by: Option<usize>) -> UnitOutcome {
    UnitOutcome {
        refused_by,
        updates: Vec::new(),
        claims: Vec::new(),
        schedules: Vec::new(),
        pushes: Vec::new(),
    }
}
