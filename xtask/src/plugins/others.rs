//! Guests in other languages than Rust: each is built on its own, and only when something changed.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use hinny_build::{Language, Source};

use super::{Component, shelf, write_whole};
use crate::sh;

/// Where they are in the repository.
const FOLDERS: [&str; 2] = ["examples", "tests/languages"];

/// Those of the repository.
pub(super) fn all() -> Result<Vec<Source>> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        let folder = sh::root()?.join(folder);
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        // A folder that holds no plugin is another kind of example.
        found.extend(entries.flatten().filter_map(|entry| Source::of(&entry.path()).ok()));
    }
    found.retain(|source| source.language != Language::Rust);
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Builds one, or takes it from when the same was built before.
pub(super) fn build(source: &Source, target_dir: &Path) -> Result<Component> {
    let print = hinny_build::fingerprint(source)?;
    let kept = target_dir.join("others").join(&source.name).join(print).with_extension("wasm");
    let bytes = if kept.is_file() {
        fs::read(&kept).with_context(|| format!("cannot read {}", kept.display()))?
    } else {
        sh::step(format_args!("building {}, in {}", source.name, source.language));
        let built = hinny_build::build(&source.folder)?.component;
        write_whole(&kept, &built)?;
        built
    };
    let folder = std::path::absolute(&source.folder)?;
    Ok(Component { name: source.name.clone(), shelf: shelf(&folder), bytes })
}
