//! `[log]`: what is logged, and how.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::{
    ConfigError,
    section::{Kind, section},
};

section! {
    /// What is logged, and how. Logs go to standard error.
    pub struct LogConfig {
        /// `text` for people, `json` for machines, one object per line.
        format: LogFormat = LogFormat::Text,
        /// Which records: a level (`error`, `warn`, `info`, `debug`, `trace`), or several
        /// `target=level` with commas.
        filter: String = "info".to_owned(),
    }
}

/// How a record is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl Kind for LogFormat {
    const KIND: &'static str = "`text` or `json`";
}

impl LogConfig {
    /// Checks what types cannot.
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        self.parsed_filter().map(|_| ())
    }

    /// The filter, as the log wants it.
    pub(crate) fn parsed_filter(&self) -> Result<EnvFilter, ConfigError> {
        let hint = "write a level such as `info`, or `warn,hinny_queue=debug`";
        EnvFilter::try_new(&self.filter)
            .map_err(|error| ConfigError::invalid("log.filter", &self.filter, error, hint))
    }
}
