//! What every chore needs: running commands, finding folders, telling what happens.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
pub(crate) use hinny_build::sh::{
    cache_dir, cargo, has, output, remove_folder, report, run, step, variable,
};

/// The folder of the repository.
pub(crate) fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.parent().filter(|root| root.join("Cargo.toml").is_file());
    root.map(Path::to_path_buf).with_context(|| {
        format!("{} is gone; hint: run `cargo xtask` inside the repository", here.display())
    })
}

/// Where builds go: `CARGO_TARGET_DIR`, or `target/` in the repository.
pub(crate) fn target_dir() -> Result<PathBuf> {
    Ok(match variable("CARGO_TARGET_DIR") {
        Some(folder) => std::path::absolute(folder)?,
        None => root()?.join("target"),
    })
}

/// Where plugins are put that were built as components.
pub(crate) fn dist_dir() -> Result<PathBuf> {
    Ok(root()?.join("dist"))
}

/// Tells how far something is, every now and then; the last time at the end.
pub(crate) fn progress(what: &str, done: u64, total: u64) {
    let tenth = |done: u64| done * 10 / total.max(1);
    if done == total || tenth(done) != tenth(done.saturating_sub(total / 20)) {
        eprintln!("xtask:   {done} of {total} {what}");
    }
}
