//! Golden files: what a plugin is asked, and what it is expected to answer.

mod command;
mod ranking;
mod triggers;

use anyhow::{Context, bail};
use hinny_core::{SchedulerId, Timestamp};
use hinny_plugins::{Configured, Specimen};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use self::{ranking::GoldenTask, triggers::GoldenTrigger};

/// The moment of all answers, unless a file says another: an answer must be the same each time.
const NOW_MS: i64 = 1_767_225_600_000;

/// A golden file.
#[derive(Debug)]
pub(super) struct Golden<'a> {
    text: &'a str,
    content: Content<'a>,
}

/// What is in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content<'a> {
    /// What the plugin is configured with.
    #[serde(default = "empty")]
    settings: Value,
    /// The moment of the calls.
    #[serde(default = "usual_moment")]
    now: Timestamp,
    /// Whose queue it is.
    #[serde(default)]
    scheduler: Option<SchedulerId>,
    /// What a ranker ranks, in one batch.
    #[serde(default)]
    tasks: Vec<GoldenTask>,
    /// What a scheduler plugin is told, one after the other.
    #[serde(default)]
    triggers: Vec<GoldenTrigger>,
    /// What it answers.
    #[serde(default, borrow)]
    expected: Option<&'a RawValue>,
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

fn usual_moment() -> Timestamp {
    Timestamp::from_millis(NOW_MS)
}

/// An answer that is not as expected.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    /// What was answered about.
    pub(super) what: String,
    /// What the file says; `None`: nothing.
    pub(super) expected: Option<Value>,
    /// What the plugin says; `None`: nothing.
    pub(super) got: Option<Value>,
}

/// What a plugin answered.
#[derive(Debug)]
pub(super) enum Answers {
    /// The tasks in the order of the queue, with their priorities.
    Ranked(Vec<ranking::Ranked>),
    /// One answer per trigger.
    Told(Vec<Value>),
}

impl Answers {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Ranked(ranked) => ranked.len(),
            Self::Told(told) => told.len(),
        }
    }
}

impl<'a> Golden<'a> {
    /// Reads a file; what it has nothing to do with is refused by name.
    pub(super) fn read(text: &'a str) -> anyhow::Result<Self> {
        let content: Content<'_> = serde_json::from_str(text)?;
        match (content.tasks.is_empty(), content.triggers.is_empty()) {
            (true, true) => bail!(
                "it has neither `tasks` for a ranker nor `triggers` for a scheduler plugin; hint: give one of them"
            ),
            (false, false) => bail!(
                "it has `tasks` and `triggers`, a plugin answers to one of them; hint: make two files of it"
            ),
            _ => {}
        }
        ranking::check_names(&content.tasks)?;
        Ok(Self { text, content })
    }

    /// Asks the plugin.
    pub(super) fn ask(&self, specimen: &Specimen) -> anyhow::Result<Answers> {
        let Content { settings, now, tasks, triggers, .. } = &self.content;
        let scheduler = match &self.content.scheduler {
            Some(scheduler) => scheduler.clone(),
            None => SchedulerId::new("test").context("`test` is the name of a scheduler")?,
        };
        match specimen.with(settings)? {
            Configured::Ranker(_) if tasks.is_empty() => {
                bail!("a ranker ranks `tasks`, and there are none")
            }
            Configured::Scheduler(_) if triggers.is_empty() => {
                bail!("a scheduler plugin answers to `triggers`, and there are none")
            }
            Configured::Ranker(ranker) => {
                Ok(Answers::Ranked(ranking::ranked(&ranker, *now, &scheduler, tasks)?))
            }
            Configured::Scheduler(plugin) => {
                let told = (1..).zip(triggers);
                let told = told.map(|(number, one)| one.tell(&plugin, *now, &scheduler, number));
                Ok(Answers::Told(told.collect::<anyhow::Result<_>>()?))
            }
        }
    }

    /// What is not as expected. Without an expectation, nothing is.
    pub(super) fn compare(&self, answers: &Answers) -> Vec<Difference> {
        let expected = self.content.expected.map_or("[]", RawValue::get);
        match answers {
            Answers::Ranked(got) => ranking::differences(expected, got),
            Answers::Told(got) => triggers::differences(expected, &self.content.triggers, got),
        }
    }

    /// The text of the file with other expectations; all else stays as it was written.
    pub(super) fn with(&self, answers: &Answers) -> anyhow::Result<String> {
        let items = match answers {
            Answers::Ranked(ranked) => {
                ranked.iter().map(serde_json::to_string).collect::<Result<Vec<_>, _>>()?
            }
            Answers::Told(told) => {
                told.iter().map(serde_json::to_string_pretty).collect::<Result<Vec<_>, _>>()?
            }
        };
        let items: Vec<_> =
            items.iter().map(|item| format!("    {}", item.replace('\n', "\n    "))).collect();
        let list = format!("[\n{}\n  ]", items.join(",\n"));
        let written = if let Some(old) = self.content.expected {
            let start = old.get().as_ptr().addr() - self.text.as_ptr().addr();
            let (before, rest) = self.text.split_at(start);
            let (_, after) = rest.split_at(old.get().len());
            format!("{before}{list}{after}")
        } else {
            let open = self.text.trim_end().trim_end_matches('}').trim_end();
            format!("{open},\n  \"expected\": {list}\n}}\n")
        };
        Ok(written)
    }
}

#[cfg(test)]
mod tests;
