//! What the fuzzer calls: see `tests/fuzz/README.md`. It panics when something does not hold.

use hinny_plugin::{
    scheduler::{Command, Failure},
    testing::SchedulerTest,
};
use openkat::{
    task::{Identified, NormalizerTask},
    testing::Services,
};
use serde_json::json;

use crate::settings::Normalizers;

/// A message of a raw file: handled alike every time, and each task that it makes can be read.
pub fn message(bytes: &[u8]) {
    let one = handled(bytes);
    assert_eq!(one, handled(bytes), "handled otherwise the second time");
    for command in one.iter().flatten() {
        let Command::Push(push) = command else { continue };
        let task = serde_json::from_str::<NormalizerTask>(&push.data);
        assert!(task.is_ok(), "{task:?}: {}", push.data);
        let id = task.ok().and_then(|task| Identified::id(&task));
        assert_eq!(id.map(|id| id.to_string()), push.id, "{}", push.data);
    }
}

fn handled(body: &[u8]) -> Result<Vec<Command>, Failure> {
    let plugin = SchedulerTest::<Normalizers>::new(json!({})).expect("it needs no settings");
    Services::new()
        .normalizer("_dev", "kat_dns_normalize", "boefje/dns-records", json!({}))
        .normalizer("_dev", "kat_text", "text/plain", json!({}))
        .install();
    plugin.now(1_770_000_000_000).message("raw_file_received", body)
}

#[cfg(test)]
#[path = "../../../tests/fuzz/kept.rs"]
mod kept;

#[test]
fn what_the_fuzzer_kept_of_messages_holds() {
    kept::each("message", message);
}
