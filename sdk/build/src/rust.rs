//! Rust: guests on `wasm32-unknown-unknown`, made components as they are linked.

mod debian;
mod guest;
mod linker;
mod toolchain;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

pub use self::{
    debian::forget,
    guest::Guest,
    toolchain::{Choice, Toolchain},
};
use crate::{sh, source::Source};

/// A package that was built.
pub struct BuiltGuest {
    /// The package.
    pub guest: Guest,
    /// Its component.
    pub component: PathBuf,
}

/// Builds all guests of a workspace.
pub fn build_workspace(
    workspace: &Path,
    target_dir: &Path,
    toolchain: &Toolchain,
) -> Result<Vec<BuiltGuest>> {
    let guests = guest::find(workspace)?;
    if guests.is_empty() {
        bail!(
            "no guests in {}; hint: a guest has `crate-type = [\"cdylib\"]`",
            workspace.display()
        );
    }
    let mut cargo = sh::cargo();
    cargo.current_dir(workspace).args(["build", "--release", "--target", toolchain::TARGET]);
    cargo.arg("--target-dir").arg(target_dir);
    for guest in &guests {
        cargo.args(["--package", &guest.name]);
    }
    toolchain.apply(&mut cargo)?;
    sh::run(&mut cargo).context("the guests do not build")?;
    let release = target_dir.join(toolchain::TARGET).join("release");
    let built = |guest: Guest| BuiltGuest { component: release.join(guest.file_name()), guest };
    Ok(guests.into_iter().map(built).collect())
}

/// Builds the one guest of a folder; where its component is.
pub(crate) fn build(source: &Source) -> Result<PathBuf> {
    let folder = std::path::absolute(&source.folder)?;
    let toolchain = Toolchain::find(None, &folder)?;
    sh::step(format_args!("Rust: {}", toolchain.title));
    let target_dir = sh::variable("CARGO_TARGET_DIR").map_or(folder.join("target"), PathBuf::from);
    let built = build_workspace(&folder, &std::path::absolute(target_dir)?, &toolchain)?;
    let own = built.into_iter().find(|built| built.guest.name == source.name);
    own.map(|built| built.component).with_context(|| {
        format!(
            "package `{}` is no guest; hint: give it `crate-type = [\"cdylib\"]` in `[lib]`",
            source.name
        )
    })
}
