//! `hinny serve`: run the host until a signal ends it.

use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::config_args::ConfigArgs;
use crate::{clock::SystemClock, host::Host, telemetry};

/// Run the host until SIGTERM or SIGINT.
///
/// It stops in order: no more connections, open requests are answered, the database is closed. A
/// second signal ends it at once; what was acknowledged is not lost by that.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    config: ConfigArgs,
}

impl Serve {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let config = self.config.load()?.config;
        // The configuration is checked before the log starts, so that its errors are for people.
        telemetry::start_log(&config.log)?;
        tokio::runtime::Builder::new_multi_thread()
            .thread_name("hinny")
            .enable_all()
            .build()
            .context("the runtime cannot be started")?
            .block_on(async {
                let mut signals = Signals::new()?;
                let host = Host::start(config, Arc::new(SystemClock)).await?;
                let name = signals.next().await;
                tracing::info!("stopping on {name}; a second signal ends hinny at once");
                tokio::select! {
                    () = host.stop() => {
                        tracing::info!("stopped");
                        Ok(())
                    }
                    name = signals.next() => {
                        anyhow::bail!("ended by {name} before everything was answered")
                    }
                }
            })
    }
}

/// The signals that end the host.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let of = |kind| signal(kind).context("signals cannot be listened for");
        Ok(Self {
            terminate: of(SignalKind::terminate())?,
            interrupt: of(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
