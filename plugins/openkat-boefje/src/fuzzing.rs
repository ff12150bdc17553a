//! What the fuzzer calls: see `tests/fuzz/README.md`. It panics when something does not hold.

use hinny_plugin::{
    scheduler::{Command, Draft, Failure},
    testing::SchedulerTest,
};
use openkat::testing::Services;
use serde_json::{Value, json};

use crate::{newcomers, settings::Boefjes};

const NOW: i64 = 1_770_000_000_000;
const SOURCE: &str = "scan_profile_mutations";

/// A message, and a task that is pushed: handled alike every time, and never with half a command.
///
/// The bytes are also what a service answers: nothing that one says may end the plugin.
pub fn message(bytes: &[u8]) {
    for source in [SOURCE, newcomers::SOURCE] {
        let one = handled(services(), source, bytes);
        assert_eq!(one, handled(services(), source, bytes), "handled otherwise the second time");
        one.iter().flatten().for_each(assert_whole);
        if let Err(Failure::Reject(why)) = &one {
            assert!(!why.is_empty());
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    admitted(text);
    for service in ["katalogus", "octopoes", "bytes"] {
        let known = br#"{"operation": "create", "client_id": "org-1", "primary_key": "k",
            "value": {"object_type": "Hostname", "primary_key": "k", "scan_profile": {"level": 4}}}"#;
        let answered = handled(services().answering(service, 200, text), SOURCE, known);
        answered.iter().flatten().for_each(assert_whole);
    }
}

fn services() -> Services {
    Services::new()
        .boefje("org-1", "dns-records", json!({"name": "DNS", "oci_image": "kat/dns"}))
        .boefje("org-1", "nmap", json!({"scan_level": 2, "run_on": ["create"]}))
        .hostname("org-1", "example.com", 2)
}

fn handled(services: Services, source: &str, body: &[u8]) -> Result<Vec<Command>, Failure> {
    let plugin = plugin();
    services.install();
    plugin.message(source, body)
}

fn plugin() -> SchedulerTest<Boefjes> {
    SchedulerTest::new(json!({})).expect("it needs no settings").now(NOW)
}

fn admitted(data: &str) {
    let plugin = plugin();
    services().install();
    let draft = Draft {
        sent_id: None,
        fresh_id: "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        organisation: "org-1".to_owned(),
        priority: Some(1),
        data: data.to_owned(),
    };
    if let Ok(admitted) = plugin.admit_draft(draft) {
        assert_eq!(admitted.hash.len(), 32);
        assert_document(&admitted.data);
    }
}

fn assert_whole(command: &Command) {
    match command {
        Command::Push(push) => assert_document(&push.data),
        Command::UpsertSchedule(schedule) => assert_document(&schedule.data),
        Command::Cancel(cancel) => {
            let filter: Value = serde_json::from_str(&cancel.filter).unwrap_or_default();
            let conditions = filter.pointer("/filters").and_then(Value::as_array);
            assert!(conditions.is_some_and(|all| !all.is_empty()), "{}", cancel.filter);
        }
        Command::DisableSchedule(schedule) => assert_eq!(schedule.hash.len(), 32),
    }
}

fn assert_document(data: &str) {
    assert!(serde_json::from_str::<Value>(data).is_ok_and(|data| data.is_object()), "{data}");
}

#[cfg(test)]
#[path = "../../../tests/fuzz/kept.rs"]
mod kept;

#[test]
fn what_the_fuzzer_kept_of_messages_holds() {
    kept::each("message", message);
}
