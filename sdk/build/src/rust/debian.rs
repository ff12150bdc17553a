//! A Rust for guests from Debian packages, where rustup cannot download.
//!
//! Debian's `rustc-web` is a recent compiler that knows WebAssembly, but comes without the standard
//! library for it. So the packages are unpacked into the cache, with nothing installed on the
//! system, and the library is built once from the packaged sources. The result is moved into place
//! as a whole: what is in the cache is complete.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use self::{apt::Apt, making::Making};
use super::{linker, toolchain::TARGET};
use crate::sh;

mod apt;
mod making;
mod standard_library;

/// The toolchain in the cache, if there is one: the newest.
pub(super) fn cached() -> Option<PathBuf> {
    let entries = fs::read_dir(cache().ok()?).ok()?;
    let folders = entries.flatten().map(|entry| entry.path());
    let complete = folders.filter(|folder| !is_hidden(folder) && folder.join("rustc").is_file());
    complete.max_by_key(|folder| fs::metadata(folder).and_then(|it| it.modified()).ok())
}

/// The toolchain in the cache, or one that is made now.
pub(super) fn find_or_make() -> Result<PathBuf> {
    match cached() {
        Some(folder) => Ok(folder),
        None => make(),
    }
}

/// Removes all toolchains from the cache.
pub fn forget() -> Result<()> {
    sh::remove_folder(&cache()?)
}

fn make() -> Result<PathBuf> {
    const TOOLCHAIN: &str = "toolchain";
    const TOOLS: [&str; 4] = ["apt-get", "apt-cache", "dpkg-deb", "tar"];
    if let Some(missing) = TOOLS.into_iter().find(|tool| !sh::has(tool)) {
        bail!("there is no `{missing}`: not a Debian");
    }
    let started = Instant::now();
    let cache = cache()?;
    let making = Making::start(&cache)?;
    let apt = Apt::with_own_lists(making.folder())?;
    let packages = apt.find_compiler()?;
    sh::step(format_args!(
        "making a guest toolchain from Debian's rustc-web {}: about 140 MB to download, 500 MB on \
         disk, one to three minutes, once",
        packages.version
    ));
    let toolchain = making.folder().join(TOOLCHAIN);
    apt.unpack(&packages, &toolchain)?;
    write_rustc(&toolchain)?;
    standard_library::build(&toolchain, making.folder())?;
    trim(&toolchain)?;
    if !linker::has_std(&toolchain.join("usr"), TARGET) {
        bail!("the standard library was built, but is not in {}", toolchain.display());
    }
    let made = making.finish(TOOLCHAIN, &cache.join(&packages.version))?;
    let seconds = started.elapsed().as_secs();
    sh::step(format_args!("guest toolchain is ready in {} ({seconds} s)", made.display()));
    Ok(made)
}

fn cache() -> Result<PathBuf> {
    Ok(sh::cache_dir()?.join("guest-toolchain"))
}

fn is_hidden(folder: &Path) -> bool {
    folder.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'))
}

/// The compiler, with its own libraries and no others. It finds them from where it stands, so the
/// folder can be moved.
fn write_rustc(toolchain: &Path) -> Result<()> {
    let libraries = library_folder(toolchain)?;
    let script = format!(
        "#!/bin/sh\nhere=${{0%/*}}\nLD_LIBRARY_PATH=\"$here/{libraries}\" exec \
         \"$here/usr/bin/rustc\" \"$@\"\n"
    );
    let rustc = toolchain.join("rustc");
    fs::write(&rustc, script).with_context(|| format!("cannot write {}", rustc.display()))?;
    make_executable(&rustc)
}

#[cfg(unix)]
fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(file, fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn make_executable(_file: &Path) -> Result<()> {
    bail!("not a Debian")
}

/// The folder of the compiler's libraries, named after the machine: `usr/lib/x86_64-linux-gnu`.
fn library_folder(toolchain: &Path) -> Result<String> {
    let lib = toolchain.join("usr/lib");
    let entries = fs::read_dir(&lib).with_context(|| format!("cannot read {}", lib.display()))?;
    let machine = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .find(|name| name.ends_with("-linux-gnu"));
    let machine = machine.with_context(|| format!("no libraries in {}", lib.display()))?;
    Ok(format!("usr/lib/{machine}"))
}

/// Sources, documentation and tools that only served the making.
fn trim(toolchain: &Path) -> Result<()> {
    for part in ["usr/src", "usr/share", "usr/libexec", "usr/lib/rustlib/src", "usr/bin/rustdoc"] {
        let part = toolchain.join(part);
        if part.is_file() { fs::remove_file(&part)? } else { sh::remove_folder(&part)? }
    }
    Ok(())
}
