//! `hinny plugin list`, `slots` and `history`: what a host has, and what runs where.

use clap::Args;
use hinny_core::plugin::Slot;

use crate::cli::{
    client::ClientArgs,
    output::{self, Column},
    queue::results,
};

/// List the versions that a host has, newest first.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    client: ClientArgs,
}

/// Show what runs in each slot.
#[derive(Debug, Args)]
pub(crate) struct Slots {
    #[command(flatten)]
    client: ClientArgs,
}

/// Show the activations of a slot, newest first.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The slot, such as `jobs/ranker`
    slot: Slot,
    #[command(flatten)]
    client: ClientArgs,
}

const VERSIONS: &[Column] = &[
    ("NAME", "/name"),
    ("VERSION", "/version"),
    ("WORLD", "/world"),
    ("SIZE", "/size"),
    ("UPLOADED", "/uploaded_at"),
    ("BY", "/uploaded_by"),
    ("SIGNATURE", "/signature"),
    ("DIGEST", "/digest"),
];

const SLOTS: &[Column] = &[
    ("SLOT", "/slot"),
    ("RUNS", "/title"),
    ("GENERATION", "/active/generation"),
    ("SINCE", "/active/at"),
    ("BY", "/active/by"),
    ("CALLS", "/stats/calls"),
    ("FAILURES", "/stats/failures"),
    ("TRIAL", "/trial/title"),
    ("STAGE", "/trial/activation/stage"),
    ("COMPARED", "/trial/compared"),
    ("MOVED", "/trial/moved"),
    ("TAU", "/trial/kendall_tau"),
    ("FAILED", "/trial/stats/failures"),
];

const ACTIVATIONS: &[Column] = &[
    ("GENERATION", "/generation"),
    ("AT", "/at"),
    ("BY", "/by"),
    ("STAGE", "/stage"),
    ("REASON", "/reason"),
    ("SETTINGS", "/settings"),
    ("DIGEST", "/digest"),
];

impl List {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        show(&self.client, &["plugins"], VERSIONS).await
    }
}

impl Slots {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        show(&self.client, &["slots"], SLOTS).await
    }
}

impl History {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        show(&self.client, &super::path(&self.slot, "activations"), ACTIVATIONS).await
    }
}

pub(super) async fn show(
    args: &ClientArgs,
    path: &[&str],
    columns: &[Column],
) -> anyhow::Result<()> {
    let client = args.connect()?;
    let answer = client.send(client.get(path)).await?;
    let rows = answer.as_array().cloned().unwrap_or_else(|| results(&answer));
    Ok(output::list(args.output, &answer, &rows, columns)?)
}
