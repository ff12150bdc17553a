//! `hinny schedule`: list and change schedules.

use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{
    client::ClientArgs,
    input::Input,
    output::{self, Column},
    queue::results,
};

/// List and change schedules.
#[derive(Debug, Subcommand)]
pub(crate) enum Schedule {
    /// List schedules, newest first
    List(List),
    /// Show a schedule
    Get(One),
    /// Make a schedule
    Create(Create),
    /// Let a schedule fire
    Enable(One),
    /// Stop a schedule from firing
    Disable(One),
    /// Remove a schedule; its tasks stay
    Delete(One),
}

/// List schedules, newest first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Of this scheduler
    #[arg(short, long)]
    scheduler: Option<String>,
    /// Of this organisation
    #[arg(long)]
    organisation: Option<String>,
    /// Those that fire (true), or those that do not (false)
    #[arg(long)]
    enabled: Option<bool>,
    /// How many to pass over
    #[arg(long, default_value_t = 0)]
    offset: u64,
    /// How many to show
    #[arg(short, long, default_value_t = 20)]
    limit: u64,
    #[command(flatten)]
    client: ClientArgs,
}

/// One schedule.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The schedule
    id: String,
    #[command(flatten)]
    client: ClientArgs,
}

/// Make a schedule.
#[derive(Debug, Args)]
#[group(id = "when", required = true, multiple = true, args = ["cron", "deadline"])]
pub(crate) struct Create {
    /// The scheduler
    scheduler: String,
    /// The data of the tasks that it makes: JSON, @FILE, or - for standard input
    data: Input,
    /// Whose work it is
    #[arg(long)]
    organisation: String,
    /// Cron expression, such as "0 3 * * MON-FRI"
    #[arg(long)]
    cron: Option<String>,
    /// IANA time zone of the cron expression
    #[arg(long, requires = "cron")]
    time_zone: Option<String>,
    /// When it fires first, such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    deadline: Option<String>,
    /// What to do about fires that were missed: once, skip or all
    #[arg(long)]
    missed: Option<String>,
    #[command(flatten)]
    client: ClientArgs,
}

const SCHEDULES: &[Column] = &[
    ("ID", "/id"),
    ("SCHEDULER", "/scheduler_id"),
    ("ORGANISATION", "/organisation"),
    ("ENABLED", "/enabled"),
    ("CRON", "/schedule"),
    ("NEXT", "/deadline_at"),
    ("DATA", "/data"),
];

impl Schedule {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(command) => command.run().await,
            Self::Create(command) => command.run().await,
            Self::Get(one) => one.show(Method::GET, Value::Null).await,
            Self::Enable(one) => one.show(Method::PATCH, json!({ "enabled": true })).await,
            Self::Disable(one) => one.show(Method::PATCH, json!({ "enabled": false })).await,
            Self::Delete(one) => one.delete().await,
        }
    }
}

impl List {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let query = [
            ("scheduler_id", self.scheduler),
            ("organisation", self.organisation),
            ("enabled", self.enabled.map(|enabled| enabled.to_string())),
            ("offset", Some(self.offset.to_string())),
            ("limit", Some(self.limit.to_string())),
        ];
        let query: Vec<_> =
            query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let answer = client.send(client.get(&["schedules"]).query(&query)).await?;
        Ok(output::list(self.client.output, &answer, &results(&answer), SCHEDULES)?)
    }
}

impl One {
    /// Reads or changes it, and shows it as it is then.
    async fn show(self, method: Method, change: Value) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let mut request = client.request(method, &["schedules", &self.id]);
        if !change.is_null() {
            request = request.json(&change);
        }
        let answer = client.send(request).await?;
        Ok(output::one(self.client.output, &answer)?)
    }

    async fn delete(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let answer = client.send(client.request(Method::DELETE, &["schedules", &self.id])).await?;
        let said = format!("deleted schedule `{}`", self.id);
        Ok(output::sentence(self.client.output, &said, &answer)?)
    }
}

impl Create {
    async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let fields = [
            ("scheduler_id", Some(Value::from(self.scheduler))),
            ("organisation", Some(Value::from(self.organisation))),
            ("data", Some(self.data.json()?)),
            ("schedule", self.cron.map(Value::from)),
            ("time_zone", self.time_zone.map(Value::from)),
            ("deadline_at", self.deadline.map(Value::from)),
            ("missed", self.missed.map(Value::from)),
        ];
        let schedule: Map<String, Value> = fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        let answer = client.send(client.post(&["schedules"]).json(&schedule)).await?;
        Ok(output::one(self.client.output, &answer)?)
    }
}
