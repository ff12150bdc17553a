//! `hinny task push`: one task, or many from a file.

use std::io::IsTerminal;

use anyhow::Context;
use clap::Args;
use serde_json::{Map, Value, json};

use crate::cli::{
    client::{Client, ClientArgs},
    failure::{Refused, Usage},
    input::Input,
    output::{self, Format},
};

/// Tasks in one request: half of what hosts take unless they are told otherwise.
const BATCH: usize = 500;

/// Push a task, or many from a file.
#[derive(Debug, Args)]
pub(crate) struct Push {
    /// The scheduler
    scheduler: String,
    /// What to do: JSON, @FILE, or - for standard input
    #[arg(required_unless_present = "batch")]
    data: Option<Input>,
    /// Whose work it is
    #[arg(long, required_unless_present = "batch")]
    organisation: Option<String>,
    /// The priority to ask the ranker for; lower goes first
    #[arg(long, allow_negative_numbers = true, conflicts_with = "batch")]
    priority: Option<i64>,
    /// Its id; without it, the host makes one
    #[arg(long, conflicts_with = "batch")]
    id: Option<String>,
    /// Not handed out earlier than this, such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with = "batch")]
    not_before: Option<String>,
    /// Push every line of this input: one JSON object per line with `data`, `organisation`, and
    /// if you like `id`, `priority`, `not_before`; @FILE, or - for standard input
    #[arg(long, value_name = "LINES", conflicts_with = "data")]
    batch: Option<Input>,
    #[command(flatten)]
    client: ClientArgs,
}

impl Push {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        match &self.batch {
            Some(lines) => self.many(&client, lines).await,
            None => self.one(&client).await,
        }
    }

    async fn one(&self, client: &Client) -> anyhow::Result<()> {
        let data = self.data.as_ref().map(Input::json).transpose()?;
        let fields = [
            ("organisation", self.organisation.clone().map(Value::from)),
            ("data", data),
            ("priority", self.priority.map(Value::from)),
            ("id", self.id.clone().map(Value::from)),
            ("not_before", self.not_before.clone().map(Value::from)),
        ];
        let task: Map<String, Value> = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        let request = client.post(&["schedulers", &self.scheduler, "push"]).json(&task);
        let answer = client.send(request).await?;
        let text = |name| answer.get(name).map(output::cell).unwrap_or_default();
        let said = format!("queued task `{}` at priority {}", text("id"), text("priority"));
        Ok(output::sentence(self.client.output, &said, &answer)?)
    }

    async fn many(&self, client: &Client, lines: &Input) -> anyhow::Result<()> {
        let tasks = self.parse(&lines.text()?)?;
        let mut report = Report { total: tasks.len(), ..Report::default() };
        for batch in tasks.chunks(BATCH) {
            let request = client
                .post(&["schedulers", &self.scheduler, "push", "batch"])
                .json(&json!({ "items": batch }));
            let answer = client.send(request).await.with_context(|| {
                format!("pushed {} of {} tasks, then a batch failed", report.pushed, report.total)
            })?;
            report.add(&answer);
        }
        report.show(self.client.output)
    }

    fn parse(&self, lines: &str) -> anyhow::Result<Vec<Value>> {
        let numbered = lines.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        numbered
            .map(|(at, line)| {
                let at = at + 1;
                let mut task: Map<String, Value> = serde_json::from_str(line)
                    .map_err(|error| Usage(format!("line {at} is not a JSON object: {error}")))?;
                if let Some(organisation) = &self.organisation {
                    task.entry("organisation").or_insert_with(|| organisation.clone().into());
                }
                Ok(task.into())
            })
            .collect()
    }
}

/// What became of a batch.
#[derive(Debug, Default)]
struct Report {
    total: usize,
    pushed: usize,
    /// Line (of those with a task) and reason.
    refused: Vec<(usize, String)>,
    answers: Vec<Value>,
}

impl Report {
    fn add(&mut self, answer: &Value) {
        for result in answer.get("results").and_then(Value::as_array).into_iter().flatten() {
            let at = self.pushed + self.refused.len() + 1;
            match result.get("detail") {
                Some(detail) => self.refused.push((at, output::cell(detail))),
                None => self.pushed += 1,
            }
            self.answers.push(result.clone());
        }
        if std::io::stderr().is_terminal() {
            eprint!("\rpushed {} of {}", self.answers.len(), self.total);
        }
    }

    /// Says how it went; it has failed when a task was refused.
    fn show(self, format: Format) -> anyhow::Result<()> {
        /// Refusals that are shown one by one.
        const SHOWN: usize = 20;
        if std::io::stderr().is_terminal() {
            eprintln!();
        }
        let said = format!("queued {} of {} tasks", self.pushed, self.total);
        output::sentence(format, &said, &Value::Array(self.answers))?;
        if self.refused.is_empty() {
            return Ok(());
        }
        for (at, reason) in self.refused.iter().take(SHOWN) {
            eprintln!("task {at} was refused: {reason}");
        }
        if self.refused.len() > SHOWN {
            eprintln!("and {} more", self.refused.len() - SHOWN);
        }
        Err(Refused.into())
    }
}
