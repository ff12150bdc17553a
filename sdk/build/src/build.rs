//! From a folder to a component.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::{
    assemblyscript, c, go, javascript, python, rust, sdk,
    source::{Language, Source},
    tool::{ASSEMBLYSCRIPT, COMPONENTIZE_PY, COMPONENTIZE_QJS, ESBUILD, GO, ZIG},
};

/// Names of folders that hold what was made of sources, or fetched for them.
const MADE: [&str; 4] = ["dist", "target", "node_modules", "__pycache__"];

/// A plugin that was built.
#[derive(Debug)]
pub struct Built {
    /// What it was built from.
    pub source: Source,
    /// The component.
    pub component: Vec<u8>,
}

impl Built {
    /// Puts it where it belongs when nothing else is said: `dist/NAME.wasm` in the folder of its
    /// sources.
    pub fn place(&self) -> PathBuf {
        self.source.place()
    }

    /// Writes the component. Whoever watches the folder never sees half of it.
    pub fn write(&self, to: &Path) -> Result<()> {
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let half = folder.join(format!(".{}.{}", self.source.name, std::process::id()));
        let written = fs::write(&half, &self.component).and_then(|()| fs::rename(&half, to));
        written.with_context(|| format!("cannot write {}", to.display()))
    }
}

/// Builds the plugin in a folder, with the tools that its language needs.
pub fn build(folder: &Path) -> Result<Built> {
    let source = Source::of(folder)?;
    let component = match source.language {
        Language::Rust => {
            let file = rust::build(&source)?;
            fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?
        }
        Language::Python => in_scratch(&source, python::build)?,
        Language::JavaScript => in_scratch(&source, javascript::build)?,
        Language::C => in_scratch(&source, c::build)?,
        Language::Go => in_scratch(&source, go::build)?,
        Language::AssemblyScript => in_scratch(&source, assemblyscript::build)?,
    };
    Ok(Built { source, component })
}

fn in_scratch(source: &Source, build: fn(&Source, &Path) -> Result<Vec<u8>>) -> Result<Vec<u8>> {
    let work = tempfile::tempdir().context("there is no room for temporary files")?;
    // Tools are told real paths: some temporary folders are links.
    build(source, &work.path().canonicalize()?)
}

/// What a component depends on, as a short text: the sources, the SDK, the tools. While it is the
/// same, there is nothing to build. Rust is left to cargo, which knows better.
pub fn fingerprint(source: &Source) -> Result<String> {
    let mut digest = Sha256::new();
    sdk::digest(&format!("sdk/{}", source.language.as_str()), &mut digest);
    for tool in [ASSEMBLYSCRIPT, COMPONENTIZE_PY, COMPONENTIZE_QJS, ESBUILD, GO, ZIG] {
        digest.update(tool.title());
    }
    let mut files = Vec::new();
    collect(&source.folder, &mut files)?;
    files.sort();
    for file in files {
        digest.update(file.strip_prefix(&source.folder)?.to_string_lossy().as_bytes());
        digest.update([0]);
        digest.update(fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?);
        digest.update([0]);
    }
    let mut text = String::new();
    for byte in digest.finalize().iter().take(16) {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !MADE.contains(&name.as_str()) && !name.starts_with('.') {
                collect(&path, files)?;
            }
        } else {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, New};

    #[test]
    fn a_fingerprint_changes_with_the_sources_and_not_with_what_is_made_of_them() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("mine");
        let (name, language) = ("rank-mine".parse().unwrap(), Language::Python);
        New { name, language, kind: Kind::Ranker, folder: folder.clone() }.write().unwrap();
        let print = || fingerprint(&Source::of(&folder).unwrap()).unwrap();
        let first = print();
        fs::create_dir(folder.join("dist")).unwrap();
        fs::write(folder.join("dist/rank-mine.wasm"), "made").unwrap();
        assert_eq!(print(), first);
        fs::write(folder.join("more.py"), "").unwrap();
        assert_ne!(print(), first);
    }

    #[test]
    fn a_component_goes_below_the_folder_of_its_sources() {
        let place = |folder: &str| {
            let source = Source {
                folder: folder.into(),
                language: Language::C,
                name: "mine".to_owned(),
                version: "0.1.0".to_owned(),
                kind: Kind::Ranker,
                uses: Vec::new(),
                entry: Vec::new(),
            };
            Built { source, component: Vec::new() }.place()
        };
        assert_eq!(place("."), Path::new("dist/mine.wasm"));
        assert_eq!(place("a/b"), Path::new("a/b/dist/mine.wasm"));
    }
}
