//! `cargo xtask plugins`: builds every guest as a component, with whatever toolchain there is.

mod others;

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result};
use hinny_build::{
    Language, Source,
    rust::{self, BuiltGuest, Choice, Toolchain},
};

use crate::sh;

/// What to build, and with what.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Forget the cached guest toolchain and all that was built with it.
    #[arg(long)]
    fresh: bool,
    /// Use this toolchain for Rust and no other.
    #[arg(long, value_enum)]
    toolchain: Option<Choice>,
    /// Also those in other languages than Rust, for which tools are fetched that are missing.
    #[arg(long)]
    all: bool,
    /// Folders of plugins outside of the repository, to build instead of those in it.
    paths: Vec<PathBuf>,
}

/// A component, and where it goes.
struct Component {
    name: String,
    /// The folder in `dist/`.
    shelf: &'static str,
    bytes: Vec<u8>,
}

/// Builds them.
pub(crate) fn run(args: &Args) -> Result<()> {
    let started = Instant::now();
    let target_dir = sh::target_dir()?.join("guests");
    if args.fresh {
        sh::remove_folder(&target_dir)?;
        rust::forget()?;
    }
    let mut built = Vec::new();
    let (workspaces, others) = folders(args)?;
    if !workspaces.is_empty() {
        built.extend(build_rust(args, &workspaces, &target_dir)?);
    }
    for source in others {
        built.push(others::build(&source, &target_dir)?);
    }
    let dist = sh::dist_dir()?;
    let mut changed = 0;
    for component in &built {
        changed += u32::from(deliver(component, &dist)?);
    }
    let (count, seconds) = (built.len(), started.elapsed().as_secs_f32());
    sh::step(format_args!("{count} guests in dist/, {changed} of them changed ({seconds:.1} s)"));
    Ok(())
}

/// Builds those in Rust, for a chore that needs them.
pub(crate) fn build_rust_guests() -> Result<()> {
    run(&Args { fresh: false, toolchain: None, all: false, paths: Vec::new() })
}

/// Builds those in all languages, for a chore that needs them.
pub(crate) fn build_all() -> Result<()> {
    run(&Args { fresh: false, toolchain: None, all: true, paths: Vec::new() })
}

/// What is built: workspaces of Rust, and folders of plugins in other languages.
fn folders(args: &Args) -> Result<(Vec<PathBuf>, Vec<Source>)> {
    if args.paths.is_empty() {
        let others = if args.all { others::all()? } else { Vec::new() };
        return Ok((vec![sh::root()?.join("plugins")], others));
    }
    let mut folders = (Vec::new(), Vec::new());
    for path in &args.paths {
        // A workspace of several plugins has no package of its own, so it is no source.
        match Source::of(path) {
            Ok(source) if source.language != Language::Rust => folders.1.push(source),
            Err(error) if !path.join("Cargo.toml").is_file() => return Err(error),
            _ => folders.0.push(path.clone()),
        }
    }
    Ok(folders)
}

fn build_rust(args: &Args, workspaces: &[PathBuf], target_dir: &Path) -> Result<Vec<Component>> {
    let toolchain = Toolchain::find(args.toolchain, &sh::root()?)?;
    sh::step(format_args!("guest toolchain: {}", toolchain.title));
    let mut components = Vec::new();
    for workspace in workspaces {
        for built in rust::build_workspace(workspace, target_dir, &toolchain)? {
            components.push(read(built)?);
        }
    }
    Ok(components)
}

fn read(BuiltGuest { guest, component }: BuiltGuest) -> Result<Component> {
    let bytes =
        fs::read(&component).with_context(|| format!("cannot read {}", component.display()))?;
    Ok(Component { name: guest.name, shelf: shelf(&guest.folder), bytes })
}

/// Fixtures of tests are kept apart from what people use.
fn shelf(folder: &Path) -> &'static str {
    let is_under = |part: &str| sh::root().is_ok_and(|root| folder.starts_with(root.join(part)));
    if is_under("tests") {
        "guests"
    } else if is_under("examples") {
        "examples"
    } else {
        "plugins"
    }
}

/// Puts a component where tests and people look for it; tells whether it is another one.
fn deliver(component: &Component, dist: &Path) -> Result<bool> {
    let Component { name, shelf, bytes } = component;
    let folder = dist.join(shelf);
    let to = folder.join(name).with_extension("wasm");
    if is_same(&to, bytes)? {
        return Ok(false);
    }
    write_whole(&to, bytes)?;
    let kilobytes = bytes.len().div_ceil(1000);
    sh::step(format_args!("  dist/{shelf}/{name}.wasm  {kilobytes} kB"));
    Ok(true)
}

/// Writes a file. Whoever watches the folder, such as a host, never sees half of it.
fn write_whole(to: &Path, bytes: &[u8]) -> Result<()> {
    let folder = to.parent().context("a file is in a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let name = to.file_stem().unwrap_or_default().to_string_lossy();
    let half = folder.join(format!(".{name}.{}", std::process::id()));
    let written = fs::write(&half, bytes).and_then(|()| fs::rename(&half, to));
    written.with_context(|| format!("cannot write {}", to.display()))
}

fn is_same(file: &Path, content: &[u8]) -> Result<bool> {
    match fs::read(file) {
        Ok(present) => Ok(present == content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}
