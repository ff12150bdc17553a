//! A scheduler plugin that counts messages of source `words` in its state, in layout 1. With the
//! setting `unversioned` it keeps the count as plugins did that knew no layouts. See `../README.md`.

use hinny_plugin::{
    json_layout,
    scheduler::*,
    state::{self, Layout, State, Unversioned},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The key of the count.
const KEY: &str = "tally";

/// Layout 1: how many there were.
#[derive(Serialize, Deserialize)]
struct Count(u64);

impl Layout for Count {
    const VERSION: u32 = 1;

    type Before = Unversioned;

    json_layout!();

    fn migrate(before: Unversioned) -> Result<Self, String> {
        before.json()
    }
}

/// The plugin.
struct Tally {
    unversioned: bool,
}

impl Scheduler for Tally {
    fn configure(settings: &Settings) -> Result<Self, String> {
        settings.deny_unknown(&["unversioned"])?;
        Ok(Self { unversioned: settings.flag("unversioned")?.unwrap_or(false) })
    }

    fn describe(&self) -> Description {
        Description::new("word").messages("words")
    }

    fn admit(&self, draft: Draft, _now: i64) -> Result<Admitted, Rejection> {
        Ok(draft.admit_as("word"))
    }

    /// Makes a task that says how many messages there were, this one included.
    fn message(&self, message: Message, _now: i64) -> Result<Vec<Command>, Failure> {
        let count = if self.unversioned { count_unversioned()? } else { count_versioned()? };
        let data = json!({"word": message.text()?, "count": count}).to_string();
        Ok(vec![Push::new("acme", format!("word-{count}"), data).into()])
    }
}

fn count_versioned() -> Result<u64, Failure> {
    let kept = State::<Count>::read(KEY)?;
    let count = 1 + kept.value().map_or(0, |Count(count)| *count);
    kept.set(&Count(count))?;
    Ok(count)
}

fn count_unversioned() -> Result<u64, Failure> {
    let kept = state::get(KEY)?;
    let bytes = kept.as_ref().map_or(&b"0"[..], |entry| &entry.value);
    let count: u64 = 1 + serde_json::from_slice::<u64>(bytes)
        .map_err(|error| Failure::reject(error.to_string()))?;
    let revision = kept.map_or(0, |entry| entry.revision);
    state::set_expecting(KEY, Some(count.to_string().as_bytes()), revision)?;
    Ok(count)
}

hinny_plugin::export_scheduler!(Tally);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::{FakeHost, SchedulerTest};

    use super::*;

    #[test]
    fn a_count_without_a_version_goes_on_with_one() {
        let plugin = SchedulerTest::<Tally>::new(json!({})).unwrap();
        FakeHost::set_state(KEY, Some(b"7"), None).unwrap();
        let data = r#"{"count":8,"word":"a"}"#;
        let expected = Command::Push(Push::new("acme", "word-8", data));
        assert_eq!(plugin.message("words", "a").unwrap(), [expected]);
        assert_eq!(FakeHost::state(KEY).unwrap().value, b"\0layout 1\n8");
    }
}
