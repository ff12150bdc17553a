//! Takes the contract, the SDKs and their templates into the program: whoever has only the binary
//! can start and build plugins.
#![expect(clippy::disallowed_methods, reason = "cargo tells build scripts through the environment")]

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// The folders that are taken in, from the root of the repository.
const FOLDERS: [&str; 8] = [
    "wit",
    "sdk/rust",
    "sdk/python",
    "sdk/javascript",
    "sdk/c",
    "sdk/go",
    "sdk/assemblyscript",
    "sdk/templates",
];

/// Files beside them: the workspace that the SDK of Rust belongs to.
const FILES: [&str; 2] = ["plugins/Cargo.toml", "plugins/Cargo.lock"];

/// What is made, not written, and what only serves the repository itself.
const LEFT_OUT: [&str; 7] =
    ["target", "node_modules", "__pycache__", "released", "test", "tests", "dist"];

fn main() -> io::Result<()> {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = here.join("../..").canonicalize()?;
    let mut files: Vec<String> = FILES.map(str::to_owned).to_vec();
    for folder in FOLDERS {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
        collect(&root, Path::new(folder), &mut files)?;
    }
    files.sort();
    let mut list = String::from("[");
    for file in files {
        let path = root.join(&file);
        println!("cargo::rerun-if-changed={}", path.display());
        let path = path.to_string_lossy();
        // Writing to text cannot fail.
        let _ = writeln!(list, "({file:?}, include_str!({path:?})),");
    }
    list.push(']');
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("files.rs"), list)
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if LEFT_OUT.contains(&name.as_str()) || name.starts_with('.') {
            continue;
        }
        let path = folder.join(&name);
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else {
            files.push(path.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}
