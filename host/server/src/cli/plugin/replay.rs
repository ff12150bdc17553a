//! `hinny plugin replay`: what a ranker would have decided of the tasks that are recorded.

use std::{convert::Infallible, str::FromStr, time::Duration};

use clap::Args;
use hinny_core::{SchedulerId, Timestamp};
use reqwest::header;

use super::{read, with_component};
use crate::{
    cli::{client::ClientArgs, failure::Refused, input::Input, output},
    plugin_ref::PluginRef,
};

/// How long an answer is waited for: a full log takes a slow ranker minutes.
const PATIENCE: Duration = Duration::from_mins(30);

/// Show what a ranker would have decided of the tasks that are recorded.
///
/// Fails when the ranker does not reproduce what it decided itself, with the same settings.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The version: a name, `name@version`, a digest, a file, which is not kept, or `active`
    plugin: Asked,
    /// Whose decisions
    #[arg(long, value_name = "ID")]
    scheduler: SchedulerId,
    /// Its settings: a JSON object, @FILE, or - for standard input; without it, those that it had
    /// when it was last active here
    #[arg(long, value_name = "JSON")]
    settings: Option<Input>,
    /// No decisions from before, such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// No decisions from then on
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
    /// At most so many batches, the newest
    #[arg(long, value_name = "NUMBER")]
    batches: Option<u64>,
    /// How many tasks to list of those that move forward, and of those that move back (at most 100)
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    movers: u32,
    #[command(flatten)]
    client: ClientArgs,
}

/// A ranker to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    /// What is active.
    Active,
    /// Another.
    Named(PluginRef),
}

impl FromStr for Asked {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        if text == "active" { Ok(Self::Active) } else { text.parse().map(Self::Named) }
    }
}

impl Replay {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let mut query = self.query()?;
        let mut request = client
            .post(&["plugins", "replay"])
            .header(header::ACCEPT, self.client.output.mime())
            .timeout(PATIENCE);
        match &self.plugin {
            Asked::Active => {}
            Asked::Named(PluginRef::File(file)) => {
                request = with_component(request, read(file)?);
            }
            Asked::Named(named) => query.push(("plugin", named.to_string())),
        }
        let (headers, said) = client.send_for_headers(request.query(&query)).await?;
        output::told(&said)?;
        let exact = headers.get("hinny-exact").is_none_or(|exact| exact != "false");
        if exact { Ok(()) } else { Err(Refused.into()) }
    }

    fn query(&self) -> anyhow::Result<Vec<(&'static str, String)>> {
        let mut query =
            vec![("scheduler_id", self.scheduler.to_string()), ("movers", self.movers.to_string())];
        if let Some(settings) = &self.settings {
            query.push(("settings", settings.json()?.to_string()));
        }
        query.extend(self.since.map(|since| ("since", since.to_string())));
        query.extend(self.until.map(|until| ("until", until.to_string())));
        query.extend(self.batches.map(|batches| ("batches", batches.to_string())));
        Ok(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_active_one_is_no_name() {
        assert_eq!("active".parse(), Ok(Asked::Active));
        let named = |text: &str| Asked::Named(text.to_owned().into());
        for text in ["rank-decay", "active@1.0.0", "./active", "active.wasm"] {
            assert_eq!(text.parse(), Ok(named(text)));
        }
    }
}
