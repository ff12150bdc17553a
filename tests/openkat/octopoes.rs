//! Octopoes, as far as the scheduler asks it.

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

/// Octopoes.
pub(crate) struct Octopoes {
    pub(crate) service: StandIn,
    graph: Graph,
}

/// By organisation, objects by primary key.
type Graph = Arc<Mutex<BTreeMap<String, BTreeMap<String, Value>>>>;
type Pairs = Query<Vec<(String, String)>>;

impl Octopoes {
    pub(crate) async fn start() -> Self {
        let graph = Graph::default();
        let router = Router::new()
            .route("/object-clients", get(object_clients))
            .route("/{organisation}/health", get(async || Json(json!({"healthy": true}))))
            .route("/{organisation}/object", get(object))
            .route("/{organisation}/objects", get(objects))
            .with_state(Arc::clone(&graph));
        Self { service: StandIn::start(router).await, graph }
    }

    /// Puts a hostname with a scan level into the graph; the answer is its primary key.
    pub(crate) fn hostname(&self, organisation: &str, name: &str, level: i64) -> String {
        let key = key(name);
        let graph = &mut self.graph.lock().unwrap();
        let objects = graph.entry(organisation.to_owned()).or_default();
        objects.insert(key.clone(), hostname(name, level));
        key
    }

    /// Takes a hostname out.
    pub(crate) fn remove(&self, organisation: &str, name: &str) {
        self.graph.lock().unwrap().get_mut(organisation).unwrap().remove(&key(name));
    }
}

fn key(name: &str) -> String {
    format!("Hostname|internet|{name}")
}

/// A hostname, as Octopoes shows it.
pub(crate) fn hostname(name: &str, level: i64) -> Value {
    let key = key(name);
    json!({
        "object_type": "Hostname", "primary_key": key,
        "scan_profile": {"scan_profile_type": "declared", "reference": key, "level": level,
                         "user_id": 1},
        "user_id": null, "network": "Network|internet", "name": name, "dns_zone": null,
        "registered_domain": null,
    })
}

fn asked<'a>(pairs: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a String> {
    pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value)
}

/// Without a moment with a zone, Octopoes answers nothing.
fn has_valid_time(pairs: &[(String, String)]) -> bool {
    asked(pairs, "valid_time").any(|time| time.ends_with('Z') || time.ends_with("+00:00"))
}

fn unprocessable() -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"detail": [{"loc": ["query", "valid_time"]}]})))
        .into_response()
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, Json(json!({"detail": "not found"}))).into_response()
}

async fn object(
    State(graph): State<Graph>,
    Path(organisation): Path<String>,
    Query(pairs): Pairs,
) -> Response {
    if !has_valid_time(&pairs) {
        return unprocessable();
    }
    let key = asked(&pairs, "reference").next().unwrap();
    let graph = graph.lock().unwrap();
    match graph.get(&organisation).and_then(|objects| objects.get(key)) {
        Some(object) => Json(object.clone()).into_response(),
        None => not_found(),
    }
}

async fn objects(
    State(graph): State<Graph>,
    Path(organisation): Path<String>,
    Query(pairs): Pairs,
) -> Response {
    if !has_valid_time(&pairs) {
        return unprocessable();
    }
    let (types, levels): (Vec<_>, Vec<_>) =
        (asked(&pairs, "types").collect(), asked(&pairs, "scan_level").collect());
    let number = |name| asked(&pairs, name).next().map_or(0, |text| text.parse::<usize>().unwrap());
    let graph = graph.lock().unwrap();
    let Some(objects) = graph.get(&organisation) else { return not_found() };
    let fits = |object: &&Value| {
        types.iter().any(|kind| object["object_type"] == **kind)
            && levels.contains(&&object["scan_profile"]["level"].to_string())
    };
    let found: Vec<_> = objects.values().filter(fits).collect();
    let items: Vec<_> = found.iter().skip(number("offset")).take(number("limit")).collect();
    Json(json!({"count": found.len(), "items": items})).into_response()
}

async fn object_clients(State(graph): State<Graph>, Query(pairs): Pairs) -> Response {
    if !has_valid_time(&pairs) {
        return unprocessable();
    }
    let key = asked(&pairs, "reference").next().unwrap();
    let graph = graph.lock().unwrap();
    let found: Value = asked(&pairs, "clients")
        .filter_map(|of| Some((of.clone(), graph.get(of)?.get(key)?.clone())))
        .collect();
    Json(found).into_response()
}
