//! `hinny task explain`: why a task is where it is.

use clap::Args;
use reqwest::header;

use crate::cli::{client::ClientArgs, output};

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
        let request = client
            .get(&["tasks", &self.id, "explain"])
            .header(header::ACCEPT, self.client.output.mime());
        Ok(output::told(&client.send(request).await?)?)
    }
}
