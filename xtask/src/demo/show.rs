//! What the demo shows of the answers of the host.

use std::fmt::{self, Write as _};

use anyhow::Context;
use serde_json::{Value, json};

use crate::http::{Api, field};

/// The first places of a queue.
pub(crate) struct Head(Vec<Value>);

/// The first places of the queue of a scheduler.
pub(crate) fn head(api: &Api, scheduler: &str, limit: u64) -> anyhow::Result<Head> {
    let answer = api.get(&format!("/schedulers/{scheduler}/queue?limit={limit}"))?;
    let places = field(&answer, "/results").as_array().context("a queue has places")?;
    Ok(Head(places.clone()))
}

impl Head {
    /// The ids of the tasks, in order.
    pub(crate) fn tasks(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|place| field(place, "/task/id").as_str())
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "  {:>4}  {:>12}  {:<15} {:<26} {:<18} {:>9} {:>8}",
            "", "priority", "organisation", "host", "scan", "criticality", "exposed"
        )?;
        for place in &self.0 {
            let (task, data) = (field(place, "/task"), field(place, "/task/data"));
            writeln!(
                f,
                "  {:>4}  {:>12}  {:<15} {:<26} {:<18} {:>11} {:>8}",
                field(place, "/position"),
                field(task, "/priority"),
                text(field(task, "/organisation")),
                text(field(data, "/host")),
                text(field(data, "/scan")),
                field(data, "/criticality"),
                field(data, "/exposed"),
            )?;
        }
        Ok(())
    }
}

/// Where the tasks of two heads are now.
pub(crate) fn moves(api: &Api, before: &Head, now: &Head) -> anyhow::Result<String> {
    let mut told = String::new();
    for (at, id) in before.tasks().enumerate().take(3) {
        let explained = explain(api, id)?;
        match field(&explained, "/position").as_u64() {
            Some(position) => writeln!(told, "  task {id}: from place {} to {position}", at + 1)?,
            None => writeln!(told, "  task {id}: handed out meanwhile")?,
        }
    }
    let new = now.tasks().filter(|id| !before.tasks().any(|other| other == *id)).count();
    writeln!(told, "  {new} of the first {} were not among the first before", now.0.len())?;
    Ok(told)
}

/// Why a task is where it is, as text.
pub(crate) fn why(api: &Api, id: &str) -> anyhow::Result<String> {
    let explained = explain(api, id)?;
    let mut told = String::new();
    for term in field(&explained, "/explanation/terms").as_array().into_iter().flatten() {
        let contribution = field(term, "/contribution").as_f64().unwrap_or_default();
        writeln!(told, "  {contribution:>+12.1}  {}", text(field(term, "/label")))?;
    }
    if let Some(note) = field(&explained, "/explanation/note").as_str() {
        writeln!(told, "  {note}")?;
    }
    Ok(told)
}

fn explain(api: &Api, id: &str) -> anyhow::Result<Value> {
    api.get(&format!("/tasks/{id}/explain"))
}

/// A plugin version in one line.
pub(crate) fn version(version: &Value) -> String {
    let checks = field(version, "/verdict/checks").as_array().map_or(0, Vec::len);
    format!(
        "{} {}, {} bytes, {checks} checks in {} ms",
        text(field(version, "/name")),
        text(field(version, "/version")),
        field(version, "/size"),
        field(version, "/verdict/took_ms")
    )
}

/// How many tasks the messages of a batch became.
pub(crate) fn pushed(answer: &Value) -> u64 {
    let results = field(answer, "/results").as_array().into_iter().flatten();
    let outcomes =
        results.flat_map(|event| field(event, "/outcomes").as_array().into_iter().flatten());
    outcomes.filter_map(|outcome| field(outcome, "/pushed").as_u64()).sum()
}

/// The settings of `rank-weighted` in the demo: what is exposed and critical goes first, short
/// scans before long ones.
pub(crate) fn weights() -> Value {
    json!({
        "terms": [
            { "input": "/exposed", "type": "flag", "label": "reached from the internet", "weight": -2500 },
            { "input": "/criticality", "label": "criticality of the host", "weight": -1000 },
            { "input": "/stale_days", "label": "days since the last scan", "weight": -40 },
            { "input": "/minutes", "label": "minutes that it takes", "weight": 10 },
        ]
    })
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}
