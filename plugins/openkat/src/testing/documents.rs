//! Things that tests are about.

use hinny_plugin::{schedules::Schedule, tasks::Task};
use serde_json::{Value, json};

use crate::katalogus::Plugin;

/// An enabled boefje of scan level 1 that takes hostnames, with some fields of its own.
///
/// # Panics
///
/// When what comes out is no boefje.
pub fn boefje(id: &str, fields: Value) -> Plugin {
    serde_json::from_value(boefje_document(id, fields)).expect("it is a boefje")
}

/// The same, as Katalogus shows it.
pub(super) fn boefje_document(id: &str, fields: Value) -> Value {
    let mut document = json!({
        "id": id, "type": "boefje", "enabled": true, "consumes": ["Hostname"], "scan_level": 1,
        "name": null, "version": null, "cron": null, "interval": null, "run_on": null,
    });
    if let (Some(document), Value::Object(fields)) = (document.as_object_mut(), fields) {
        document.extend(fields);
    }
    document
}

/// A task of a hash, as the host knows it.
pub fn task(hash: &str, status: &str, modified_at: i64) -> Task {
    Task {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        organisation: "org-1".to_owned(),
        hash: hash.to_owned(),
        data: "{}".to_owned(),
        status: status.to_owned(),
        priority: 0,
        attempts: 1,
        created_at: modified_at,
        modified_at,
        finished_at: None,
    }
}

/// A schedule of organisation `org-1`, as the host knows it.
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
pub fn schedule(hash: &str, data: Value, cron: Option<&str>) -> Schedule {
    Schedule {
        id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        organisation: "org-1".to_owned(),
        hash: hash.to_owned(),
        data: data.to_string(),
        enabled: true,
        cron: cron.map(str::to_owned),
        time_zone: "UTC".to_owned(),
        deadline_at: None,
    }
}
