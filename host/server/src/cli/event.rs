//! `hinny event`: send events, and look after those in quarantine.

use clap::{Args, Subcommand};
use reqwest::{Method, header};

use super::{
    client::ClientArgs,
    input::Input,
    output::{self, Column},
    queue::results,
};

/// Send events, and look after those in quarantine.
#[derive(Debug, Subcommand)]
pub(crate) enum Event {
    /// Send an event; the schedulers that want its source handle it before the answer
    Send(Send),
    /// Show what a trigger would do, without doing it
    DryRun(DryRun),
    /// List the events that the host keeps: waiting for another try, or in quarantine
    List(List),
    /// Show a kept event, with its body
    Get(Kept),
    /// Handle a kept event again, now
    Replay(Kept),
    /// Forget a kept event
    Drop(Kept),
}

/// Send an event.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// Where it comes from: schedulers say which sources they want
    source: String,
    /// Its body: text, @FILE, or - for standard input
    body: Input,
    /// Its identity: an event that comes again with the same one is handled once
    #[arg(long)]
    id: Option<String>,
    /// MIME type of the body
    #[arg(long, default_value = "application/json")]
    content_type: String,
    #[command(flatten)]
    client: ClientArgs,
}

/// Show what a trigger would do: the scheduler plugin handles it, and nothing is committed.
#[derive(Debug, Args)]
#[group(id = "trigger", required = true, multiple = false, args = ["source", "event", "tick_ms", "schedule", "task"])]
pub(crate) struct DryRun {
    /// The scheduler
    scheduler: String,
    /// Its body, with `--source`: text, @FILE, or - for standard input
    #[arg(requires = "source")]
    body: Option<Input>,
    /// An event of this source
    #[arg(long)]
    source: Option<String>,
    /// An event that the host keeps
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// A tick of those that come every so many milliseconds
    #[arg(long, value_name = "N")]
    tick_ms: Option<u64>,
    /// A schedule, as if it were due
    #[arg(long, value_name = "ID")]
    schedule: Option<String>,
    /// A task, as it ended
    #[arg(long, value_name = "ID")]
    task: Option<String>,
    /// MIME type of the body
    #[arg(long, default_value = "application/json")]
    content_type: String,
    #[command(flatten)]
    client: ClientArgs,
}

/// List the events that the host keeps.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Of this scheduler
    #[arg(short, long)]
    scheduler: Option<String>,
    /// Only `waiting`, or only `quarantined`
    #[arg(long)]
    state: Option<String>,
    /// How many to show
    #[arg(short, long, default_value_t = 20)]
    limit: u64,
    #[command(flatten)]
    client: ClientArgs,
}

/// One kept event.
#[derive(Debug, Args)]
pub(crate) struct Kept {
    /// The scheduler that has yet to handle it
    scheduler: String,
    /// The event
    id: String,
    #[command(flatten)]
    client: ClientArgs,
}

const EVENTS: &[Column] = &[
    ("SCHEDULER", "/scheduler_id"),
    ("EVENT", "/id"),
    ("SOURCE", "/source"),
    ("STATE", "/state"),
    ("TRIES", "/delivery"),
    ("RETRY AT", "/retry_at"),
    ("REASON", "/reason"),
];

impl Event {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Send(command) => command.run().await,
            Self::DryRun(command) => command.run().await,
            Self::List(command) => command.run().await,
            Self::Get(kept) => kept.run(Method::GET, &[]).await,
            Self::Replay(kept) => kept.run(Method::POST, &["replay"]).await,
            Self::Drop(kept) => kept.run(Method::DELETE, &[]).await,
        }
    }
}

impl Send {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let mut request = client
            .post(&["events", &self.source])
            .header(header::CONTENT_TYPE, self.content_type)
            .body(self.body.text()?);
        if let Some(id) = self.id {
            request = request.header("x-event-id", id);
        }
        let answer = client.send(request).await?;
        Ok(output::one(self.client.output, &answer)?)
    }
}

impl DryRun {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let query = [
            ("source", self.source),
            ("event_id", self.event),
            ("tick_ms", self.tick_ms.map(|every| every.to_string())),
            ("schedule_id", self.schedule),
            ("task_id", self.task),
        ];
        let query: Vec<_> =
            query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let body = self.body.map(|body| body.text()).transpose()?.unwrap_or_default();
        let request = client
            .post(&["schedulers", &self.scheduler, "dry-run"])
            .query(&query)
            .header(header::CONTENT_TYPE, self.content_type)
            .body(body);
        let answer = client.send(request).await?;
        Ok(output::one(self.client.output, &answer)?)
    }
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let query = [
            ("scheduler_id", self.scheduler),
            ("state", self.state),
            ("limit", Some(self.limit.to_string())),
        ];
        let query: Vec<_> =
            query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let answer = client.send(client.get(&["quarantine"]).query(&query)).await?;
        Ok(output::list(self.client.output, &answer, &results(&answer), EVENTS)?)
    }
}

impl Kept {
    async fn run(self, method: Method, action: &[&str]) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let path = [&["quarantine", &*self.scheduler, &*self.id], action].concat();
        let deletes = method == Method::DELETE;
        let answer = client.send(client.request(method, &path)).await?;
        if deletes {
            let said = format!("forgot event `{}` of `{}`", self.id, self.scheduler);
            return Ok(output::sentence(self.client.output, &said, &answer)?);
        }
        Ok(output::one(self.client.output, &answer)?)
    }
}
