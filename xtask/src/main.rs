//! The chores of the repository: `cargo xtask --help`.
//!
//! One module per chore, each with its arguments and a `run`. A chore is a line in [`Chore`] and
//! one in [`main`].

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod check;
mod demo;
mod fix;
mod fuzz;
mod host;
mod http;
mod new_plugin;
mod plugins;
mod services;
mod sh;
mod test;
mod tool;

/// The chores of the hinny repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", disable_help_subcommand = true)]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Build all guests as WebAssembly components, into `dist/`.
    Plugins(plugins::Args),
    /// Start a new plugin from a template, with a test.
    NewPlugin(new_plugin::Args),
    /// Run all tests, with everything that they need.
    Test(test::Args),
    /// Check everything that must hold before a commit.
    Check(check::Args),
    /// Mend what a tool can mend.
    Fix,
    /// Show hinny at work: swaps under traffic, a crash, nothing lost.
    Demo(demo::Args),
    /// Try what hinny reads from outside with whatever bytes.
    Fuzz(fuzz::Args),
    /// Measure, and check the promises while measuring.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    let done = match Args::parse().chore {
        Chore::Plugins(args) => plugins::run(&args),
        Chore::NewPlugin(args) => new_plugin::run(&args),
        Chore::Test(args) => test::run(&args),
        Chore::Check(args) => check::run(args),
        Chore::Fix => fix::run(),
        Chore::Demo(args) => demo::run(args),
        Chore::Fuzz(args) => fuzz::run(&args),
        Chore::Bench(args) => bench::run(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            sh::report(&error);
            ExitCode::FAILURE
        }
    }
}
