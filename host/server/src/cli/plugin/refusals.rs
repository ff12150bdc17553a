//! `hinny plugin refusals`: what was not let in, and why.

use clap::Args;

use super::list::show;
use crate::cli::{client::ClientArgs, output::Column};

/// List plugins that were not let in, newest first.
///
/// Those that no trusted key signed, and files of the watched folder that were not taken. The last
/// 1,000 are kept.
#[derive(Debug, Args)]
pub(crate) struct Refusals {
    #[command(flatten)]
    client: ClientArgs,
}

const REFUSALS: &[Column] = &[
    ("AT", "/at"),
    ("BY", "/by"),
    ("WANTED", "/wanted"),
    ("SLOT", "/slot"),
    ("PLUGIN", "/plugin"),
    ("REASON", "/reason"),
];

impl Refusals {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        show(&self.client, &["plugins", "refusals"], REFUSALS).await
    }
}
