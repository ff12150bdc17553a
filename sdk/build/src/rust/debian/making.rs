//! The folder in which a toolchain is made, out of sight until it is complete.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use crate::sh;

const PREFIX: &str = ".making-";

/// The folder in which a toolchain is made; gone when the making ends, however it ends.
pub(super) struct Making {
    folder: PathBuf,
}

impl Making {
    /// Makes it, and removes what makers left behind that were killed.
    pub(super) fn start(cache: &Path) -> Result<Self> {
        fs::create_dir_all(cache)
            .with_context(|| format!("cannot make {}; hint: set HINNY_CACHE", cache.display()))?;
        sweep(cache)?;
        let folder = cache.join(format!("{PREFIX}{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self { folder })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Moves a folder in it into place. When another was faster, its result serves as well.
    pub(super) fn finish(self, made: &str, place: &Path) -> Result<PathBuf> {
        match fs::rename(self.folder.join(made), place) {
            Err(error) if place.join("rustc").is_file() => {
                sh::step(format_args!("{} is there already ({error})", place.display()));
            }
            moved => moved.with_context(|| format!("cannot make {}", place.display()))?,
        }
        Ok(place.to_path_buf())
    }
}

impl Drop for Making {
    fn drop(&mut self) {
        if let Err(error) = sh::remove_folder(&self.folder) {
            sh::report(&error);
        }
    }
}

fn sweep(cache: &Path) -> io::Result<()> {
    for entry in fs::read_dir(cache)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(maker) = name.strip_prefix(PREFIX) else { continue };
        if !Path::new("/proc").join(maker).exists() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
