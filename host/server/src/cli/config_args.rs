//! Arguments that say which configuration counts.

use std::path::PathBuf;

use clap::Args;

use crate::config::{ConfigError, Flag, Loaded, Sources};

/// Which configuration counts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct ConfigArgs {
    /// Configuration file; without it, `hinny.toml` here, if it is there
    #[arg(short, long, value_name = "FILE", env = "HINNY_CONFIG")]
    config: Option<PathBuf>,
    /// Address and port of the REST API, for `api.listen`
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where everything durable is, for `database.url`
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Any other key, such as `log.format=json`; can be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = assignment)]
    set: Vec<(String, String)>,
}

impl ConfigArgs {
    /// Reads the configuration.
    pub(crate) fn load(&self) -> Result<Loaded, ConfigError> {
        let named = |name: &str, key: &str, value: &Option<String>| {
            value.as_ref().map(|value| Flag {
                name: name.to_owned(),
                key: key.to_owned(),
                value: value.clone(),
            })
        };
        let set = self.set.iter().map(|(key, value)| Flag {
            name: format!("--set {key}"),
            key: key.clone(),
            value: value.clone(),
        });
        let flags = named("--listen", "api.listen", &self.listen)
            .into_iter()
            .chain(named("--database", "database.url", &self.database))
            .chain(set)
            .collect();
        load(self.config.clone(), flags)
    }
}

/// Reads the configuration from a file, the environment and flags.
pub(crate) fn load(file: Option<PathBuf>, flags: Vec<Flag>) -> Result<Loaded, ConfigError> {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    Sources { file, environment, flags }.load()
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if key.contains('.') => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("expected SECTION.KEY=VALUE, such as stop.drain_seconds=5".to_owned()),
    }
}
