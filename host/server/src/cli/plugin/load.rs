//! `hinny plugin load`: upload plugins to a host.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::Value;

use crate::cli::{
    client::{Client, ClientArgs},
    output::{self, Format},
};

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
            load(&client, file, self.client.output).await?;
        }
        Ok(())
    }
}

/// Uploads a file, with the signature beside it, and says what it is.
pub(super) async fn load(client: &Client, file: &Path, format: Format) -> anyhow::Result<()> {
    let version = super::upload(client, file).await?;
    let world = version.get("world").and_then(Value::as_str).unwrap_or("plugin");
    let said = format!("loaded {world} {}", super::title(&version));
    Ok(output::sentence(format, &said, &version)?)
}
