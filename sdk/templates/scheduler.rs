//! Makes a task of each host that a message names. See `README.md`.

use hinny_plugin::{identity::Identity, scheduler::*};
use serde::Deserialize;
use serde_json::json;

/// What a task's data must look like. The host checks it before `admit` is asked.
const SCHEMA: &str = r#"{
    "type": "object",
    "required": ["host"],
    "properties": {"host": {"type": "string", "minLength": 1}}
}"#;

/// A message.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    organisation: String,
    host: String,
}

/// A task's data, as far as it matters here.
#[derive(Deserialize)]
struct Data {
    host: String,
}

/// What the settings say.
struct Mine {
    source: String,
}

impl Scheduler for Mine {
    fn configure(settings: &Settings) -> Result<Self, String> {
        settings.deny_unknown(&["source"])?;
        Ok(Self { source: settings.text("source")?.unwrap_or("hosts").to_owned() })
    }

    fn describe(&self) -> Description {
        Description::new("look").schema(SCHEMA).messages(self.source.as_str())
    }

    // What is pushed over the API.
    fn admit(&self, draft: Draft, _now: i64) -> Result<Admitted, Rejection> {
        let data: Data = draft.json()?;
        Ok(draft.admit_as(hash(&draft.organisation, &data.host)))
    }

    // What comes as a message: each one is handled once in effect, or set aside with the reason.
    fn message(&self, message: Message, _now: i64) -> Result<Vec<Command>, Failure> {
        let Found { organisation, host } = message.json()?;
        let hash = hash(&organisation, &host);
        let data = json!({"host": host}).to_string();
        hinny_plugin::debug!("found `{host}` of `{organisation}`");
        Ok(vec![Push::new(organisation, hash, data).into()])
    }
}

/// What makes two tasks the same work: the same work is not queued twice.
fn hash(organisation: &str, host: &str) -> String {
    Identity::new().text(organisation).text(host).finish()
}

hinny_plugin::export_scheduler!(Mine);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::SchedulerTest;

    use super::*;

    #[test]
    fn a_host_in_a_message_is_the_same_work_as_one_that_is_pushed() {
        let plugin = SchedulerTest::<Mine>::new(json!({})).unwrap();
        let found = r#"{"organisation": "acme", "host": "a.example"}"#;
        let commands = plugin.message("hosts", found).unwrap();
        let admitted = plugin.admit(json!({"host": "a.example"})).unwrap();
        let expected = Push::new("acme", admitted.hash, r#"{"host":"a.example"}"#);
        assert_eq!(commands, [Command::Push(expected)]);
    }

    #[test]
    fn a_message_that_makes_no_sense_is_set_aside_with_the_reason() {
        let plugin = SchedulerTest::<Mine>::new(json!({})).unwrap();
        let failure = plugin.message("hosts", r#"{"organisation": "acme"}"#).unwrap_err();
        assert_eq!(
            failure,
            Failure::reject(
                "the body is not as expected: missing field `host` at line 1 column 24"
            )
        );
    }

    #[test]
    fn it_wants_the_messages_of_the_source_in_the_settings() {
        let plugin = SchedulerTest::<Mine>::new(json!({"source": "found"})).unwrap();
        assert_eq!(plugin.describe().interests(), [Interest::Messages("found".to_owned())]);
    }
}
