//! `hinny import`: bring over what another scheduler has.

mod mula;
mod progress;
mod row;
mod source;
mod tally;

use clap::Subcommand;

/// Bring over what another scheduler has
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// From the database of mula
    Mula(mula::Mula),
}

impl Import {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Mula(command) => command.run().await,
        }
    }
}
