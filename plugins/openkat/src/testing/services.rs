//! Katalogus, Octopoes and Bytes, as the plugin's host sees them.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use hinny_plugin::{
    connector::{ConnectorError, Request, Response},
    testing::FakeHost,
};
use serde_json::{Value, json};

use super::documents::boefje_document;

/// Katalogus, Octopoes and Bytes with what a test puts into them.
#[derive(Debug, Clone, Default)]
pub struct Services {
    /// By organisation, plugins by id.
    plugins: BTreeMap<String, BTreeMap<String, Value>>,
    /// By organisation, objects by primary key.
    objects: BTreeMap<String, BTreeMap<String, Value>>,
    /// Runs by boefje, object and organisation.
    runs: BTreeMap<[String; 3], Value>,
    /// By boefje, organisations that have it set the same.
    same_settings: BTreeMap<String, Vec<String>>,
    /// By service, what it does instead of answering well.
    faults: BTreeMap<String, Fault>,
}

#[derive(Debug, Clone)]
enum Fault {
    Away,
    Answers(u16, String),
}

impl Services {
    /// Services of which nobody has told anything yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// An enabled boefje of scan level 1 that takes hostnames, with some fields of its own.
    #[must_use]
    pub fn boefje(self, organisation: &str, id: &str, fields: Value) -> Self {
        self.plugin(organisation, boefje_document(id, fields))
    }

    /// An enabled normalizer that takes a mime type, with some fields of its own.
    #[must_use]
    pub fn normalizer(self, organisation: &str, id: &str, mime_type: &str, fields: Value) -> Self {
        let mut document = json!({
            "id": id, "type": "normalizer", "enabled": true, "name": "N", "version": "1",
            "consumes": [mime_type, format!("normalizer/{id}")],
        });
        if let (Some(document), Value::Object(fields)) = (document.as_object_mut(), fields) {
            document.extend(fields);
        }
        self.plugin(organisation, document)
    }

    fn plugin(mut self, organisation: &str, document: Value) -> Self {
        let id = document.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.plugins.entry(organisation.to_owned()).or_default().insert(id, document);
        self
    }

    /// An organisation without plugins.
    #[must_use]
    pub fn organisation(mut self, organisation: &str) -> Self {
        self.plugins.entry(organisation.to_owned()).or_default();
        self
    }

    /// A hostname with a scan level.
    #[must_use]
    pub fn hostname(self, organisation: &str, name: &str, level: i64) -> Self {
        let key = format!("Hostname|internet|{name}");
        let profile = json!({"scan_profile_type": "declared", "reference": key, "level": level});
        self.object(
            organisation,
            json!({"object_type": "Hostname", "primary_key": key, "scan_profile": profile}),
        )
    }

    /// An object.
    #[must_use]
    pub fn object(mut self, organisation: &str, document: Value) -> Self {
        let key = document.get("primary_key").and_then(Value::as_str).unwrap_or_default();
        let key = key.to_owned();
        self.objects.entry(organisation.to_owned()).or_default().insert(key, document);
        self
    }

    /// The last run of a boefje on an object.
    #[must_use]
    pub fn run(mut self, boefje: &str, object: &str, organisation: &str, run: Value) -> Self {
        self.runs.insert([boefje, object, organisation].map(str::to_owned), run);
        self
    }

    /// All organisations that have a boefje set the same.
    #[must_use]
    pub fn same_settings(mut self, boefje: &str, organisations: &[&str]) -> Self {
        let organisations = organisations.iter().map(|one| (*one).to_owned()).collect();
        self.same_settings.insert(boefje.to_owned(), organisations);
        self
    }

    /// A service that cannot be reached.
    #[must_use]
    pub fn away(mut self, service: &str) -> Self {
        self.faults.insert(service.to_owned(), Fault::Away);
        self
    }

    /// A service that answers everything alike.
    #[must_use]
    pub fn answering(mut self, service: &str, status: u16, body: &str) -> Self {
        self.faults.insert(service.to_owned(), Fault::Answers(status, body.to_owned()));
        self
    }

    /// Puts them in the place of what the plugin asked until now.
    pub fn install(self) {
        let all = Rc::new(self);
        for service in ["katalogus", "octopoes", "bytes"] {
            let all = Rc::clone(&all);
            FakeHost::answer(service, move |request| all.answer(request));
        }
    }

    fn answer(&self, request: &Request) -> Result<Response, ConnectorError> {
        match self.faults.get(&request.service) {
            Some(Fault::Away) => {
                let why = format!("service `{}` cannot be asked now: it is down", request.service);
                Err(ConnectorError::Unavailable(why))
            }
            Some(Fault::Answers(status, body)) => Ok(Response::new(*status, body.as_str())),
            None => Ok(match self.found(&Asked::of(request)) {
                Some(document) => Response::new(200, document.to_string()),
                None => Response::new(404, r#"{"detail": "Not found"}"#),
            }),
        }
    }

    fn found(&self, asked: &Asked<'_>) -> Option<Value> {
        match (asked.service, asked.path.as_slice()) {
            ("katalogus", ["v1", "organisations"]) => Some(self.organisations()),
            ("katalogus", ["v1", "organisations", of, "plugins"]) => Some(self.list(of, asked)),
            ("katalogus", ["v1", "organisations", of, "plugins", id]) => {
                self.plugins.get(*of)?.get(*id).cloned()
            }
            ("katalogus", ["v1", "configs"]) => Some(self.configs(asked)),
            ("octopoes", [of, "object"]) => {
                self.objects.get(*of)?.get(asked.one("reference")?).cloned()
            }
            ("octopoes", [of, "objects"]) => self.page(of, asked),
            ("octopoes", ["object-clients"]) => Some(self.object_in(asked)),
            ("bytes", ["bytes", "boefje_meta"]) => Some(self.last_run(asked)),
            _ => None,
        }
    }

    fn organisations(&self) -> Value {
        self.plugins.keys().map(|id| (id.clone(), json!({"id": id, "name": id}))).collect()
    }

    fn list(&self, organisation: &str, asked: &Asked<'_>) -> Value {
        let all = self.plugins.get(organisation).into_iter().flat_map(BTreeMap::values);
        all.filter(|plugin| {
            asked.one("plugin_type").is_none_or(|kind| plugin.get("type") == Some(&kind.into()))
                && asked.one("consumes").is_none_or(|kind| consumes(plugin, kind))
        })
        .cloned()
        .collect()
    }

    fn configs(&self, asked: &Asked<'_>) -> Value {
        let (of, boefje) = (asked.one("organisation_id"), asked.one("boefje_id"));
        let Some(same) = boefje.and_then(|boefje| self.same_settings.get(boefje)) else {
            return json!([]);
        };
        let config = |of: &str, duplicates: Vec<Value>| {
            json!({"id": 1, "settings": {}, "enabled": true, "boefje_id": boefje,
                   "organisation_id": of, "duplicates": duplicates})
        };
        let others = same.iter().filter(|one| Some(one.as_str()) != of);
        let duplicates = others.map(|one| config(one, Vec::new())).collect();
        json!([config(of.unwrap_or_default(), duplicates)])
    }

    fn page(&self, organisation: &str, asked: &Asked<'_>) -> Option<Value> {
        let types: BTreeSet<_> = asked.all("types").collect();
        let levels: BTreeSet<_> = asked.all("scan_level").collect();
        let level = |object: &Value| object.pointer("/scan_profile/level").map(ToString::to_string);
        let fitting: Vec<_> = self
            .objects
            .get(organisation)?
            .values()
            .filter(|object| {
                object
                    .get("object_type")
                    .and_then(Value::as_str)
                    .is_some_and(|it| types.contains(it))
                    && level(object).is_some_and(|level| levels.contains(level.as_str()))
            })
            .collect();
        let number = |name| asked.one(name).and_then(|text| text.parse().ok()).unwrap_or(0);
        let items: Vec<_> = fitting.iter().skip(number("offset")).take(number("limit")).collect();
        Some(json!({"count": fitting.len(), "items": items}))
    }

    fn object_in(&self, asked: &Asked<'_>) -> Value {
        let key = asked.one("reference").unwrap_or_default();
        let object = |of: &str| Some((of.to_owned(), self.objects.get(of)?.get(key)?.clone()));
        asked.all("clients").filter_map(object).collect()
    }

    fn last_run(&self, asked: &Asked<'_>) -> Value {
        let key = ["boefje_id", "input_ooi", "organization"]
            .map(|name| asked.one(name).unwrap_or_default().to_owned());
        self.runs.get(&key).into_iter().cloned().collect()
    }
}

/// A question, taken apart.
struct Asked<'a> {
    service: &'a str,
    path: Vec<&'a str>,
    query: &'a [(String, String)],
}

impl<'a> Asked<'a> {
    fn of(request: &'a Request) -> Self {
        let path = request.path.split('/').skip(1).collect();
        Self { service: &request.service, path, query: &request.query }
    }

    fn all(&self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn one(&self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }
}

fn consumes(plugin: &Value, kind: &str) -> bool {
    let kinds = plugin.get("consumes").and_then(Value::as_array);
    kinds.is_some_and(|kinds| kinds.contains(&kind.into()))
}
