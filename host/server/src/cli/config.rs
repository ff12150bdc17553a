//! `hinny config`: the configuration, with the origin of each value.

use clap::Args;

use super::{config_args::ConfigArgs, output};

/// Show the configuration as TOML, with the origin of each value and without secrets.
#[derive(Debug, Args)]
pub(crate) struct Config {
    /// Print the page that documents every key
    #[arg(long)]
    reference: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

impl Config {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if self.reference {
            return Ok(output::print(&crate::config::reference())?);
        }
        let loaded = self.config.load()?;
        // A configuration that `serve` would refuse is shown, and then refused.
        output::print(&loaded.to_toml())?;
        crate::access::admission(&loaded.config.api)?;
        Ok(())
    }
}
