//! `hinny task explain`: why a task is where it is.

use clap::Args;
use reqwest::header;
use serde_json::Value;

use crate::cli::{
    client::ClientArgs,
    output::{self, Format},
};

/// Show why a task is where it is.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// The task
    id: String,
    #[command(flatten)]
    client: ClientArgs,
}

impl Explain {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let accepted = match self.client.output {
            Format::Table => "text/plain",
            Format::Json => "application/json",
        };
        let request = client.get(&["tasks", &self.id, "explain"]).header(header::ACCEPT, accepted);
        match client.send(request).await? {
            Value::String(text) => Ok(output::print(&(text.trim_end().to_owned() + "\n"))?),
            other => Ok(output::json(&other)?),
        }
    }
}
