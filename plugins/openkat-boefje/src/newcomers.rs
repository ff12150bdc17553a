//! Boefjes that an organisation has begun to use: they run on everything that is there.
//!
//! The work is cut in pieces that the plugin sends to itself, so that each is tried again on its
//! own:
//!
//! ```text
//! tick ─▶ glance at all organisations ─▶ look at each that changed ─▶ pages of objects per boefje
//! ```
//!
//! Which boefjes an organisation used last time is kept in `state`, so a restart makes nothing new.

use std::collections::BTreeSet;

use hinny_plugin::{
    connector, messages,
    scheduler::{Command, Failure, Message},
    state,
};
use openkat::{
    ask,
    katalogus::{self, Plugin},
    octopoes::{self, Octopoes},
};
use serde::{Deserialize, Serialize};

use crate::{
    round::{Again, Candidate, Round},
    settings::Boefjes,
};

/// Source of the messages that the plugin sends to itself.
pub(crate) const SOURCE: &str = "openkat_new_boefjes";

/// A piece of work.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Piece {
    /// See which of some organisations use other boefjes than last time.
    Glance { organisations: Vec<String> },
    /// Find the new boefjes of an organisation.
    Look { organisation: String },
    /// Run a boefje on a page of objects.
    Page { organisation: String, boefje: String, page: u64 },
}

/// Most organisations in one piece: one question each, and one message for each that changed.
const ORGANISATIONS_MAX: usize = 400;

/// Objects on a page: two questions for each. The questions of a page must fit into the time of one
/// call, also when a service is slow.
const PAGE: u64 = 100;

/// Pages that are sent for at a time: every 500th sends for the next, so that no call sends more
/// than a host takes.
const PAGES_AHEAD: u64 = 500;

impl Boefjes {
    /// Time to see whether there are new boefjes.
    pub(crate) fn look_for_newcomers(&self) -> Result<Vec<Command>, Failure> {
        let organisations = katalogus::organisations(self.katalogus.organisations().send())?;
        let mut parts = organisations.chunks(ORGANISATIONS_MAX);
        let Some(first) = parts.next() else { return Ok(Vec::new()) };
        for part in parts {
            send(&Piece::Glance { organisations: part.to_vec() })?;
        }
        self.glance(first)
    }

    /// Works on a piece.
    pub(crate) fn newcomer(&self, message: &Message, now: i64) -> Result<Vec<Command>, Failure> {
        match message.json()? {
            Piece::Glance { organisations } => self.glance(&organisations),
            Piece::Look { organisation } => self.look(&organisation),
            Piece::Page { organisation, boefje, page } => {
                let round = Round { trigger: &message.id, organisation: &organisation, now };
                self.page(round, &boefje, page)
            }
        }
    }

    /// One that cannot be asked about is left to the next tick; the others are looked at.
    fn glance(&self, organisations: &[String]) -> Result<Vec<Command>, Failure> {
        let questions: Vec<_> =
            organisations.iter().map(|one| self.katalogus.plugins(one)).collect();
        for (organisation, answer) in organisations.iter().zip(connector::send_all(&questions)) {
            match katalogus::plugins(answer) {
                Ok(plugins) if in_use(&plugins) == Remembered::of(organisation)?.boefjes => {}
                Ok(_) => send(&Piece::Look { organisation: organisation.clone() })?,
                Err(failure) => hinny_plugin::warn!(
                    "new boefjes of `{organisation}` are looked for later: {}",
                    reason(&failure)
                ),
            }
        }
        Ok(Vec::new())
    }

    fn look(&self, organisation: &str) -> Result<Vec<Command>, Failure> {
        let plugins = katalogus::plugins(self.katalogus.plugins(organisation).send())?;
        let (now, before) = (in_use(&plugins), Remembered::of(organisation)?);
        for boefje in now.difference(&before.boefjes) {
            hinny_plugin::info!("boefje `{boefje}` is new in `{organisation}`");
            let (organisation, boefje) = (organisation.to_owned(), boefje.clone());
            send(&Piece::Page { organisation, boefje, page: 0 })?;
        }
        before.replace(organisation, &now)?;
        Ok(Vec::new())
    }

    fn page(&self, round: Round<'_>, id: &str, page: u64) -> Result<Vec<Command>, Failure> {
        let boefje = ask::read(self.katalogus.plugin(round.organisation, id).send())?;
        // It may have been taken out of use since.
        let Some(boefje) = boefje.filter(is_in_use) else { return Ok(Vec::new()) };
        let Some(scan_level) = boefje.scan_level else { return Ok(Vec::new()) };
        let question = Octopoes::at(&self.octopoes, round.now).objects(
            round.organisation,
            &boefje.consumes,
            scan_level,
            page.saturating_mul(PAGE),
            PAGE,
        );
        let objects = octopoes::page(question.send())?;
        send_for_more(round.organisation, id, page, objects.count.div_ceil(PAGE))?;
        let candidates: Vec<_> = objects
            .items
            .iter()
            .filter(|object| boefje.may_run(Some(object)).is_ok())
            .map(|object| Candidate {
                boefje: &boefje,
                object: Some(&object.primary_key),
                again: Again::Scheduled,
            })
            .collect();
        self.commands(round, &candidates)
    }
}

fn send_for_more(organisation: &str, boefje: &str, page: u64, pages: u64) -> Result<(), Failure> {
    if !page.is_multiple_of(PAGES_AHEAD) {
        return Ok(());
    }
    let (organisation, boefje) = (organisation.to_owned(), boefje.to_owned());
    for page in page + 1..pages.min(page + PAGES_AHEAD + 1) {
        let (organisation, boefje) = (organisation.clone(), boefje.clone());
        send(&Piece::Page { organisation, boefje, page })?;
    }
    Ok(())
}

/// The boefjes that an organisation uses and that take objects.
fn in_use(plugins: &[Plugin]) -> BTreeSet<String> {
    plugins.iter().filter(|plugin| is_in_use(plugin)).map(|plugin| plugin.id.clone()).collect()
}

fn is_in_use(plugin: &Plugin) -> bool {
    plugin.is_boefje() && plugin.enabled && !plugin.consumes.is_empty()
}

/// Which boefjes an organisation used last time.
#[derive(Debug, Default)]
struct Remembered {
    boefjes: BTreeSet<String>,
    revision: u64,
}

impl Remembered {
    fn of(organisation: &str) -> Result<Self, Failure> {
        let Some(entry) = state::get(&key(organisation))? else { return Ok(Self::default()) };
        let boefjes = serde_json::from_slice(&entry.value).map_err(|error| {
            Failure::reject(format!("the state `{}` cannot be read: {error}", key(organisation)))
        })?;
        Ok(Self { boefjes, revision: entry.revision })
    }

    fn replace(&self, organisation: &str, boefjes: &BTreeSet<String>) -> Result<(), Failure> {
        if self.boefjes == *boefjes {
            return Ok(());
        }
        let value =
            serde_json::to_vec(boefjes).map_err(|error| Failure::reject(error.to_string()))?;
        Ok(state::set_expecting(&key(organisation), Some(&value), self.revision)?)
    }
}

fn key(organisation: &str) -> String {
    format!("enabled/{organisation}")
}

fn send(piece: &Piece) -> Result<(), Failure> {
    Ok(messages::send_json(SOURCE, piece)?)
}

fn reason(failure: &Failure) -> &str {
    match failure {
        Failure::RetryAfter(retry) => &retry.reason,
        Failure::Reject(reason) | Failure::Other(reason) => reason,
    }
}
