//! `cargo xtask plugins`: builds every guest as a component, with whatever toolchain there is.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail};

use self::{
    guest::Guest,
    toolchain::{Choice, Toolchain},
};
use crate::sh;

mod debian;
mod guest;
mod linker;
mod toolchain;

/// What to build, and with what.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Forget the cached guest toolchain and all that was built with it.
    #[arg(long)]
    fresh: bool,
    /// Use this toolchain and no other.
    #[arg(long, value_enum)]
    toolchain: Option<Choice>,
    /// Folders of plugins outside of the repository, to build instead of those in it.
    paths: Vec<PathBuf>,
}

/// Builds them.
pub(crate) fn run(args: &Args) -> Result<()> {
    let started = Instant::now();
    let target_dir = sh::target_dir()?.join("guests");
    if args.fresh {
        sh::remove_folder(&target_dir)?;
        debian::forget()?;
    }
    let toolchain = Toolchain::find(args.toolchain)?;
    sh::step(format_args!("guest toolchain: {}", toolchain.title));
    let mut built = Vec::new();
    for workspace in workspaces(args)? {
        built.extend(build(&workspace, &target_dir, &toolchain)?);
    }
    let dist = sh::dist_dir()?;
    let mut changed = 0;
    for guest in &built {
        changed += u32::from(deliver(guest, &target_dir, &dist)?);
    }
    let (count, seconds) = (built.len(), started.elapsed().as_secs_f32());
    sh::step(format_args!("{count} guests in dist/, {changed} of them changed ({seconds:.1} s)"));
    Ok(())
}

/// Builds all of the repository, for a chore that needs them.
pub(crate) fn build_all() -> Result<()> {
    run(&Args { fresh: false, toolchain: None, paths: Vec::new() })
}

/// The folders whose guests are built.
fn workspaces(args: &Args) -> Result<Vec<PathBuf>> {
    if args.paths.is_empty() {
        return Ok(vec![sh::root()?.join("plugins")]);
    }
    Ok(args.paths.clone())
}

fn build(workspace: &Path, target_dir: &Path, toolchain: &Toolchain) -> Result<Vec<Guest>> {
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
    Ok(guests)
}

/// Copies a component to where tests and people look for it; tells whether it is another one.
fn deliver(guest: &Guest, target_dir: &Path, dist: &Path) -> Result<bool> {
    let from = target_dir.join(toolchain::TARGET).join("release").join(guest.file_name());
    let component = fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
    let folder = dist.join(guest.shelf);
    let to = folder.join(&guest.name).with_extension("wasm");
    if is_same(&to, &component)? {
        return Ok(false);
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // A host that watches the folder must never see half a component.
    let half = folder.join(format!(".{}.{}", guest.name, std::process::id()));
    let written = fs::write(&half, &component).and_then(|()| fs::rename(&half, &to));
    written.with_context(|| format!("cannot write {}", to.display()))?;
    let kilobytes = component.len().div_ceil(1000);
    sh::step(format_args!("  dist/{}/{}.wasm  {kilobytes} kB", guest.shelf, guest.name));
    Ok(true)
}

fn is_same(file: &Path, content: &[u8]) -> Result<bool> {
    match fs::read(file) {
        Ok(present) => Ok(present == content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}
