//! The standard library for guests, built once from the packaged sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::super::toolchain::TARGET;
use crate::sh;

const MANIFEST: &str = "\
[package]
name = \"standard-library-of-guests\"
version = \"0.0.0\"
edition = \"2024\"

[workspace]
";

/// Builds it and puts it where the compiler looks for it.
pub(super) fn build(toolchain: &Path, making: &Path) -> Result<()> {
    sh::step(format_args!("building the standard library for {TARGET}"));
    let package = making.join("standard-library");
    fs::create_dir_all(package.join("src"))?;
    fs::write(package.join("Cargo.toml"), MANIFEST)?;
    fs::write(package.join("src/lib.rs"), "")?;
    let built = package.join("target");
    let mut cargo = sh::cargo();
    cargo
        .current_dir(&package)
        .args(["build", "--release", "--target", TARGET])
        .args(["-Z", "build-std=std,panic_abort"])
        .arg("--target-dir")
        .arg(&built)
        .env("RUSTC", toolchain.join("rustc"))
        // Building the standard library is not stable; this release is known to do it well.
        .env("RUSTC_BOOTSTRAP", "1")
        // Guests are optimised as a whole, which needs bitcode in the library.
        .env("CARGO_ENCODED_RUSTFLAGS", "-Cembed-bitcode=yes")
        .env_remove("RUSTFLAGS");
    sh::output(&mut cargo).context("the standard library does not build")?;
    install(&built.join(TARGET).join("release/deps"), toolchain)
}

fn install(built: &Path, toolchain: &Path) -> Result<()> {
    let place = toolchain.join("usr/lib/rustlib").join(TARGET).join("lib");
    fs::create_dir_all(&place)?;
    let libraries: Vec<PathBuf> = fs::read_dir(built)
        .with_context(|| format!("cannot read {}", built.display()))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|extension| extension == "rlib"))
        .collect();
    if libraries.is_empty() {
        bail!("no libraries in {}", built.display());
    }
    for library in libraries {
        let name = library.file_name().context("a library without a name")?;
        fs::copy(&library, place.join(name))
            .with_context(|| format!("cannot copy {}", library.display()))?;
    }
    Ok(())
}
