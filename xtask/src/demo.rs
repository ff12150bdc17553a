//! `cargo xtask demo`: a host under traffic changes its mind twice, dies once, and loses nothing.
//!
//! Every sentence that the demo prints about a promise is checked; a broken one ends it with a
//! non-zero exit code. It kills only the process that it started.

mod ledger;
mod show;
mod story;
mod town;
mod traffic;

use std::time::Instant;

use anyhow::bail;

use crate::{
    host::{self, Home},
    plugins, sh,
};

/// How large the demo is.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Args {
    /// Hosts to scan; each brings some tasks.
    #[arg(long, default_value_t = 3000)]
    hosts: u64,
    /// Keep the folder with the database and the log of the host.
    #[arg(long)]
    keep: bool,
}

/// Builds what is needed, tells the story, and says how it ended.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let began = Instant::now();
    sh::step("build the plugins");
    plugins::build_rust_guests()?;
    sh::step("build hinny (minutes the first time, seconds later)");
    let binary = host::build_release(&["hinny-server"])?.join("hinny");
    let home = Home::new("demo", binary)?;
    let told = story::tell(&home, args.hosts);
    if args.keep || told.is_err() {
        println!("\nthe folder of the demo: {}", home.folder().display());
    } else {
        home.remove();
    }
    let violations = told?;
    if !violations.is_empty() {
        for violation in violations.iter().take(20) {
            println!("  BROKEN: {violation}");
        }
        bail!("{} promises were broken; this is a bug in hinny", violations.len());
    }
    println!("\nall promises were kept ({:.0} s)", began.elapsed().as_secs_f64());
    Ok(())
}
