//! Octopoes: the objects of an organisation.

use std::collections::BTreeMap;

use hinny_plugin::{connector::Request, scheduler::Failure};
use serde::Deserialize;

use crate::{
    ask::{self, Answer},
    moment::Moment,
};

/// An object.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Object {
    /// What it is known by, such as `Hostname|internet|example.com`.
    pub primary_key: String,
    /// Its type, such as `Hostname`.
    pub object_type: String,
    /// What may be done to it.
    #[serde(default)]
    pub scan_profile: Option<ScanProfile>,
}

/// What may be done to an object.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ScanProfile {
    /// The level up to which boefjes may run.
    #[serde(default)]
    pub level: Option<i64>,
}

/// A page of objects.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Page {
    /// How many there are in all.
    pub count: u64,
    /// Those of the page.
    pub items: Vec<Object>,
}

impl Object {
    /// The level up to which boefjes may run on it.
    pub fn level(&self) -> Option<i64> {
        self.scan_profile.as_ref()?.level
    }
}

/// Highest scan level that there is.
const LEVEL_MAX: i64 = 4;

/// Octopoes, under the name of its connector, at a moment.
#[derive(Debug, Clone)]
pub struct Octopoes<'a> {
    service: &'a str,
    valid_time: String,
}

impl<'a> Octopoes<'a> {
    /// Objects as they are now.
    pub fn at(service: &'a str, now_ms: i64) -> Self {
        Self { service, valid_time: Moment::from_millis(now_ms).to_string() }
    }

    /// One object: `ask::read::<Object>`.
    pub fn object(&self, organisation: &str, primary_key: &str) -> Request {
        self.get(&[organisation, "object"]).query("reference", primary_key)
    }

    /// Objects of some types on which a boefje of a scan level may run; see [`page`].
    pub fn objects(
        &self,
        organisation: &str,
        types: &[String],
        scan_level: i64,
        offset: u64,
        limit: u64,
    ) -> Request {
        self.get(&[organisation, "objects"])
            .query_each("types", types)
            .query_each("scan_level", scan_level.max(0)..=LEVEL_MAX)
            .query("offset", offset)
            .query("limit", limit)
    }

    /// In which of some organisations an object is; see [`by_organisation`].
    pub fn object_in(&self, organisations: &[String], primary_key: &str) -> Request {
        self.get(&["object-clients"])
            .query("reference", primary_key)
            .query_each("clients", organisations)
    }

    fn get(&self, segments: &[&str]) -> Request {
        ask::get(self.service, segments).query("valid_time", &self.valid_time)
    }
}

/// A page of objects; empty when organisation or type is unknown.
pub fn page(answer: Answer) -> Result<Page, Failure> {
    Ok(ask::read(answer)?.unwrap_or_default())
}

/// An object, as each organisation that has it knows it.
pub fn by_organisation(answer: Answer) -> Result<BTreeMap<String, Object>, Failure> {
    Ok(ask::read(answer)?.unwrap_or_default())
}
