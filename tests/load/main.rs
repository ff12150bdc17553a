//! The load generator: measures a running host over REST, and checks what the host promises.
//!
//! One scenario per run. A violation of a promise (a task handed out twice, an acknowledged one
//! lost, a failed call) is printed and makes the exit code 1, however good the figures are.

mod client;
mod ledger;
mod openkat;
mod outcome;
mod scenario;
mod target;
mod timing;
mod work;

use std::process::ExitCode;

use clap::Parser;

use crate::{outcome::Outcome, scenario::Scenario, target::Target};

/// Measures a running hinny and checks what it promises.
#[derive(Debug, Parser)]
#[command(name = "hinny-load", version)]
struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Print the outcome as one line of JSON.
    #[arg(long, global = true)]
    json: bool,
    /// What to do.
    #[command(subcommand)]
    scenario: Scenario,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(outcome) => {
            print(&outcome, arguments.json);
            if outcome.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("hinny-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<Outcome> {
    // One thread: the host needs the other cores, and 64 connections need less than one.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(arguments.scenario.run(&arguments.target))
}

fn print(outcome: &Outcome, json: bool) {
    if json {
        println!("{}", outcome.to_json());
    } else {
        println!("{outcome}");
    }
}
