//! A boefje task: run a scanner, usually on an object.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{or_default, render};
use crate::{hash, katalogus::Plugin};

/// The data of a boefje task. What is not listed is not kept.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct BoefjeTask {
    /// The id of the task.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// What runs.
    pub boefje: BoefjeRef,
    /// The primary key of the object that it runs on.
    #[serde(default)]
    pub input_ooi: Option<String>,
    /// Whose work it is.
    pub organization: String,
    /// The same in all tasks of which one run is enough: the id of the first.
    #[serde(default)]
    pub deduplication_key: Option<Uuid>,
    /// Kept for clients that expect it.
    #[serde(default, deserialize_with = "or_default")]
    pub dispatches: Vec<Value>,
}

/// A boefje, as far as tasks name it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct BoefjeRef {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
    /// The container image that it runs in; workers ask for tasks by it.
    #[serde(default)]
    pub oci_image: Option<String>,
    /// How intrusive it is, for rankers. Only in tasks that the scheduler makes by itself.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub scan_level: Option<i64>,
}

impl BoefjeTask {
    /// A task that the scheduler makes by itself.
    pub fn automatic(id: Uuid, boefje: &Plugin, object: Option<&str>, organisation: &str) -> Self {
        Self {
            id: Some(id),
            boefje: BoefjeRef {
                id: boefje.id.clone(),
                name: boefje.name.clone(),
                version: boefje.version.clone(),
                oci_image: boefje.oci_image.clone(),
                scan_level: boefje.scan_level,
            },
            input_ooi: object.map(str::to_owned),
            organization: organisation.to_owned(),
            deduplication_key: None,
            dispatches: Vec::new(),
        }
    }

    /// The object that it runs on; empty is none.
    pub fn object(&self) -> Option<&str> {
        self.input_ooi.as_deref().filter(|object| !object.is_empty())
    }

    /// What makes it the same work as another.
    pub fn hash(&self) -> String {
        hash::boefje(self.object(), &self.boefje.id, &self.organization)
    }

    /// The data as a JSON document.
    pub fn render(&self) -> String {
        render(self)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_given_is_filled_in_and_what_is_not_known_is_dropped() {
        let sent = json!({
            "type": "boefje", "organization": "_dev", "dispatches": null,
            "boefje": {"id": "dns-records", "scan_level": 4, "consumes": []},
        });
        let task: BoefjeTask = serde_json::from_value(sent).unwrap();
        assert_eq!(
            task.render(),
            r#"{"id":null,"boefje":{"id":"dns-records","name":null,"version":null,"oci_image":null},"input_ooi":null,"organization":"_dev","deduplication_key":null,"dispatches":[]}"#
        );
        assert_eq!(task.hash(), "0bdf74b8bb6f334c5e2ab6bfd43debae");
    }

    #[test]
    fn what_is_needed_is_named_when_it_is_missing() {
        for (sent, missing) in [
            (json!({"boefje": {"id": "x"}}), "missing field `organization`"),
            (json!({"organization": "x", "boefje": {}}), "missing field `id`"),
            (json!({"organization": "x"}), "missing field `boefje`"),
        ] {
            let error = serde_json::from_value::<BoefjeTask>(sent).unwrap_err();
            assert_eq!(error.to_string(), missing);
        }
    }
}
