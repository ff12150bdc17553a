//! `hinny token`: make tokens for the REST API.

use anyhow::Context;
use clap::{Args, Subcommand};
use sha2::{Digest, Sha256};

use super::output;
use crate::config::Role;

/// Make tokens for the REST API.
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token, and the lines for the configuration
    New(New),
}

/// Make a token, and the lines for the configuration.
///
/// Standard output has the lines for the configuration, standard error has the token:
/// `hinny token new ci --role producer >> hinny.toml`.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// Whose it is
    name: String,
    /// What it may do
    #[arg(long)]
    role: Role,
}

/// Random bytes in a token: nobody guesses 256 bits, so a plain hash is enough to keep it.
const RANDOM_BYTES: usize = 32;

impl Token {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::New(new) => new.run(),
        }
    }
}

impl New {
    fn run(&self) -> anyhow::Result<()> {
        let mut random = [0; RANDOM_BYTES];
        getrandom::fill(&mut random).context("the system gives no random bytes")?;
        let token = format!("hinny_{}", hex(&random));
        output::print(&self.entry(&token)?)?;
        // Apart from the lines for the configuration: those may be appended to a file as they are.
        eprintln!(
            "\n# Above: the lines for the configuration of the host. Below: the token. It is shown \
             once; give it to its owner, as HINNY_TOKEN or --token:"
        );
        eprintln!("{token}");
        Ok(())
    }

    /// The lines for the configuration.
    fn entry(&self, token: &str) -> anyhow::Result<String> {
        let entry = crate::config::TokenConfig {
            name: self.name.clone(),
            role: self.role,
            sha256: hex(&Sha256::digest(token)),
        };
        Ok(format!("[[api.tokens]]\n{}", toml::to_string(&entry)?))
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_into_the_configuration_is_the_hash_of_the_token() {
        let new = New { name: "ci \"1\"".to_owned(), role: Role::Producer };
        insta::assert_snapshot!(new.entry("hello world").unwrap(), @r#"
        [[api.tokens]]
        name = 'ci "1"'
        role = "producer"
        sha256 = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
        "#);
    }
}
