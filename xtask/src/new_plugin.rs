//! `cargo xtask new-plugin NAME`: a new plugin from a template, with a test.

use anyhow::Result;

/// Which plugin, and where.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Its name: lower case, digits and hyphens.
    name: String,
}

/// Makes it.
pub(crate) fn run(args: &Args) -> Result<()> {
    crate::sh::step(&args.name);
    Ok(())
}
