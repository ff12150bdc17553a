//! Katalogus: which organisations there are, and which plugins they use.

use std::collections::BTreeMap;

use hinny_plugin::{connector::Request, scheduler::Failure};
use serde::{Deserialize, Deserializer};

use crate::{
    ask::{self, Answer},
    octopoes::Object,
    task::or_default,
};

/// A boefje or a normalizer, as an organisation uses it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Plugin {
    /// Its id.
    pub id: String,
    /// `boefje`, `normalizer` or another.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether the organisation uses it.
    pub enabled: bool,
    /// Types of objects (boefje) or mime types (normalizer): a list, or one.
    #[serde(deserialize_with = "one_or_many")]
    pub consumes: Vec<String>,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
    /// The container image that it runs in.
    #[serde(default)]
    pub oci_image: Option<String>,
    /// How intrusive it is: the level that an object must have at least.
    #[serde(default)]
    pub scan_level: Option<i64>,
    /// When it runs again: a cron expression.
    #[serde(default)]
    pub cron: Option<String>,
    /// When it runs again: in minutes.
    #[serde(default)]
    pub interval: Option<i64>,
    /// After which changes of an object it runs (`create`, `update`), and then only; none: any.
    #[serde(default, deserialize_with = "one_or_many_or_none")]
    pub run_on: Vec<String>,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Organisation {
    /// Its id.
    pub id: String,
}

/// How an organisation has set a boefje, and who else has it set the same.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Config {
    /// Whose setting it is.
    pub organisation_id: String,
    /// The same settings elsewhere.
    #[serde(default, deserialize_with = "or_default")]
    pub duplicates: Vec<Config>,
}

/// Why a boefje may not run on an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// The organisation does not use it.
    Disabled,
    /// It says no level, so nobody can say where it may run.
    NoScanLevel,
    /// Nobody has set a level for the object.
    NoProfile,
    /// The object allows less than the boefje needs.
    LevelTooLow {
        /// What it needs.
        needed: i64,
        /// What is allowed.
        allowed: i64,
    },
}

impl Plugin {
    /// Whether it is a boefje.
    pub fn is_boefje(&self) -> bool {
        self.kind == "boefje"
    }

    /// Whether it takes objects of a type.
    pub fn takes(&self, kind: &str) -> bool {
        self.consumes.iter().any(|one| one == kind)
    }

    /// The interval, if it says one, in milliseconds.
    pub fn interval_ms(&self) -> Option<i64> {
        self.interval.filter(|minutes| *minutes > 0).map(|minutes| minutes.saturating_mul(60_000))
    }

    /// The cron expression, if it says one.
    pub fn cron(&self) -> Option<&str> {
        self.cron.as_deref().filter(|cron| !cron.trim().is_empty())
    }

    /// Whether it may run, on an object or without.
    pub fn may_run(&self, object: Option<&Object>) -> Result<(), Forbidden> {
        if !self.enabled {
            return Err(Forbidden::Disabled);
        }
        let needed = self.scan_level.ok_or(Forbidden::NoScanLevel)?;
        let Some(object) = object else { return Ok(()) };
        let allowed = object.level().ok_or(Forbidden::NoProfile)?;
        if needed > allowed {
            return Err(Forbidden::LevelTooLow { needed, allowed });
        }
        Ok(())
    }
}

impl std::fmt::Display for Forbidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Disabled => f.write_str("the boefje is disabled"),
            Self::NoScanLevel => f.write_str("the boefje has no scan level"),
            Self::NoProfile => f.write_str("the object has no scan profile"),
            Self::LevelTooLow { needed, allowed } => {
                write!(f, "the boefje needs scan level {needed}, the object allows {allowed}")
            }
        }
    }
}

/// Katalogus, under the name of its connector.
#[derive(Debug, Clone)]
pub struct Katalogus(pub String);

impl Katalogus {
    /// Which organisations there are; see [`organisations`].
    pub fn organisations(&self) -> Request {
        ask::get(&self.0, &["v1", "organisations"])
    }

    /// All plugins of an organisation; see [`plugins`].
    pub fn plugins(&self, organisation: &str) -> Request {
        ask::get(&self.0, &["v1", "organisations", organisation, "plugins"])
    }

    /// One plugin of an organisation: `ask::read::<Plugin>`.
    pub fn plugin(&self, organisation: &str, id: &str) -> Request {
        ask::get(&self.0, &["v1", "organisations", organisation, "plugins", id])
    }

    /// The boefjes that take objects of a type; see [`plugins`].
    pub fn boefjes_for(&self, organisation: &str, kind: &str) -> Request {
        self.plugins(organisation).query("plugin_type", "boefje").query("consumes", kind)
    }

    /// The normalizers that take files of a mime type; see [`plugins`].
    pub fn normalizers_for(&self, organisation: &str, mime_type: &str) -> Request {
        self.plugins(organisation).query("plugin_type", "normalizer").query("consumes", mime_type)
    }

    /// How an organisation has set a boefje, and who else has it set the same; see [`duplicates`].
    pub fn config(&self, organisation: &str, boefje: &str) -> Request {
        ask::get(&self.0, &["v1", "configs"])
            .query("organisation_id", organisation)
            .query("boefje_id", boefje)
            .query("enabled", "true")
            .query("with_duplicates", "true")
            .query("offset", "0")
            .query("limit", "0")
    }
}

/// The ids of the organisations, in order.
pub fn organisations(answer: Answer) -> Result<Vec<String>, Failure> {
    let by_id: BTreeMap<String, Organisation> = ask::read(answer)?.unwrap_or_default();
    let mut ids: Vec<_> = by_id.into_values().map(|organisation| organisation.id).collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// A list of plugins; empty when the organisation is unknown.
pub fn plugins(answer: Answer) -> Result<Vec<Plugin>, Failure> {
    Ok(ask::read(answer)?.unwrap_or_default())
}

/// The other organisations that have a boefje set as the asked one has.
pub fn duplicates(answer: Answer, organisation: &str) -> Result<Vec<String>, Failure> {
    let configs: Vec<Config> = ask::read(answer)?.unwrap_or_default();
    let others = configs.into_iter().flat_map(|config| config.duplicates);
    let mut others: Vec<_> =
        others.map(|config| config.organisation_id).filter(|other| other != organisation).collect();
    others.sort_unstable();
    others.dedup();
    Ok(others)
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(from: OneOrMany) -> Self {
        match from {
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    OneOrMany::deserialize(deserializer).map(Into::into)
}

fn one_or_many_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<String>, D::Error> {
    let given = Option::<OneOrMany>::deserialize(deserializer)?;
    Ok(given.map(Into::into).unwrap_or_default())
}

#[cfg(test)]
mod tests;
