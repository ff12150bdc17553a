//! The compiler for guests: an installed one, one that rustup adds, or one of our own.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};

use super::{debian, linker, linker::Rust};
use crate::sh;

/// What guests are compiled for: no WASI, nothing ambient, smallest.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

/// How to get a compiler for guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// The installed Rust, which has the target already.
    Installed,
    /// The installed Rust, to which rustup adds the target.
    Rustup,
    /// A Rust of its own from Debian packages, in the cache, nothing installed.
    Debian,
}

/// A compiler for guests.
pub struct Toolchain {
    /// What it is, for people.
    pub title: String,
    /// The folder that it was chosen for: a file in it may name the version of Rust.
    root: PathBuf,
    rust: Rust,
    /// The compiler, when it is not that of the installed Rust.
    rustc: Option<PathBuf>,
}

impl Toolchain {
    /// Takes the first that is there, or can be had, for the sources below a folder.
    pub fn find(choice: Option<Choice>, root: &Path) -> Result<Self> {
        let root = std::path::absolute(root)?;
        let rust = Rust::installed(&root)?;
        linker::check(&rust)?;
        let choices = match choice {
            Some(choice) => vec![choice],
            None => Self::order(),
        };
        let mut tried = String::new();
        for choice in choices {
            match Self::get(choice, &rust, &root) {
                Ok((title, rustc)) => return Ok(Self { title, root, rust, rustc }),
                Err(error) => {
                    let name = format!("{choice:?}").to_lowercase();
                    let _ = write!(tried, "\n  {name}: {error:#}");
                }
            }
        }
        bail!(
            "no Rust compiler for {TARGET}. Tried:{tried}\nhint: where there is a network, run `rustup \
             target add {TARGET}`; on Debian 12 or later, `apt-get` and `dpkg-deb` are enough"
        )
    }

    /// A compiler in the cache comes before a download that may fail slowly.
    fn order() -> Vec<Choice> {
        if debian::cached().is_some() {
            return vec![Choice::Installed, Choice::Debian, Choice::Rustup];
        }
        vec![Choice::Installed, Choice::Rustup, Choice::Debian]
    }

    fn get(choice: Choice, rust: &Rust, root: &Path) -> Result<(String, Option<PathBuf>)> {
        match choice {
            Choice::Installed if rust.has_target(TARGET) => {
                Ok((format!("installed, {TARGET} in {}", rust.sysroot.display()), None))
            }
            Choice::Installed => bail!("{} does not have the target", rust.sysroot.display()),
            Choice::Rustup => {
                add_with_rustup(rust, root)?;
                Ok((format!("installed, rustup added {TARGET}"), None))
            }
            Choice::Debian => {
                let found = debian::find_or_make()?;
                Ok((format!("Debian packages, {}", found.display()), Some(found.join("rustc"))))
            }
        }
    }

    /// Has cargo use it.
    pub(super) fn apply(&self, cargo: &mut Command) -> Result<()> {
        if let Some(rustc) = &self.rustc {
            cargo.env("RUSTC", rustc);
        }
        linker::link_components(cargo, &self.rust, &self.root)
    }
}

/// Where there is no way out, rustup tries long; the cached toolchain would be there sooner.
fn add_with_rustup(rust: &Rust, root: &Path) -> Result<()> {
    const LIMIT: Duration = Duration::from_secs(90);
    if !sh::has("rustup") {
        bail!("there is no rustup");
    }
    sh::step(format_args!("asking rustup for {TARGET}"));
    let mut rustup = Command::new("rustup");
    rustup.current_dir(root).args(["target", "add", TARGET]);
    rustup.env("RUSTUP_MAX_RETRIES", "0").env("RUSTUP_DOWNLOAD_TIMEOUT", "15");
    let cache = sh::cache_dir()?;
    fs::create_dir_all(&cache)?;
    let log = cache.join("rustup-target-add.log");
    sh::output_within(&mut rustup, LIMIT, &log).context("rustup cannot add the target")?;
    if !rust.has_target(TARGET) {
        bail!("rustup added the target to another toolchain than {}", rust.sysroot.display());
    }
    Ok(())
}
