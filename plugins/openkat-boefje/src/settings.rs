//! From settings to the plugin.

use hinny_plugin::scheduler::{SettingError, Settings};
use openkat::{bytes::Bytes, katalogus::Katalogus};

use crate::deadline::Deadlines;

/// Which boefjes run on which objects, and when.
pub(crate) struct Boefjes {
    pub(crate) source: String,
    pub(crate) tick_ms: u64,
    pub(crate) deadlines: Deadlines,
    /// Whether one run serves all organisations that have a boefje set the same.
    pub(crate) deduplicate: bool,
    pub(crate) katalogus: Katalogus,
    pub(crate) octopoes: String,
    pub(crate) bytes: Bytes,
}

const DAY: i64 = 86_400;
const YEAR: i64 = 366 * DAY;

impl Boefjes {
    /// Reads all settings, and refuses what makes no sense.
    pub(crate) fn read(settings: &Settings) -> Result<Self, String> {
        settings.deny_unknown(&[
            "grace_period_seconds",
            "jitter_seconds",
            "tick_seconds",
            "deduplicate",
            "source",
            "katalogus",
            "octopoes",
            "bytes",
        ])?;
        let source = name(settings, "source", "scan_profile_mutations")?;
        if source == crate::newcomers::SOURCE {
            let expected = "another name: the plugin sends itself messages of that source";
            return Err(SettingError::new("source", format_args!("{source:?}"), expected).into());
        }
        Ok(Self {
            source,
            tick_ms: settings.integer_in("tick_seconds", 60, 1..=DAY)?.unsigned_abs() * 1000,
            deadlines: Deadlines {
                grace_ms: settings.integer_in("grace_period_seconds", DAY, 0..=10 * YEAR)? * 1000,
                jitter_ms: settings.integer_in("jitter_seconds", 5 * 3600, 0..=YEAR)? * 1000,
            },
            deduplicate: settings.flag("deduplicate")?.unwrap_or(true),
            katalogus: Katalogus(name(settings, "katalogus", "katalogus")?),
            octopoes: name(settings, "octopoes", "octopoes")?,
            bytes: Bytes(name(settings, "bytes", "bytes")?),
        })
    }
}

fn name(settings: &Settings, key: &str, default: &str) -> Result<String, SettingError> {
    let name = settings.text(key)?.unwrap_or(default);
    if name.is_empty() {
        return Err(SettingError::new(key, "empty", "a name"));
    }
    Ok(name.to_owned())
}
