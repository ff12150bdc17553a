//! Looks at each host that a message names, now and every night; so many new ones a day.

use hinny_plugin::{identity::Identity, scheduler::*, state};
use serde::{Deserialize, Serialize};
use serde_json::json;

const SCHEMA: &str = r#"{
    "type": "object",
    "required": ["host"],
    "properties": {"host": {"type": "string", "minLength": 1}}
}"#;

const DAY_MS: i64 = 86_400_000;

/// A message.
#[derive(Deserialize)]
struct Found {
    organisation: String,
    host: String,
}

/// A task's data, as far as it matters here.
#[derive(Deserialize)]
struct Data {
    host: String,
}

/// What is kept of an organisation.
#[derive(Serialize, Deserialize)]
struct Seen {
    day: i64,
    count: i64,
}

/// What the settings say.
struct Look {
    source: String,
    per_day: i64,
}

impl Scheduler for Look {
    fn configure(settings: &Settings) -> Result<Self, String> {
        settings.deny_unknown(&["source", "per_day"])?;
        let source = settings.text("source")?.unwrap_or("hosts").to_owned();
        Ok(Self { source, per_day: settings.integer_in("per_day", 1_000, 1..=100_000)? })
    }

    fn describe(&self) -> Description {
        Description::new("look").schema(SCHEMA).messages(self.source.as_str()).due_schedules()
    }

    fn admit(&self, draft: Draft, _now: i64) -> Result<Admitted, Rejection> {
        let Data { host } = draft.json()?;
        if host == "localhost" {
            let why = "`localhost` is nobody's; hint: name the host as others do";
            return Err(Rejection::at("/host", why));
        }
        Ok(draft.admit_as(hash(&draft.organisation, &host)))
    }

    fn message(&self, message: Message, now: i64) -> Result<Vec<Command>, Failure> {
        let Found { organisation, host } = message.json()?;
        let count = self.count(&organisation, now)?;
        hinny_plugin::info!("host {count} of `{organisation}` today: `{host}`");
        let (hash, data) = (hash(&organisation, &host), json!({"host": host}).to_string());
        Ok(vec![
            Push::new(organisation.as_str(), hash.as_str(), data.as_str()).into(),
            UpsertSchedule::new(organisation, hash, data).cron("0 3 * * *").into(),
        ])
    }

    fn due(&self, schedule: DueSchedule, _now: i64) -> Result<Vec<Command>, Failure> {
        let DueSchedule { organisation, hash, data, .. } = schedule;
        Ok(vec![Push::new(organisation, hash.as_str(), data).schedule(hash.as_str()).into()])
    }
}

impl Look {
    /// How many hosts of the organisation there were today; kept with the commands.
    fn count(&self, organisation: &str, now: i64) -> Result<i64, Failure> {
        let (key, day) = (format!("day/{organisation}"), now / DAY_MS);
        let kept = state::get(&key)?;
        let seen = match &kept {
            Some(entry) => serde_json::from_slice(&entry.value)
                .map_err(|error| Failure::reject(format!("state `{key}`: {error}")))?,
            None => Seen { day, count: 0 },
        };
        let count = if seen.day == day { seen.count + 1 } else { 1 };
        if count > self.per_day {
            let tomorrow = (day + 1) * DAY_MS;
            let why = format!("`{organisation}` had its {} hosts today", self.per_day);
            return Err(Failure::retry_after((tomorrow - now) as u64, why));
        }
        let value = serde_json::to_string(&Seen { day, count })
            .map_err(|error| Failure::reject(error.to_string()))?;
        // Refused if somebody else wrote in between.
        let revision = kept.map_or(0, |entry| entry.revision);
        state::set_expecting(&key, Some(value.as_bytes()), revision)?;
        Ok(count)
    }
}

/// What makes two tasks the same work.
fn hash(organisation: &str, host: &str) -> String {
    Identity::new().text(organisation).text(host).finish()
}

hinny_plugin::export_scheduler!(Look);

#[cfg(test)]
mod tests {
    use hinny_plugin::testing::{self, FakeHost, SchedulerTest};
    use serde_json::Value;

    use super::*;

    fn found(host: &str) -> String {
        json!({"organisation": "acme", "host": host}).to_string()
    }

    #[test]
    fn a_host_is_looked_at_now_and_every_night() {
        let plugin = SchedulerTest::<Look>::new(json!({})).unwrap().now(5 * DAY_MS);
        let hash = plugin.admit(json!({"host": "a.example"})).unwrap().hash;
        let data = json!({"host": "a.example"});
        let push = || Push::new("acme", hash.as_str(), data.to_string());
        let nightly = UpsertSchedule::new("acme", hash.as_str(), data.to_string());
        let expected = [push().into(), nightly.cron("0 3 * * *").into()];
        assert_eq!(plugin.message("hosts", found("a.example")).unwrap(), expected);
        let due = Trigger::Due(testing::due("acme", &hash, data.clone()));
        assert_eq!(plugin.handle(due).unwrap(), [push().schedule(hash.as_str()).into()]);
    }

    #[test]
    fn what_is_too_much_for_a_day_waits_for_the_next() {
        let settings = json!({"per_day": 2});
        let plugin = SchedulerTest::<Look>::new(settings).unwrap().now(5 * DAY_MS + 1);
        plugin.message("hosts", found("a.example")).unwrap();
        plugin.message("hosts", found("b.example")).unwrap();
        let refused = plugin.message("hosts", found("c.example")).unwrap_err();
        let later = Failure::retry_after(DAY_MS as u64 - 1, "`acme` had its 2 hosts today");
        assert_eq!(refused, later);
        plugin.now(6 * DAY_MS).message("hosts", found("c.example")).unwrap();
        let kept = FakeHost::state("day/acme").unwrap().value;
        let kept: Value = serde_json::from_slice(&kept).unwrap();
        assert_eq!(kept, json!({"day": 6, "count": 1}));
    }

    #[test]
    fn a_name_that_means_another_host_everywhere_is_not_taken() {
        let plugin = SchedulerTest::<Look>::new(json!({})).unwrap();
        let refused = plugin.admit(json!({"host": "localhost"})).unwrap_err();
        assert_eq!(refused.field, "/host");
    }
}
