//! `hinny plugin activate` and `rollback`: change what runs in a slot.

use std::{io::IsTerminal, time::Duration};

use clap::Args;
use hinny_core::plugin::{Share, Slot, Stage, World};
use serde_json::{Map, Value};

use crate::{
    cli::{
        client::{Client, ClientArgs},
        input::Input,
        output,
    },
    plugin_ref::PluginRef,
};

/// Make a version the active one of a slot, or try it beside the active one.
#[derive(Debug, Args)]
pub(crate) struct Activate {
    /// The slot, such as `jobs/ranker`
    slot: Slot,
    /// The version: a name, `name@version`, a digest, or a file, which is loaded first
    plugin: PluginRef,
    /// Its settings: a JSON object, @FILE, or - for standard input; without it, those that it had
    /// when it was last active here
    #[arg(long, value_name = "JSON")]
    settings: Option<Input>,
    /// Ask it about all tasks beside the active ranker, compare, and do not listen to it
    #[arg(long, conflicts_with = "canary")]
    shadow: bool,
    /// Let it rank this share of the tasks, such as 5%, and the active ranker all others
    #[arg(long, value_name = "SHARE")]
    canary: Option<Share>,
    /// Even if the host went back from it by itself before; it will not do so again
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    client: ClientArgs,
}

/// End a trial, or go back to the version before the active one.
#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// The slot, such as `jobs/ranker`
    slot: Slot,
    #[command(flatten)]
    wait: Wait,
    #[command(flatten)]
    client: ClientArgs,
}

/// Whether to wait for the queue.
#[derive(Debug, Clone, Copy, Args)]
struct Wait {
    /// Wait until the queue is in the order of the new generation (rankers only)
    #[arg(long)]
    wait: bool,
}

/// Between looks at a queue that is being switched.
const LOOK: Duration = Duration::from_millis(100);

impl Activate {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let plugin = match &self.plugin {
            PluginRef::File(file) => {
                let version = super::upload(&client, file).await?;
                version.get("digest").cloned().unwrap_or_default()
            }
            named => named.to_string().into(),
        };
        let mut body = Map::from_iter([("plugin".to_owned(), plugin)]);
        if let Some(settings) = &self.settings {
            body.insert("settings".to_owned(), settings.json()?);
        }
        body.insert("stage".to_owned(), self.stage().to_string().into());
        body.insert("force".to_owned(), self.force.into());
        let request = client.post(&path(&self.slot, "activate")).json(&body);
        let activation = client.send(request).await?;
        finish(&client, &self.client, &self.slot, self.wait, &activation).await
    }

    fn stage(&self) -> Stage {
        match self.canary {
            Some(share) => Stage::Canary(share),
            None if self.shadow => Stage::Shadow,
            None => Stage::Active,
        }
    }
}

impl Rollback {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let activation = client.send(client.post(&path(&self.slot, "rollback"))).await?;
        finish(&client, &self.client, &self.slot, self.wait, &activation).await
    }
}

/// Where something is done about a slot, or found of it.
pub(in crate::cli) fn path<'a>(slot: &'a Slot, action: &'a str) -> [&'a str; 4] {
    ["slots", slot.scheduler.as_str(), slot.world.as_str(), action]
}

async fn finish(
    client: &Client,
    args: &ClientArgs,
    slot: &Slot,
    wait: Wait,
    activation: &Value,
) -> anyhow::Result<()> {
    let generation = activation.get("generation").and_then(Value::as_u64).unwrap_or_default();
    if wait.wait && slot.world == World::Ranker {
        wait_for_order(client, slot, generation).await?;
    }
    let digest = activation.get("digest").map(output::cell).unwrap_or_default();
    let stage = activation.get("stage").map(output::cell).unwrap_or_default();
    let said = format!("slot `{slot}` is at generation {generation} ({stage}), {digest}");
    Ok(output::sentence(args.output, &said, activation)?)
}

/// Waits until the queue has the order of a generation, or of a later one.
async fn wait_for_order(client: &Client, slot: &Slot, generation: u64) -> anyhow::Result<()> {
    let shows = std::io::stderr().is_terminal();
    loop {
        let queue = client.send(client.get(&["schedulers", slot.scheduler.as_str()])).await?;
        if queue.get("generation").and_then(Value::as_u64) >= Some(generation) {
            if shows {
                eprintln!();
            }
            return Ok(());
        }
        let ranked = |field: &str| {
            queue
                .pointer(&format!("/switching/{field}"))
                .and_then(Value::as_u64)
                .unwrap_or_default()
        };
        if shows {
            eprint!("\rranked {} of {} tasks", ranked("done"), ranked("total"));
        }
        tokio::time::sleep(LOOK).await;
    }
}
