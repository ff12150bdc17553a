//! From settings to the plugin.

use hinny_plugin::scheduler::{SettingError, Settings};
use openkat::katalogus::Katalogus;

/// Which normalizers run on which raw files.
pub(crate) struct Normalizers {
    pub(crate) source: String,
    pub(crate) katalogus: Katalogus,
    /// Whether two raw files of one run are two pieces of work for a normalizer.
    pub(crate) each_raw_file: bool,
}

impl Normalizers {
    /// Reads all settings, and refuses what makes no sense.
    pub(crate) fn read(settings: &Settings) -> Result<Self, String> {
        settings.deny_unknown(&["source", "katalogus", "each_raw_file"])?;
        Ok(Self {
            source: name(settings, "source", "raw_file_received")?,
            katalogus: Katalogus(name(settings, "katalogus", "katalogus")?),
            each_raw_file: settings.flag("each_raw_file")?.unwrap_or(false),
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
