//! The host that is measured.

use anyhow::{Context, bail};
use clap::Args;
use hyper::Method;
use serde::Deserialize;

use crate::{client::Client, work::Kind};

/// Where the host is, and how many connections to it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Target {
    /// Address of the API.
    #[arg(long, global = true, default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// Token, if the host wants one.
    #[arg(long, global = true)]
    pub(crate) token: Option<String>,
    /// The scheduler to work with.
    #[arg(long, global = true, default_value = "jobs")]
    pub(crate) scheduler: String,
    /// What the tasks are that are pushed.
    #[arg(long, global = true, value_enum, default_value_t = Kind::Jobs)]
    pub(crate) work: Kind,
    /// Connections that work at the same time.
    #[arg(long, global = true, default_value_t = 64)]
    pub(crate) connections: usize,
}

/// How the queue is doing.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(crate) struct QueueState {
    /// Queued tasks.
    #[serde(rename = "qsize")]
    pub(crate) queued: u64,
    /// The generation that the order is of.
    #[serde(default)]
    pub(crate) generation: u64,
}

impl Target {
    /// Host and port, from the address.
    pub(crate) fn authority(&self) -> anyhow::Result<&str> {
        let Some(rest) = self.url.strip_prefix("http://") else {
            bail!("`{}` is not an address, expected http://HOST:PORT", self.url);
        };
        Ok(rest.trim_end_matches('/'))
    }

    /// The path of something of the scheduler.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/schedulers/{}{rest}", self.scheduler)
    }

    /// One connection.
    pub(crate) async fn connect(&self) -> anyhow::Result<Client> {
        Client::connect(self.authority()?, self.token.as_deref()).await
    }

    /// How the queue is doing, asked over a connection of its own: the host closes one that has had
    /// nothing to do for a while.
    pub(crate) async fn queue_now(&self) -> anyhow::Result<QueueState> {
        self.queue(&mut self.connect().await?).await
    }

    /// How the queue is doing.
    pub(crate) async fn queue(&self, client: &mut Client) -> anyhow::Result<QueueState> {
        let answer = client.send(Method::GET, &self.path(""), None).await?;
        serde_json::from_slice(answer.expect(200)?)
            .with_context(|| format!("scheduler `{}` answered something else", self.scheduler))
    }
}
