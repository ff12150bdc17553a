//! Arguments that hold JSON: in place, in a file, or from standard input.

use std::{io::Read, str::FromStr};

use anyhow::Context;
use serde_json::Value;

/// Where a text is: `@FILE`, `-` for standard input, or in place.
#[derive(Debug, Clone)]
pub(crate) struct Input(String);

impl FromStr for Input {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl Input {
    /// The text.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        if self.0 == "-" {
            let mut text = String::new();
            std::io::stdin()
                .read_to_string(&mut text)
                .context("standard input cannot be read as text")?;
            return Ok(text);
        }
        match self.0.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("file `{file}` cannot be read")),
            None => Ok(self.0.clone()),
        }
    }

    /// The text, as JSON.
    pub(crate) fn json(&self) -> anyhow::Result<Value> {
        let text = self.text()?;
        serde_json::from_str(&text).with_context(|| {
            let shown: String = text.chars().take(80).collect();
            format!("`{shown}` is not JSON; hint: write JSON, @FILE, or - for standard input")
        })
    }
}
