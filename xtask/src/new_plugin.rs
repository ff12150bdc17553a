//! `cargo xtask new-plugin NAME`: a new plugin from a template, with a test.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use hinny_build::PluginName;

use self::template::{Home, World};
use crate::sh;

mod template;

/// Which plugin, and where.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Its name: lower case, digits and hyphens.
    name: PluginName,
    /// What it decides: the order of tasks, or which tasks there are.
    #[arg(long, value_enum, default_value_t = World::Ranker)]
    world: World,
    /// The folder to make it in, instead of `plugins/NAME`.
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

/// Makes it, and tells how to go on.
pub(crate) fn run(args: &Args) -> Result<()> {
    let plugins = sh::root()?.join("plugins");
    let folder = match &args.path {
        Some(folder) => std::path::absolute(folder)?,
        None => plugins.join(args.name.as_str()),
    };
    let lock = plugins.join("Cargo.lock");
    args.name.check_free(&read(&lock)?)?;
    let home = Home::of(&folder, &plugins)?;
    make(&args.name, args.world, &home, &folder)?;
    if let Home::Standalone { .. } = home {
        // The versions that the SDK was tested with, which are also there without a network.
        let to = folder.join("Cargo.lock");
        fs::copy(&lock, &to).with_context(|| format!("cannot write {}", to.display()))?;
    }
    let steps = home.steps(&args.name, &folder);
    sh::step(format_args!("made {}; next:", folder.display()));
    for command in [&steps.test, &steps.build, &format!("hinny plugin check {}", steps.component)] {
        sh::step(format_args!("  {command}"));
    }
    Ok(())
}

/// Writes the files of a plugin into a folder that does not exist yet.
fn make(name: &PluginName, world: World, home: &Home, folder: &Path) -> Result<()> {
    let source = folder.join("src");
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} is there already; hint: choose another name", folder.display())
        }
        made => made.with_context(|| format!("cannot make {}", folder.display()))?,
    }
    fs::create_dir(&source).with_context(|| format!("cannot make {}", source.display()))?;
    for (file, content) in template::files(name, world, home, folder) {
        let file = folder.join(file);
        fs::write(&file, content).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}

#[cfg(test)]
mod tests;
