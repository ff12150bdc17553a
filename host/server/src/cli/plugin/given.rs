//! What somebody wrote on the command line, apart from what the environment says.

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id, parser::ValueSource};

/// The options that are on the command line.
#[derive(Debug, Clone, Default)]
pub(super) struct Given(Vec<String>);

impl Given {
    /// The first of these options that is there, as it is written.
    pub(super) fn first_of(&self, options: &[&str]) -> Option<String> {
        let given = options.iter().find(|option| self.0.iter().any(|given| given == *option))?;
        Some(format!("--{}", given.replace('_', "-")))
    }
}

impl FromArgMatches for Given {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let is_given = |name: &&str| matches.value_source(name) == Some(ValueSource::CommandLine);
        let names = matches.ids().map(Id::as_str);
        Ok(Self(names.filter(is_given).map(str::to_owned).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Given {
    /// It has none of its own.
    fn augment_args(command: Command) -> Command {
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        command
    }
}
