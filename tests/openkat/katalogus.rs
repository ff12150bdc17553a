//! Katalogus, as far as the scheduler asks it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

use super::stand_in::StandIn;

/// Katalogus.
pub(crate) struct Katalogus {
    pub(crate) service: StandIn,
    shelf: Shelf,
}

type Shelf = Arc<Mutex<Content>>;
type Pairs = Query<Vec<(String, String)>>;

#[derive(Default)]
struct Content {
    /// By organisation, plugins by id.
    plugins: BTreeMap<String, BTreeMap<String, Value>>,
    /// By boefje, organisations that have it set the same.
    same_settings: BTreeMap<String, Vec<String>>,
}

impl Katalogus {
    pub(crate) async fn start() -> Self {
        let shelf = Shelf::default();
        let router = Router::new()
            .route("/health", get(async || Json(json!({"service": "katalogus", "healthy": true}))))
            .route("/v1/organisations", get(organisations))
            .route("/v1/organisations/{organisation}/plugins", get(plugins))
            .route("/v1/organisations/{organisation}/plugins/{plugin}", get(plugin))
            .route("/v1/configs", get(configs))
            .with_state(Arc::clone(&shelf));
        Self { service: StandIn::start(router).await, shelf }
    }

    /// An enabled boefje of scan level 1 that takes hostnames, with some fields of its own.
    pub(crate) fn boefje(&self, organisation: &str, id: &str, fields: Value) {
        let document = json!({
            "id": id, "name": format!("The boefje {id}"), "version": null, "created": null,
            "description": "", "enabled": true, "static": true, "type": "boefje", "scan_level": 1,
            "consumes": ["Hostname"], "produces": [format!("boefje/{id}")], "cron": null,
            "interval": null, "run_on": null, "runnable_hash": "f8f5647a", "deduplicate": true,
            "oci_image": "ghcr.io/example/generic:latest", "oci_arguments": ["main"],
        });
        self.put(organisation, id, document, fields);
    }

    /// An enabled normalizer that takes a mime type.
    pub(crate) fn normalizer(&self, organisation: &str, id: &str, mime_type: &str) {
        let document = json!({
            "id": id, "name": "N", "version": null, "created": null, "description": "",
            "enabled": true, "static": true, "type": "normalizer",
            "consumes": [mime_type, format!("normalizer/{id}")], "produces": ["Hostname"],
        });
        self.put(organisation, id, document, Value::Null);
    }

    /// Organisations that have a boefje set the same.
    pub(crate) fn same_settings(&self, boefje: &str, organisations: &[&str]) {
        let organisations = organisations.iter().map(|one| (*one).to_owned()).collect();
        self.shelf.lock().unwrap().same_settings.insert(boefje.to_owned(), organisations);
    }

    fn put(&self, organisation: &str, id: &str, mut document: Value, fields: Value) {
        if let Value::Object(fields) = fields {
            document.as_object_mut().unwrap().extend(fields);
        }
        let plugins = &mut self.shelf.lock().unwrap().plugins;
        plugins.entry(organisation.to_owned()).or_default().insert(id.to_owned(), document);
    }
}

async fn organisations(State(shelf): State<Shelf>) -> Json<Value> {
    let shelf = shelf.lock().unwrap();
    let one = |id: &String| (id.clone(), json!({"id": id, "name": id, "deduplicate": true}));
    Json(shelf.plugins.keys().map(one).collect())
}

async fn plugins(
    State(shelf): State<Shelf>,
    Path(organisation): Path<String>,
    Query(pairs): Pairs,
) -> Json<Value> {
    let asked = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let fits = |plugin: &&Value| {
        asked("plugin_type").is_none_or(|kind| plugin["type"] == **kind)
            && asked("consumes")
                .is_none_or(|kind| plugin["consumes"].as_array().unwrap().contains(&json!(kind)))
    };
    let shelf = shelf.lock().unwrap();
    let all = shelf.plugins.get(&organisation).into_iter().flat_map(BTreeMap::values);
    Json(all.filter(fits).cloned().collect())
}

async fn plugin(
    State(shelf): State<Shelf>,
    Path((organisation, id)): Path<(String, String)>,
) -> Response {
    let shelf = shelf.lock().unwrap();
    match shelf.plugins.get(&organisation).and_then(|plugins| plugins.get(&id)) {
        Some(plugin) => Json(plugin.clone()).into_response(),
        None => {
            (StatusCode::NOT_FOUND, Json(json!({"detail": "Plugin not found"}))).into_response()
        }
    }
}

async fn configs(State(shelf): State<Shelf>, Query(pairs): Pairs) -> Json<Value> {
    let asked = |name: &str| {
        pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap()
    };
    let (organisation, boefje) = (asked("organisation_id"), asked("boefje_id"));
    let config = |of: &str, duplicates: Vec<Value>| {
        json!({"id": 1, "settings": {}, "enabled": true, "boefje_id": boefje,
               "organisation_id": of, "duplicates": duplicates})
    };
    let shelf = shelf.lock().unwrap();
    let Some(same) = shelf.same_settings.get(&boefje) else { return Json(json!([])) };
    let others = same.iter().filter(|one| **one != organisation);
    Json(json!([config(&organisation, others.map(|one| config(one, Vec::new())).collect())]))
}
