//! `hinny queue`: look at queues, and take tasks from them.

use clap::{Args, Subcommand};
use serde_json::Value;

use super::{
    client::ClientArgs,
    filter_args::FilterArgs,
    output::{self, Column},
};

/// Look at queues, and take tasks from them.
#[derive(Debug, Subcommand)]
pub(crate) enum Queue {
    /// List the schedulers with their queues
    List(List),
    /// Show the tasks that go next
    Head(Head),
    /// Take tasks from a queue, as a worker does
    Pop(Pop),
}

/// List the schedulers with their queues.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    client: ClientArgs,
}

/// Show the tasks that go next.
#[derive(Debug, Args)]
pub(crate) struct Head {
    /// The scheduler
    scheduler: String,
    /// How many tasks
    #[arg(short, long, default_value_t = 10)]
    limit: u32,
    #[command(flatten)]
    client: ClientArgs,
}

/// Take tasks from a queue, as a worker does.
#[derive(Debug, Args)]
pub(crate) struct Pop {
    /// The scheduler
    scheduler: String,
    /// Most tasks; without it, as many as the scheduler's `pop_default`
    #[arg(short, long)]
    limit: Option<u32>,
    /// How long to wait for a task when there is none, in seconds
    #[arg(long, value_name = "SECONDS")]
    wait: Option<f64>,
    /// Who takes them, for the history of the task
    #[arg(long, default_value = "hinny queue pop")]
    worker: String,
    #[command(flatten)]
    filter: FilterArgs,
    #[command(flatten)]
    client: ClientArgs,
}

const QUEUES: &[Column] = &[
    ("SCHEDULER", "/id"),
    ("TYPE", "/type"),
    ("QUEUED", "/qsize"),
    ("DELAYED", "/delayed"),
    ("WAITING WORKERS", "/waiting"),
    ("GENERATION", "/generation"),
    ("LAST ACTIVITY", "/last_activity"),
];

const PLACES: &[Column] = &[
    ("#", "/position"),
    ("PRIORITY", "/task/priority"),
    ("ID", "/task/id"),
    ("ORGANISATION", "/task/organisation"),
    ("CREATED", "/task/created_at"),
    ("DATA", "/task/data"),
];

const POPPED: &[Column] = &[
    ("ID", "/id"),
    ("ATTEMPT", "/attempt"),
    ("LEASE UNTIL", "/lease_until"),
    ("ORGANISATION", "/organisation"),
    ("DATA", "/data"),
];

impl Queue {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run().await,
            Self::Head(command) => command.run().await,
            Self::Pop(command) => command.run().await,
        }
    }
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let answer = client.send(client.get(&["schedulers"])).await?;
        let rows = answer.as_array().cloned().unwrap_or_default();
        Ok(output::list(self.client.output, &answer, &rows, QUEUES)?)
    }
}

impl Head {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let request =
            client.get(&["schedulers", &self.scheduler, "queue"]).query(&[("limit", self.limit)]);
        let answer = client.send(request).await?;
        Ok(output::list(self.client.output, &answer, &results(&answer), PLACES)?)
    }
}

impl Pop {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let mut request = client
            .post(&["schedulers", &self.scheduler, "pop"])
            .query(&[("worker", &self.worker)])
            .json(&self.filter.request()?);
        if let Some(limit) = self.limit {
            request = request.query(&[("limit", limit)]);
        }
        if let Some(wait) = self.wait {
            request = request.query(&[("wait", wait)]);
        }
        let answer = client.send(request).await?;
        Ok(output::list(self.client.output, &answer, &results(&answer), POPPED)?)
    }
}

/// The entries of a page.
pub(crate) fn results(answer: &Value) -> Vec<Value> {
    answer.get("results").and_then(Value::as_array).cloned().unwrap_or_default()
}
