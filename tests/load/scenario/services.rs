//! The services that a host asks, as a process of their own.

use std::time::Duration;

use clap::Args;

use crate::{openkat::services::Services as Answering, outcome::Outcome};

/// Be the services that OpenKAT's plugins ask, until whoever started it ends or closes its input.
/// The first line that it prints is their address.
#[derive(Debug, Args)]
pub(crate) struct Services {
    /// How long each answer takes, in milliseconds.
    #[arg(long, default_value_t = 1)]
    after_ms: u64,
}

impl Services {
    /// Does it.
    pub(crate) async fn run(&self) -> anyhow::Result<Outcome> {
        let services = Answering::bind(Duration::from_millis(self.after_ms)).await?;
        println!("{}", services.url()?);
        let input = tokio::task::spawn_blocking(|| {
            std::io::copy(&mut std::io::stdin(), &mut std::io::sink())
        });
        tokio::select! {
            never = services.serve() => match never? {},
            _ = input => Ok(Outcome { scenario: "services".to_owned(), ..Outcome::default() }),
        }
    }
}
