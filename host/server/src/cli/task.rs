//! `hinny task`: push, list, change and explain tasks.

mod cancel;
mod explain;
mod push;

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::{
    client::ClientArgs,
    filter_args::FilterArgs,
    input::Input,
    output::{self, Column},
    queue::results,
};

/// Push, list, change and explain tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Push a task, or many from a file
    Push(push::Push),
    /// List tasks, newest first
    List(List),
    /// Show a task
    Get(Get),
    /// Show the steps in the life of a task
    Events(Events),
    /// Show why a task is where it is
    Explain(explain::Explain),
    /// Report on a task, or change it
    Update(Update),
    /// Take queued tasks off the queue
    Cancel(cancel::Cancel),
}

/// List tasks, newest first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Of this scheduler
    #[arg(short, long)]
    scheduler: Option<String>,
    /// Of this organisation
    #[arg(long)]
    organisation: Option<String>,
    /// With this status
    #[arg(long)]
    status: Option<String>,
    #[command(flatten)]
    filter: FilterArgs,
    /// How many to pass over
    #[arg(long, default_value_t = 0)]
    offset: u64,
    /// How many to show
    #[arg(short, long, default_value_t = 20)]
    limit: u64,
    #[command(flatten)]
    client: ClientArgs,
}

/// Show a task.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The task
    id: String,
    #[command(flatten)]
    client: ClientArgs,
}

/// Show the steps in the life of a task.
#[derive(Debug, Args)]
pub(crate) struct Events {
    /// The task
    id: String,
    #[command(flatten)]
    client: ClientArgs,
}

/// Report on a task, or change it.
#[derive(Debug, Args)]
#[group(id = "change", required = true, multiple = true, args = ["status", "priority", "data"])]
pub(crate) struct Update {
    /// The task
    id: String,
    /// New status
    #[arg(long)]
    status: Option<String>,
    /// New priority to ask the ranker for
    #[arg(long, allow_negative_numbers = true)]
    priority: Option<i64>,
    /// New data: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    data: Option<Input>,
    /// The attempt that is reported on: a report on an earlier one is refused
    #[arg(long)]
    attempt: Option<u32>,
    /// Who reports
    #[arg(long)]
    worker: Option<String>,
    /// Why, for people
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
}

const TASKS: &[Column] = &[
    ("ID", "/id"),
    ("SCHEDULER", "/scheduler_id"),
    ("ORGANISATION", "/organisation"),
    ("STATUS", "/status"),
    ("PRIORITY", "/priority"),
    ("CREATED", "/created_at"),
    ("DATA", "/data"),
];

const STEPS: &[Column] = &[
    ("AT", "/at"),
    ("STATUS", "/status"),
    ("ATTEMPT", "/attempt"),
    ("WORKER", "/worker"),
    ("REASON", "/reason"),
];

impl Task {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Push(command) => command.run().await,
            Self::List(command) => command.run().await,
            Self::Get(command) => command.run().await,
            Self::Events(command) => command.run().await,
            Self::Explain(command) => command.run().await,
            Self::Update(command) => command.run().await,
            Self::Cancel(command) => command.run().await,
        }
    }
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let query = [
            ("scheduler_id", self.scheduler),
            ("organisation", self.organisation),
            ("status", self.status),
            ("offset", Some(self.offset.to_string())),
            ("limit", Some(self.limit.to_string())),
        ];
        let query: Vec<_> =
            query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let request = client.post(&["tasks"]).query(&query).json(&self.filter.request()?);
        let answer = client.send(request).await?;
        let rows = results(&answer);
        output::list(self.client.output, &answer, &rows, TASKS)?;
        if self.client.output == output::Format::Table {
            let count = answer.get("count").map(Value::to_string).unwrap_or_default();
            eprintln!("{} of {count} tasks", rows.len());
        }
        Ok(())
    }
}

impl Get {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let answer = client.send(client.get(&["tasks", &self.id])).await?;
        Ok(output::one(self.client.output, &answer)?)
    }
}

impl Events {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let answer = client.send(client.get(&["tasks", &self.id, "events"])).await?;
        let rows = answer.as_array().cloned().unwrap_or_else(|| results(&answer));
        Ok(output::list(self.client.output, &answer, &rows, STEPS)?)
    }
}

impl Update {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let data = self.data.as_ref().map(Input::json).transpose()?;
        let fields = [
            ("status", self.status.map(Value::from)),
            ("priority", self.priority.map(Value::from)),
            ("data", data),
            ("attempt", self.attempt.map(Value::from)),
            ("worker", self.worker.map(Value::from)),
            ("reason", self.reason.map(Value::from)),
        ];
        let change: Map<String, Value> = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        let request = client.request(reqwest::Method::PATCH, &["tasks", &self.id]).json(&change);
        let answer = client.send(request).await?;
        Ok(output::one(self.client.output, &answer)?)
    }
}
