//! A normalizer task: turn a raw file into objects.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{BoefjeRef, given, or_default, render};
use crate::{hash, moment::Moment};

/// The data of a normalizer task. What is not listed is not kept.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct NormalizerTask {
    /// The id of the task.
    #[serde(default)]
    pub id: Option<Uuid>,
    /// What runs.
    pub normalizer: NormalizerRef,
    /// What it runs on.
    pub raw_data: RawData,
}

/// A normalizer, as far as tasks name it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct NormalizerRef {
    /// Its id.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Its version.
    #[serde(default)]
    pub version: Option<String>,
}

/// A raw file, and the run that made it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct RawData {
    /// Its id.
    pub id: Uuid,
    /// The run.
    pub boefje_meta: BoefjeMeta,
    /// What is in it: `{"value": "text/plain"}`.
    pub mime_types: Vec<BTreeMap<String, String>>,
    /// Kept for clients that expect it.
    #[serde(default)]
    pub secure_hash: Option<String>,
    /// Kept for clients that expect it.
    #[serde(default)]
    pub hash_retrieval_link: Option<String>,
}

/// A run of a boefje.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct BoefjeMeta {
    /// Its id: that of the boefje task.
    pub id: Uuid,
    /// What ran.
    pub boefje: BoefjeRef,
    /// The object that it ran on. May be null, but not missing.
    #[serde(deserialize_with = "given")]
    pub input_ooi: Option<String>,
    /// What it was given.
    #[serde(default, deserialize_with = "or_default")]
    pub arguments: Map<String, Value>,
    /// Whose run it was.
    pub organization: String,
    /// When it began. May be null, but not missing.
    #[serde(deserialize_with = "given")]
    pub started_at: Option<Moment>,
    /// When it ended. May be null, but not missing.
    #[serde(deserialize_with = "given")]
    pub ended_at: Option<Moment>,
}

impl NormalizerTask {
    /// What makes it the same work as another.
    pub fn hash(&self) -> String {
        let run = &self.raw_data.boefje_meta;
        hash::normalizer(&self.normalizer.id, run.id, &run.organization)
    }

    /// The data as a JSON document.
    pub fn render(&self) -> String {
        render(self)
    }
}

impl RawData {
    /// What is in it.
    pub fn mime_types(&self) -> impl Iterator<Item = &str> {
        self.mime_types.iter().filter_map(|entry| entry.get("value").map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent() -> Value {
        json!({
            "normalizer": {"id": "kat_dns_normalize", "version": "1"},
            "raw_data": {
                "id": "22222222-2222-4222-8222-222222222201",
                "boefje_meta": {
                    "id": "22222222-2222-4222-8222-222222222202",
                    "boefje": {"id": "dns-records", "version": "1"},
                    "input_ooi": "Hostname|internet|h1.example.com", "arguments": {},
                    "organization": "org-1", "runnable_hash": "f8f5", "environment": {},
                    "started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:01Z",
                },
                "mime_types": [{"value": "boefje/dns-records"}],
                "signing_provider_url": null,
            },
        })
    }

    #[test]
    fn what_is_not_given_is_filled_in_and_what_is_not_known_is_dropped() {
        let task: NormalizerTask = serde_json::from_value(sent()).unwrap();
        assert_eq!(
            task.render(),
            r#"{"id":null,"normalizer":{"id":"kat_dns_normalize","name":null,"version":"1"},"raw_data":{"id":"22222222-2222-4222-8222-222222222201","boefje_meta":{"id":"22222222-2222-4222-8222-222222222202","boefje":{"id":"dns-records","name":null,"version":"1","oci_image":null},"input_ooi":"Hostname|internet|h1.example.com","arguments":{},"organization":"org-1","started_at":"2026-01-01T00:00:00Z","ended_at":"2026-01-01T00:00:01Z"},"mime_types":[{"value":"boefje/dns-records"}],"secure_hash":null,"hash_retrieval_link":null}}"#
        );
        assert_eq!(task.hash(), "d146614681b329d8ddf27c26a4a4d896");
    }

    #[test]
    fn some_fields_may_be_null_but_not_missing() {
        for field in ["input_ooi", "started_at", "ended_at"] {
            let mut null = sent();
            null["raw_data"]["boefje_meta"][field] = Value::Null;
            assert!(serde_json::from_value::<NormalizerTask>(null).is_ok(), "{field}");
            let mut missing = sent();
            missing["raw_data"]["boefje_meta"].as_object_mut().unwrap().remove(field);
            let error = serde_json::from_value::<NormalizerTask>(missing).unwrap_err();
            assert_eq!(error.to_string(), format!("missing field `{field}`"));
        }
    }
}
