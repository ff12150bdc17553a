//! The files of the repository, as the rules look at them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders whose content is made, not written.
const MADE: &[&str] = &["target", "dist", "node_modules", "__pycache__"];

/// A file of the repository.
pub(crate) struct File {
    /// Path from the root of the repository, with `/`.
    pub(crate) path: String,
    /// Content.
    pub(crate) text: String,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask is a folder of the repository")
        .to_owned()
}

/// All written files below some folders with an extension, in the order of their paths.
pub(crate) fn files(folders: &[&str], extension: &str) -> Vec<File> {
    let root = root();
    let mut found = Vec::new();
    for folder in folders {
        collect(&root.join(folder), extension, &mut found);
    }
    found.sort();
    found.iter().map(|path| read(&root, path)).collect()
}

/// The content of one file; nothing when it does not exist.
pub(crate) fn text(path: &str) -> Option<String> {
    fs::read_to_string(root().join(path)).ok()
}

/// The names of the folders right below a folder.
pub(crate) fn folders(of: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(of)).into_iter().flatten().filter_map(Result::ok);
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !is_made(name))
        .collect();
    names.sort();
    names
}

/// Fails with the rule and everything that breaks it.
pub(crate) fn keep(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "\n{rule}\n  {}\n", broken.join("\n  "));
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !is_made(&name) {
                collect(&path, extension, found);
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

fn is_made(name: &str) -> bool {
    MADE.contains(&name) || name.starts_with('.')
}

fn read(root: &Path, path: &Path) -> File {
    let text = fs::read_to_string(path).expect("source files are UTF-8 and readable");
    let path = path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/");
    File { path, text }
}
