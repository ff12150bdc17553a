//! A boefje has brought a file home.

use std::collections::BTreeMap;

use hinny_plugin::{
    connector,
    scheduler::{Command, Failure, Message, Push},
};
use openkat::{
    hash, identity,
    katalogus::{self, Plugin},
    moment::Moment,
    priority,
    task::{NormalizerRef, NormalizerTask, RawData},
};
use serde::Deserialize;

use crate::settings::Normalizers;

/// A raw file is in Bytes.
#[derive(Debug, Deserialize)]
struct RawFileReceived {
    created_at: Moment,
    organization: String,
    raw_data: RawData,
}

/// Mime types of what went wrong: no normalizer reads them.
const ERROR: &str = "error/";

impl Normalizers {
    /// What to do about it.
    pub(crate) fn raw_file(&self, message: &Message, now: i64) -> Result<Vec<Command>, Failure> {
        let received: RawFileReceived = message.json()?;
        if received.raw_data.mime_types().any(|mime_type| mime_type.starts_with(ERROR)) {
            return Ok(Vec::new());
        }
        let normalizers = self.normalizers(&received)?;
        let push = |normalizer| self.push(message, &received, normalizer, now).into();
        Ok(normalizers.values().map(push).collect())
    }

    /// The enabled normalizers that take one of the file's mime types, each once.
    fn normalizers(&self, received: &RawFileReceived) -> Result<BTreeMap<String, Plugin>, Failure> {
        let mut mime_types: Vec<_> = received.raw_data.mime_types().collect();
        mime_types.sort_unstable();
        mime_types.dedup();
        let question =
            |mime_type: &&str| self.katalogus.normalizers_for(&received.organization, mime_type);
        let mut found = BTreeMap::new();
        let questions: Vec<_> = mime_types.iter().map(question).collect();
        for answer in connector::send_all(&questions) {
            let enabled = katalogus::plugins(answer)?.into_iter().filter(|plugin| plugin.enabled);
            found.extend(enabled.map(|plugin| (plugin.id.clone(), plugin)));
        }
        Ok(found)
    }

    fn push(
        &self,
        message: &Message,
        received: &RawFileReceived,
        normalizer: &Plugin,
        now: i64,
    ) -> Push {
        let mut task = NormalizerTask {
            id: None,
            normalizer: NormalizerRef {
                id: normalizer.id.clone(),
                name: normalizer.name.clone(),
                version: normalizer.version.clone(),
            },
            raw_data: received.raw_data.clone(),
        };
        let hash = self.hash(&task);
        let id = identity::derived(&message.id, &hash, now);
        task.id = Some(id);
        let ended_at = received.raw_data.boefje_meta.ended_at.unwrap_or(received.created_at);
        Push::new(&*received.organization, hash, task.render())
            .id(id.to_string())
            .priority(priority::of_moment(ended_at))
    }

    fn hash(&self, task: &NormalizerTask) -> String {
        if self.each_raw_file {
            return hash::of(&format!("{}-{}", task.hash(), task.raw_data.id));
        }
        task.hash()
    }
}
