//! The files that this program carries: the contract, the SDKs, their templates.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Path from the root of the repository, and content.
static FILES: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The contract with plugins.
pub(crate) const WIT: &str = "wit";

/// The files below a folder of the repository, with their paths from there.
pub(crate) fn files(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().filter_map(move |(path, text)| {
        Some((path.strip_prefix(folder)?.strip_prefix('/')?, *text))
    })
}

/// One file.
pub(crate) fn file(path: &str) -> Result<&'static str> {
    let found = FILES.iter().find(|(found, _)| *found == path).map(|(_, text)| *text);
    found.with_context(|| format!("this program was built without `{path}`"))
}

/// Writes the files below a folder of the repository into another, templates apart.
pub(crate) fn write(folder: &str, to: &Path) -> Result<()> {
    let mut wanted = files(folder).filter(|(path, _)| !path.starts_with("template/"));
    wanted.try_for_each(|(path, text)| write_file(&to.join(path), text))
}

/// Writes a file, and the folders above it.
pub(crate) fn write_file(file: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(file, content).with_context(|| format!("cannot write {}", file.display()))
}

/// Takes what a plugin is built with into a digest: the contract, and the SDK in a folder.
pub(crate) fn digest(sdk: &str, into: &mut Sha256) {
    let counts = |path: &str| !path.starts_with("template/") && path != "README.md";
    let wanted = files(WIT).chain(files(sdk)).filter(|(path, _)| counts(path));
    for (path, text) in wanted {
        into.update(path);
        into.update([0]);
        into.update(text);
        into.update([0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_and_each_sdk_are_there_and_what_was_made_is_not() {
        for path in [
            "wit/ranker.wit",
            "sdk/rust/src/lib.rs",
            "sdk/rust/derive/src/lib.rs",
            "sdk/python/hinny_plugin/export.py",
            "sdk/javascript/index.d.ts",
            "sdk/c/hinny_ranker.h",
            "plugins/Cargo.lock",
        ] {
            assert!(file(path).is_ok_and(|text| !text.is_empty()), "{path}");
        }
        assert!(FILES.iter().all(|(path, _)| !path.contains("__pycache__")));
    }
}
