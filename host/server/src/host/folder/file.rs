//! A plugin in the watched folder: its component, its signature, and what is wanted with it.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{Context, bail};
use hinny_core::{
    Timestamp,
    plugin::{Activation, Signature, Slot, Stage},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{clock, signature_file};

/// Longest `NAME.toml`, in bytes.
const WISH_BYTES_MAX: u64 = 64 * 1024;

/// What shows that something of a plugin changed: sizes and times of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    component: Mark,
    signature: Option<Mark>,
    wish: Option<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    bytes: u64,
    modified: SystemTime,
}

/// A plugin that was put into the folder.
#[derive(Debug)]
pub(super) struct Dropped {
    pub(super) component: Vec<u8>,
    pub(super) signature: Option<Signature>,
    /// None: it is only to be kept.
    pub(super) wish: Option<Wish>,
    /// When component or wish were last written.
    pub(super) modified: Timestamp,
}

/// What is wanted with a plugin.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish {
    pub(super) slot: Slot,
    pub(super) stage: Stage,
    /// None: those that it had when it was last active there, else none.
    pub(super) settings: Option<Value>,
}

/// The same, as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    slot: String,
    rollout: Option<Stage>,
    settings: Option<Value>,
}

impl Wish {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let Written { slot, rollout, settings } =
            toml::from_str(text).context("it takes `slot`, `rollout` and a table `settings`")?;
        if settings.as_ref().is_some_and(|settings| !settings.is_object()) {
            bail!("`settings` is not a table");
        }
        Ok(Self { slot: slot.parse()?, stage: rollout.unwrap_or_default(), settings })
    }

    /// Whether an activation is what is wanted.
    pub(super) fn is(&self, activation: &Activation) -> bool {
        self.stage == activation.stage
            && self.settings.as_ref().is_none_or(|settings| *settings == activation.settings)
    }
}

/// The plugins in a folder, by name without `.wasm`.
pub(super) fn list(folder: &Path) -> io::Result<BTreeMap<String, Marks>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(name) = name.and_then(|name| name.strip_suffix(".wasm")) else { continue };
        // Hidden ones are those that are being written, by rsync and others.
        if name.is_empty() || name.starts_with('.') {
            continue;
        }
        if let Some(marks) = Marks::of(folder, name) {
            found.insert(name.to_owned(), marks);
        }
    }
    Ok(found)
}

/// Reads a plugin that has these marks; none when it has others by now.
pub(super) fn read(
    folder: &Path,
    name: &str,
    marks: Marks,
    bytes_max: u64,
) -> anyhow::Result<Option<Dropped>> {
    let (component, wish) = (component_path(folder, name), wish_path(folder, name));
    if marks.component.bytes > bytes_max {
        bail!(
            "it has {} bytes, the limit is {bytes_max}; hint: strip debug information, or raise `plugins.limits.component_mb`",
            marks.component.bytes
        );
    }
    let dropped = read_all(&component, &wish, &marks);
    if Marks::of(folder, name) != Some(marks) {
        return Ok(None);
    }
    dropped.map(Some)
}

fn read_all(component: &Path, wish: &Path, marks: &Marks) -> anyhow::Result<Dropped> {
    let unreadable = |path: &Path| format!("`{}` cannot be used", path.display());
    let wish = match marks.wish {
        None => None,
        Some(mark) if mark.bytes > WISH_BYTES_MAX => {
            bail!("{}: it has more than {WISH_BYTES_MAX} bytes", unreadable(wish));
        }
        Some(_) => {
            let text = fs::read_to_string(wish).with_context(|| unreadable(wish))?;
            Some(Wish::parse(&text).with_context(|| unreadable(wish))?)
        }
    };
    Ok(Dropped {
        signature: signature_file::beside(component)?,
        component: fs::read(component).with_context(|| unreadable(component))?,
        wish,
        modified: marks.modified(),
    })
}

impl Marks {
    fn of(folder: &Path, name: &str) -> Option<Self> {
        let component = component_path(folder, name);
        Some(Self {
            signature: Mark::of(&signature_file::path_of(&component)),
            component: Mark::of(&component)?,
            wish: Mark::of(&wish_path(folder, name)),
        })
    }

    fn modified(&self) -> Timestamp {
        let wish = self.wish.map(|wish| wish.modified);
        let newest = wish.map_or(self.component.modified, |wish| wish.max(self.component.modified));
        clock::moment(newest)
    }
}

impl Mark {
    /// None: it is no file, or there is none.
    fn of(path: &Path) -> Option<Self> {
        let facts = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        Some(Self { bytes: facts.len(), modified: facts.modified().ok()? })
    }
}

fn component_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.wasm"))
}

fn wish_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.toml"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_wish_names_a_slot_and_may_say_more() {
        let text = "slot = \"jobs/ranker\"\nrollout = \"canary 5%\"\n[settings]\nweight = 2\n";
        let wish = Wish::parse(text).unwrap();
        assert_eq!(
            (wish.slot.to_string(), wish.stage.to_string()),
            ("jobs/ranker".to_owned(), "canary 5%".to_owned())
        );
        assert_eq!(wish.settings, Some(json!({"weight": 2})));
        let short = Wish::parse("slot = \"jobs/ranker\"").unwrap();
        assert_eq!((short.stage, short.settings), (Stage::Active, None));
    }

    #[test]
    fn a_wish_that_makes_no_sense_is_refused() {
        for (text, expected) in [
            ("", "missing field `slot`"),
            ("slot = \"jobs\"", "`jobs` is not a slot"),
            ("slot = \"jobs/ranker\"\nrollout = \"dark\"", "`dark` is not a stage"),
            ("slot = \"jobs/ranker\"\nstage = \"shadow\"", "unknown field `stage`"),
            ("slot = \"jobs/ranker\"\nsettings = 7", "`settings` is not a table"),
        ] {
            let refused = format!("{:#}", Wish::parse(text).unwrap_err());
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
