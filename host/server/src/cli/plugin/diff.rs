//! `hinny plugin diff`: what would move in a queue under another ranker.

use anyhow::bail;
use clap::Args;
use hinny_core::plugin::{Slot, World};
use reqwest::header;

use super::{read, with_component};
use crate::{
    cli::{client::ClientArgs, input::Input, output},
    plugin_ref::PluginRef,
};

/// Show what would move in a queue under another ranker, without activating it.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The slot, such as `jobs/ranker`
    slot: Slot,
    /// The version: a name, `name@version`, a digest, or a file, which is not kept
    plugin: PluginRef,
    /// Its settings: a JSON object, @FILE, or - for standard input; without it, those that it had
    /// when it was last active here
    #[arg(long, value_name = "JSON")]
    settings: Option<Input>,
    /// How many tasks to list of those that move forward, and of those that move back (at most 100)
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    movers: u32,
    #[command(flatten)]
    client: ClientArgs,
}

impl Diff {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        if self.slot.world != World::Ranker {
            bail!(
                "`{}` is no slot of a ranker; hint: what a scheduler plugin would do depends on what comes",
                self.slot
            );
        }
        let client = self.client.connect()?;
        let mut query = vec![
            ("scheduler_id", self.slot.scheduler.to_string()),
            ("movers", self.movers.to_string()),
        ];
        if let Some(settings) = &self.settings {
            query.push(("settings", settings.json()?.to_string()));
        }
        let mut request =
            client.post(&["plugins", "preview"]).header(header::ACCEPT, self.client.output.mime());
        match &self.plugin {
            PluginRef::File(file) => {
                request = with_component(request, read(file)?);
            }
            named => query.push(("plugin", named.to_string())),
        }
        Ok(output::told(&client.send(request.query(&query)).await?)?)
    }
}
