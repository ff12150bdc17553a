//! `hinny task cancel`: take queued tasks off the queue, by id or by filter.

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use crate::cli::{
    client::{Client, ClientArgs},
    failure::Usage,
    filter_args::FilterArgs,
    output,
};

/// Take queued tasks off the queue, by id or by filter.
#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// The tasks
    #[arg(required_unless_present = "scheduler", conflicts_with = "scheduler")]
    ids: Vec<String>,
    /// All tasks on the queue of this scheduler that match
    #[arg(short, long)]
    scheduler: Option<String>,
    #[command(flatten)]
    filter: FilterArgs,
    /// All tasks on the queue, without a filter
    #[arg(long, requires = "scheduler")]
    all: bool,
    /// Only count them
    #[arg(long, requires = "scheduler")]
    dry_run: bool,
    /// Why, for people
    #[arg(long, default_value = "cancelled with `hinny task cancel`")]
    reason: String,
    #[command(flatten)]
    client: ClientArgs,
}

impl Cancel {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        match &self.scheduler {
            Some(scheduler) => self.matching(&client, scheduler).await,
            None => self.by_id(&client).await,
        }
    }

    async fn by_id(&self, client: &Client) -> anyhow::Result<()> {
        if !self.filter.is_empty() {
            return Err(Usage("--where and --filter need --scheduler".to_owned()).into());
        }
        let change = json!({ "status": "cancelled", "reason": self.reason });
        let mut done = Vec::new();
        for id in &self.ids {
            let request = client.request(reqwest::Method::PATCH, &["tasks", id]).json(&change);
            let task = client.send(request).await.with_context(|| {
                format!("cancelled {} of {} tasks, then `{id}` failed", done.len(), self.ids.len())
            })?;
            done.push(task);
        }
        let said = format!("cancelled {}", counted(done.len() as u64));
        Ok(output::sentence(self.client.output, &said, &Value::Array(done))?)
    }

    async fn matching(&self, client: &Client, scheduler: &str) -> anyhow::Result<()> {
        if self.filter.is_empty() != self.all {
            return Err(Usage(
                "name the tasks with --where or --filter, or all of them with --all".to_owned(),
            )
            .into());
        }
        let mut body = serde_json::to_value(self.filter.request()?)?;
        if let Value::Object(body) = &mut body {
            body.insert("dry_run".to_owned(), self.dry_run.into());
            body.insert("reason".to_owned(), self.reason.clone().into());
            body.insert("all".to_owned(), self.all.into());
        }
        let answer =
            client.send(client.post(&["schedulers", scheduler, "cancel"]).json(&body)).await?;
        let tasks = counted(answer.get("count").and_then(Value::as_u64).unwrap_or_default());
        let said = if self.dry_run {
            format!("would cancel {tasks} of `{scheduler}`; without --dry-run they are cancelled")
        } else {
            format!("cancelled {tasks} of `{scheduler}`")
        };
        Ok(output::sentence(self.client.output, &said, &answer)?)
    }
}

fn counted(tasks: u64) -> String {
    if tasks == 1 { "1 task".to_owned() } else { format!("{tasks} tasks") }
}
