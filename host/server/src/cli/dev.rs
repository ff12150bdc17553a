//! `hinny dev`: from a saved file to a new order, again and again.

use std::{path::PathBuf, time::Duration};

use anyhow::Context;
use clap::Args;
use hinny_build::{Source, fingerprint};
use hinny_core::plugin::{Slot, World};
use hinny_plugins::SigningKey;
use reqwest::header;
use serde_json::{Map, Value};
use tokio::{task::spawn_blocking, time::sleep};

use super::{
    client::{Client, ClientArgs},
    failure,
    input::Input,
    output::{self, Format},
    plugin::{path, secret, sign, uploading, with_component},
};

/// How often the sources are looked at.
const LOOK: Duration = Duration::from_millis(300);

/// Watch the sources of a plugin: build it, show what would move, and bring it in, each time they change
///
/// For a host of your own: the plugin becomes the active one of the slot with each change that
/// compiles. With --look, nothing is brought in, and no host changes. Ends with Ctrl-C.
#[derive(Debug, Args)]
pub(crate) struct Dev {
    /// Folder of the plugin
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The slot
    #[arg(short, long, default_value = "jobs/ranker")]
    slot: Slot,
    /// Its settings: a JSON object or @FILE; without them, those that it had when it was last active
    #[arg(long, value_name = "JSON")]
    settings: Option<Input>,
    /// Only show what would move: upload and activate nothing (rankers only)
    #[arg(long)]
    look: bool,
    /// File with the secret key, in PEM, to sign each build with, for hosts that ask for signatures;
    /// FILE.sig goes beside the component
    #[arg(short, long, value_name = "FILE", env = "HINNY_SIGNING_KEY")]
    key: Option<PathBuf>,
    /// Do it once, and end: for scripts
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    client: ClientArgs,
}

impl Dev {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let client = self.client.connect()?;
        let settings = self.settings.as_ref().map(Input::json).transpose()?;
        let key = self.key.as_deref().map(secret).transpose()?;
        let mut seen = None;
        loop {
            let now = self.fingerprint()?;
            if seen.as_ref() != Some(&now) {
                let done = self.round(&client, settings.as_ref(), key.as_ref()).await;
                if self.once {
                    return done;
                }
                if let Err(error) = done {
                    // It is mended in the sources, and tried again then.
                    failure::report(&error);
                }
                seen = Some(now);
                eprintln!("waiting for changes in {}; Ctrl-C ends it", self.folder.display());
            }
            sleep(LOOK).await;
        }
    }

    fn fingerprint(&self) -> anyhow::Result<String> {
        fingerprint(&Source::of(&self.folder)?)
    }

    /// Builds, compares and swaps.
    async fn round(
        &self,
        client: &Client,
        settings: Option<&Value>,
        key: Option<&SigningKey>,
    ) -> anyhow::Result<()> {
        let folder = self.folder.clone();
        let built = spawn_blocking(move || hinny_build::build(&folder));
        let built = built.await.context("the build was ended before it was done")??;
        let file = built.place();
        built.write(&file)?;
        let signature = key.map(|key| sign(key, &built.component, &file)).transpose()?;
        if self.slot.world == World::Ranker {
            self.compare(client, &built.component, settings).await?;
        }
        if self.look {
            return Ok(());
        }
        let version = client.send(uploading(client, built.component, signature)).await?;
        let digest = version.get("digest").cloned().unwrap_or_default();
        let mut body = Map::from_iter([("plugin".to_owned(), digest)]);
        body.extend(settings.map(|settings| ("settings".to_owned(), settings.clone())));
        let request = client.post(&path(&self.slot, "activate")).json(&body);
        let activation = client.send(request).await?;
        let generation = activation.get("generation").map(output::cell).unwrap_or_default();
        let said = format!(
            "`{}` is active in `{}` as generation {generation}",
            built.source.name, self.slot
        );
        Ok(output::sentence(self.client.output, &said, &activation)?)
    }

    /// Shows what would move.
    async fn compare(
        &self,
        client: &Client,
        component: &[u8],
        settings: Option<&Value>,
    ) -> anyhow::Result<()> {
        let mut query =
            vec![("scheduler_id", self.slot.scheduler.to_string()), ("movers", "3".to_owned())];
        query.extend(settings.map(|settings| ("settings", settings.to_string())));
        let request = with_component(client.post(&["plugins", "preview"]), component.to_vec())
            .header(header::ACCEPT, Format::Table.mime())
            .query(&query);
        Ok(output::told(&client.send(request).await?)?)
    }
}
