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
        Ok(output::print(&self.text(&format!("hinny_{}", hex(&random)))?)?)
    }

    /// The token, and what to write where.
    fn text(&self, token: &str) -> anyhow::Result<String> {
        let entry = crate::config::TokenConfig {
            name: self.name.clone(),
            role: self.role,
            sha256: hex(&Sha256::digest(token)),
        };
        Ok(format!(
            "# The token. It is shown once; give it to its owner, as HINNY_TOKEN or --token:\n\
             # {token}\n\n\
             # For the configuration of the host:\n\
             [[api.tokens]]\n{}",
            toml::to_string(&entry)?
        ))
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
    fn what_is_printed_is_toml_with_the_hash_of_the_token() {
        let new = New { name: "ci \"1\"".to_owned(), role: Role::Producer };
        insta::assert_snapshot!(new.text("hello world").unwrap(), @r#"
        # The token. It is shown once; give it to its owner, as HINNY_TOKEN or --token:
        # hello world

        # For the configuration of the host:
        [[api.tokens]]
        name = 'ci "1"'
        role = "producer"
        sha256 = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
        "#);
    }
}
