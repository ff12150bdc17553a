//! `cargo xtask bench`: how fast it is on this machine, and whether it keeps its promises meanwhile.

mod disk;
mod figure;
mod generator;
mod languages;
mod load;
mod micro;
mod neighbours;
mod openkat;

use anyhow::bail;

use crate::{
    bench::{figure::Report, generator::Generator, load::Plan},
    host::{self, Home},
    plugins, services, sh,
};

/// What to measure, and how long.
#[derive(Debug, Clone, Copy, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
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
    /// What OpenKAT asks of a scheduler instead: messages, pops with filters, and reads beside a long
    /// history; with RabbitMQ and `PostgreSQL`, each durable and of its own.
    #[arg(long)]
    openkat: bool,
    /// What the same ranker costs in each language instead: size, start, time per task.
    #[arg(long)]
    languages: bool,
    /// Length of the long queue.
    #[arg(long)]
    depth: Option<u64>,
}

/// Measures, prints every figure as it comes, and a table at the end.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    if args.languages {
        plugins::build_all()?;
        let binaries = host::build_release(&["hinny-server"])?;
        return languages::measure(&binaries.join("hinny"));
    }
    let mut report = Report::default();
    sh::step("build plugins, host and load generator");
    if args.openkat {
        plugins::build_rust_guests()?;
    } else {
        // Rankers in Python are swapped, too.
        plugins::build_all()?;
    }
    let binaries = host::build_release(&["hinny-server", "hinny-load"])?;

    if args.openkat {
        let measured = openkat::measure(&binaries, args, &mut report);
        return conclude(&report, measured);
    }
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
    let program = binaries.join("hinny-load");
    let measured = load::measure(&home, &program, plan, &mut report);
    home.remove();
    if measured.is_err() {
        return conclude(&report, measured);
    }
    sh::step("beside a plugin that computes without end");
    let home = Home::new("bench-neighbours", binaries.join("hinny"))?;
    let generator = Generator { program: &program, common: &[], report: &mut report };
    let measured = neighbours::measure(&home, generator, plan);
    home.remove();
    conclude(&report, measured)
}

/// Prints what was measured, also when that ended early; a broken promise is an error.
fn conclude(report: &Report, measured: anyhow::Result<()>) -> anyhow::Result<()> {
    println!("\n{report}");
    measured?;
    if !report.violations.is_empty() {
        bail!("{} promises were broken meanwhile", report.violations.len());
    }
    Ok(())
}
