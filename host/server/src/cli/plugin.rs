//! `hinny plugin`: start, build, check, load and activate plugins.

mod activate;
mod bench;
mod build;
mod check;
mod diff;
mod given;
mod golden;
mod inspect;
mod keygen;
mod list;
mod load;
mod logs;
mod new;
mod place;
mod push;
mod refusals;
mod replay;
mod sign;
mod test;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Subcommand;
use hinny_core::plugin::Signature;
use hinny_plugins::PluginHostConfig;
use reqwest::{RequestBuilder, header};
use serde_json::Value;

use super::{
    client::{self, Client},
    config_args, output,
};
use crate::signature_file;

/// Start, build, check, load and activate plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// Start a plugin: a folder that builds at once, with tests and a copy of the SDK
    New(new::New),
    /// Build the plugin in a folder as a component
    Build(build::Build),
    /// Give the host's verdict on a plugin, without a host
    Check(check::Check),
    /// Show what a plugin is, and what it can do, without a host
    Inspect(inspect::Inspect),
    /// Compare what a plugin answers with what its golden files say
    Test(test::Test),
    /// Measure a ranker: what a task costs, in batches of several sizes
    Bench(bench::Bench),
    /// Make a key to sign plugins with, and the lines for the configuration
    Keygen(keygen::Keygen),
    /// Sign a plugin: FILE.sig goes beside it
    Sign(sign::Sign),
    /// Say who signed a plugin, and whether a host would let it in, without a host
    Verify(sign::Verify),
    /// Push a plugin to a host or to an OCI registry, with the signature beside it
    Push(push::Push),
    /// Pull a plugin from an OCI registry into a file, with its signature
    Pull(push::Pull),
    /// Upload plugins to a host; they are verified, not activated
    Load(load::Load),
    /// List the versions that a host has, newest first
    List(list::List),
    /// Show what runs in each slot
    Slots(list::Slots),
    /// Show the activations of a slot, newest first
    History(list::History),
    /// List plugins that were not let in, newest first
    Refusals(refusals::Refusals),
    /// Show what plugins wrote, and follow them
    Logs(logs::Logs),
    /// Show what would move in a queue under another ranker, without activating it
    Diff(diff::Diff),
    /// Show what a ranker would have decided of the tasks that are recorded
    Replay(replay::Replay),
    /// Make a version the active one of a slot, or try it beside the active one
    Activate(activate::Activate),
    /// End a trial, or go back to the version before the active one
    Rollback(activate::Rollback),
}

impl Plugin {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New(command) => command.run(),
            Self::Build(command) => command.run(),
            Self::Check(command) => command.run(),
            Self::Inspect(command) => command.run(),
            Self::Test(command) => command.run(),
            Self::Bench(command) => command.run(),
            Self::Keygen(command) => command.run(),
            Self::Sign(command) => command.run(),
            Self::Verify(command) => command.run(),
            Self::Push(command) => client::block_on(command.run()),
            Self::Pull(command) => client::block_on(command.run()),
            Self::Load(command) => client::block_on(command.run()),
            Self::List(command) => client::block_on(command.run()),
            Self::Slots(command) => client::block_on(command.run()),
            Self::History(command) => client::block_on(command.run()),
            Self::Refusals(command) => client::block_on(command.run()),
            Self::Logs(command) => client::block_on(command.run()),
            Self::Diff(command) => client::block_on(command.run()),
            Self::Replay(command) => client::block_on(command.run()),
            Self::Activate(command) => client::block_on(command.run()),
            Self::Rollback(command) => client::block_on(command.run()),
        }
    }
}

pub(super) use activate::path;
pub(super) use sign::{secret, sign};

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| format!("plugin file `{}` cannot be read", file.display()))
}

/// The plugin host of a command that asks none over the API: with the limits of a configuration.
fn offline(config: Option<PathBuf>) -> anyhow::Result<PluginHostConfig> {
    let plugins = config_args::load(config, Vec::new())?.config.plugins;
    let trusted_keys = plugins.read_trusted_keys()?;
    Ok(PluginHostConfig { limits: plugins.limits, trusted_keys, ..PluginHostConfig::default() })
}

/// A request that a component is sent along with.
pub(super) fn with_component(request: RequestBuilder, component: Vec<u8>) -> RequestBuilder {
    request.header(header::CONTENT_TYPE, "application/wasm").body(component)
}

/// Uploads a file, with the signature beside it; the answer is the version.
async fn upload(client: &Client, file: &Path) -> anyhow::Result<Value> {
    let request = uploading(client, read(file)?, signature_file::beside(file)?);
    client.send(request).await.with_context(|| format!("`{}` was not loaded", file.display()))
}

/// The request that uploads a component.
pub(super) fn uploading(
    client: &Client,
    component: Vec<u8>,
    signature: Option<Signature>,
) -> RequestBuilder {
    let request = with_component(client.post(&["plugins"]), component);
    match signature {
        Some(signature) => request.header("Hinny-Signature", signature.to_string()),
        None => request,
    }
}

/// Name, version and digest, for people.
fn title(version: &Value) -> String {
    let text = |name| version.get(name).map(output::cell).unwrap_or_default();
    let signed = match version.get("signature").and_then(Value::as_str) {
        Some("trusted") => ", signed by a trusted key",
        Some("unknown_key") => ", signed by a key that the host does not trust",
        _ => "",
    };
    format!("{}@{} ({}){signed}", text("name"), text("version"), text("digest"))
}
