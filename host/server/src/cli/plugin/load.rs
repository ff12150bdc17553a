//! `hinny plugin load`: upload plugins to a host.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;

use crate::cli::{client::ClientArgs, output};

/// Upload plugins to a host; they are verified, not activated.
#[derive(Debug, Args)]
pub(crate) struct Load {
    /// Component files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    client: ClientArgs,
}

impl Load {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        for file in &self.files {
            let version = super::upload(&client, file).await?;
            let world = version.get("world").and_then(Value::as_str).unwrap_or("plugin");
            let said = format!("loaded {world} {}", super::title(&version));
            output::sentence(self.client.output, &said, &version)?;
        }
        Ok(())
    }
}
