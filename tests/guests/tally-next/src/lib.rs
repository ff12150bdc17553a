//! The next version of `tally`: it also keeps the last word, in layout 2. See `../README.md`.

use hinny_plugin::{
    json_layout,
    scheduler::*,
    state::{Layout, State, Unversioned},
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

/// Layout 2: how many there were, and which was the last.
#[derive(Serialize, Deserialize)]
struct Seen {
    count: u64,
    last: String,
}

impl Layout for Seen {
    const VERSION: u32 = 2;

    type Before = Count;

    json_layout!();

    fn migrate(Count(count): Count) -> Result<Self, String> {
        Ok(Self { count, last: "nobody knows".to_owned() })
    }
}

/// The plugin.
struct Tally;

impl Scheduler for Tally {
    no_settings!();

    fn describe(&self) -> Description {
        Description::new("word").messages("words")
    }

    fn admit(&self, draft: Draft, _now: i64) -> Result<Admitted, Rejection> {
        Ok(draft.admit_as("word"))
    }

    /// Makes a task that says how many messages there were, this one included, and what was in the
    /// one before.
    fn message(&self, message: Message, _now: i64) -> Result<Vec<Command>, Failure> {
        let word = message.text()?;
        let kept = State::<Seen>::read(KEY)?;
        let (count, last) = match kept.value() {
            Some(seen) => (seen.count + 1, Some(seen.last.clone())),
            None => (1, None),
        };
        kept.set(&Seen { count, last: word.to_owned() })?;
        let data = json!({"word": word, "count": count, "last": last}).to_string();
        Ok(vec![Push::new("acme", format!("word-{count}"), data).into()])
    }
}

hinny_plugin::export_scheduler!(Tally);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::{FakeHost, SchedulerTest};

    use super::*;

    #[test]
    fn a_count_of_the_first_layout_goes_on_in_the_second() {
        let plugin = SchedulerTest::<Tally>::new(json!({})).unwrap();
        FakeHost::set_state(KEY, Some(b"\0layout 1\n7"), None).unwrap();
        let data = r#"{"count":8,"last":"nobody knows","word":"a"}"#;
        let expected = Command::Push(Push::new("acme", "word-8", data));
        assert_eq!(plugin.message("words", "a").unwrap(), [expected]);
        let kept = FakeHost::state(KEY).unwrap().value;
        assert_eq!(kept, b"\0layout 2\n{\"count\":8,\"last\":\"a\"}");
    }
}
