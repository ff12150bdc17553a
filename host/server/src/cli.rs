//! The command line: what can be asked for, and how answers and failures are shown.

mod client;
mod config;
mod config_args;
mod dev;
mod doctor;
mod event;
mod failure;
mod filter_args;
mod import;
mod input;
mod migrate;
mod oci;
mod openapi;
mod output;
mod plugin;
mod queue;
mod schedule;
mod serve;
mod task;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A scheduler platform whose decisions are WebAssembly plugins.
#[derive(Debug, Parser)]
#[command(name = "hinny", version, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the host
    Serve(serve::Serve),
    /// Show the configuration, with the origin of each value
    Config(config::Config),
    /// Make the database, or bring it up to date
    Migrate(migrate::Migrate),
    /// Bring over what another scheduler has
    #[command(subcommand)]
    Import(import::Import),
    /// Look for what would keep the host from running well
    Doctor(doctor::Doctor),
    /// Print the description of the REST API
    Openapi(openapi::Openapi),
    /// Make tokens for the REST API
    #[command(subcommand)]
    Token(token::Token),
    /// Start, build, check, load and activate plugins
    #[command(subcommand)]
    Plugin(plugin::Plugin),
    /// Watch the sources of a plugin: build it, show what would move, and bring it in
    Dev(dev::Dev),
    /// Push, list, change and explain tasks
    #[command(subcommand)]
    Task(task::Task),
    /// Look at queues, and take tasks from them
    #[command(subcommand)]
    Queue(queue::Queue),
    /// List and change schedules
    #[command(subcommand)]
    Schedule(schedule::Schedule),
    /// Send events, and look after those in quarantine
    #[command(subcommand)]
    Event(event::Event),
}

/// Reads the arguments, does what they ask for, and says how it went: 0 done, 1 failed, 2 the
/// arguments make no sense.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failure::report(&error),
    }
}

impl Command {
    fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Serve(command) => command.run(),
            Self::Config(command) => command.run(),
            Self::Migrate(command) => command.run(),
            Self::Import(command) => client::block_on(command.run()),
            Self::Doctor(command) => command.run(),
            Self::Openapi(command) => command.run(),
            Self::Token(command) => command.run(),
            Self::Plugin(command) => command.run(),
            Self::Dev(command) => client::block_on(command.run()),
            Self::Task(command) => client::block_on(command.run()),
            Self::Queue(command) => client::block_on(command.run()),
            Self::Schedule(command) => client::block_on(command.run()),
            Self::Event(command) => client::block_on(command.run()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        Cli::command().debug_assert();
    }

    /// The help of every command, in one snapshot: what people read first is looked at on change.
    #[test]
    fn help_of_every_command() {
        let mut pages = String::new();
        write_help(&mut Cli::command(), &mut Vec::new(), &mut pages);
        insta::assert_snapshot!(pages);
    }

    fn write_help(command: &mut clap::Command, path: &mut Vec<String>, pages: &mut String) {
        use std::fmt::Write;
        path.push(command.get_name().to_owned());
        let full = path.join(" ");
        let shown = command.clone().bin_name(&full).term_width(100).render_help();
        writeln!(pages, "$ {full} --help\n{shown}").unwrap();
        for inner in command.get_subcommands_mut() {
            write_help(inner, path, pages);
        }
        path.pop();
    }
}
