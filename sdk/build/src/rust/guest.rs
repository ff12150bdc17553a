//! A package that becomes a component.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::sh;

/// A package that becomes a component.
pub struct Guest {
    /// Name of the package and of the component.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    crate_name: String,
}

impl Guest {
    /// What cargo calls the result.
    pub(super) fn file_name(&self) -> String {
        format!("{}.wasm", self.crate_name)
    }
}

/// The guests of a workspace: its members that are made into dynamic libraries.
pub(super) fn find(workspace: &Path) -> Result<Vec<Guest>> {
    let mut cargo = sh::cargo();
    cargo.current_dir(workspace).args(["metadata", "--no-deps", "--format-version", "1"]);
    let metadata = sh::output(&mut cargo)?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata")?;
    let packages = metadata.pointer("/packages").and_then(Value::as_array);
    Ok(packages.into_iter().flatten().filter_map(guest).collect())
}

fn guest(package: &Value) -> Option<Guest> {
    let targets = package.pointer("/targets")?.as_array()?;
    let library = targets.iter().find(|target| {
        let kinds = target.pointer("/crate_types").and_then(Value::as_array);
        kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "cdylib"))
    })?;
    Some(Guest {
        name: text(package, "/name")?,
        folder: Path::new(&text(package, "/manifest_path")?).parent()?.to_path_buf(),
        crate_name: text(library, "/name")?.replace('-', "_"),
    })
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}
