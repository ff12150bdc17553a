//! `cargo xtask bench`: how fast it is on this machine, and whether it keeps its promises meanwhile.

mod disk;
mod figure;
mod load;
mod micro;

use anyhow::bail;

use crate::{
    bench::{figure::Report, load::Plan},
    host::{self, Home},
    plugins, services, sh,
};

/// What to measure, and how long.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Args {
    /// A tenth of the time: good enough to see a factor, not a percent.
    #[arg(long)]
    quick: bool,
    /// Leave out the benches of single parts (criterion).
    #[arg(long)]
    load_only: bool,
    /// On `PostgreSQL`, in a cluster of its own that makes every commit durable, not on `SQLite`.
    #[arg(long)]
    postgres: bool,
    /// Length of the long queue.
    #[arg(long)]
    depth: Option<u64>,
}

/// Measures, prints every figure as it comes, and a table at the end.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let mut report = Report::default();
    sh::step("build plugins, host and load generator");
    plugins::build_rust_guests()?;
    let binaries = host::build_release(&["hinny-server", "hinny-load"])?;

    sh::step("the disk");
    let mut home = Home::new("bench", binaries.join("hinny"))?;
    // Ends when it is dropped.
    let postgres = args.postgres.then(|| services::durable_postgres(home.folder())).transpose()?;
    if let Some(postgres) = &postgres {
        home.keep_in(&postgres.url);
    }
    disk::measure(home.folder(), &mut report)?;
    if !args.load_only {
        sh::step("single parts");
        micro::measure(args.quick, &mut report)?;
    }
    let plan = Plan::new(args.quick, args.depth);
    let measured = load::measure(&home, &binaries.join("hinny-load"), plan, &mut report);
    home.remove();

    println!("\n{report}");
    measured?;
    if !report.violations.is_empty() {
        bail!("{} promises were broken meanwhile", report.violations.len());
    }
    Ok(())
}
