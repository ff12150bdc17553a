//! The same work in other organisations, of which one run is enough.

use hinny_plugin::{connector, scheduler::Failure};
use openkat::{
    hash,
    katalogus::Plugin,
    octopoes::{self, Octopoes},
};

use crate::{round::newest_of, settings::Boefjes};

/// A boefje and an object for which others are looked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) boefje: &'a Plugin,
    /// Primary key of the object.
    pub(crate) object: &'a str,
    /// Organisations that have the boefje set the same.
    pub(crate) others: &'a [String],
}

/// The same work in another organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Twin {
    pub(crate) organisation: String,
    pub(crate) hash: String,
}

impl Boefjes {
    /// For each in the same order, where else the object is, may be scanned, and is not about to
    /// be. When it was scanned there last does not matter: the run is made anyway.
    pub(crate) fn twins(&self, wanted: &[Wanted<'_>], now: i64) -> Result<Vec<Vec<Twin>>, Failure> {
        let octopoes = Octopoes::at(&self.octopoes, now);
        let questions: Vec<_> =
            wanted.iter().map(|one| octopoes.object_in(one.others, one.object)).collect();
        let mut all = Vec::with_capacity(wanted.len());
        for (one, answer) in wanted.iter().zip(connector::send_all(&questions)) {
            let objects = octopoes::by_organisation(answer)?;
            let allowed = one.others.iter().filter(|organisation| {
                let object = objects.get(*organisation);
                object.is_some_and(|object| one.boefje.may_run(Some(object)).is_ok())
            });
            let twin = |organisation: &String| Twin {
                organisation: organisation.clone(),
                hash: hash::boefje(Some(one.object), &one.boefje.id, organisation),
            };
            all.push(allowed.map(twin).collect());
        }
        without_queued(all)
    }
}

fn without_queued(all: Vec<Vec<Twin>>) -> Result<Vec<Vec<Twin>>, Failure> {
    let hashes: Vec<_> = all.iter().flatten().map(|twin| twin.hash.clone()).collect();
    if hashes.is_empty() {
        return Ok(all);
    }
    let mut newest = newest_of(&hashes)?.into_iter();
    let mut is_queued = || {
        newest.next().flatten().is_some_and(|task| matches!(&*task.status, "pending" | "queued"))
    };
    let left = |twins: Vec<Twin>| twins.into_iter().filter(|_| !is_queued()).collect();
    Ok(all.into_iter().map(left).collect())
}
