//! Debian's package tools, with package lists of our own: no root, nothing installed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::sh;

/// The package tools, on lists in a folder.
pub(super) struct Apt {
    folder: PathBuf,
}

/// The packages that make a compiler, all of one version.
pub(super) struct Packages {
    /// Version of the compiler.
    pub(super) version: String,
    names: Vec<String>,
}

impl Apt {
    /// Fetches the lists of the configured sources. Those of the system may be old, or not there.
    pub(super) fn with_own_lists(making: &Path) -> Result<Self> {
        let apt = Self { folder: making.join("apt") };
        for part in ["lists/partial", "cache/archives/partial", "packages"] {
            let part = apt.folder.join(part);
            fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;
        }
        sh::step("asking Debian for its package lists");
        sh::output(apt.command("apt-get").arg("update")).context("Debian cannot be reached")?;
        Ok(apt)
    }

    /// Finds the newest compiler, and what it needs to run. C libraries are there anyway.
    pub(super) fn find_compiler(&self) -> Result<Packages> {
        let version = self.candidate("rustc-web")?;
        check_version(&version)?;
        let mut depends = self.command("apt-cache");
        depends.args(["depends", "--recurse", "--important", "rustc-web"]);
        let depends = sh::output(&mut depends)?;
        let mut names: Vec<String> = depends
            .lines()
            .filter(|line| line.starts_with("libstd-rust-web-") || line.starts_with("libllvm"))
            .map(str::to_owned)
            .collect();
        names.sort();
        names.dedup();
        if names.is_empty() {
            bail!("rustc-web {version} does not say what it depends on");
        }
        names.extend(["rustc-web".to_owned(), "rust-web-src".to_owned()]);
        Ok(Packages { version, names })
    }

    /// Downloads the packages, and takes of them what is needed.
    pub(super) fn unpack(&self, packages: &Packages, toolchain: &Path) -> Result<()> {
        fs::create_dir_all(toolchain)?;
        let folder = self.folder.join("packages");
        sh::step(format_args!("downloading {}", packages.names.join(", ")));
        let mut download = self.command("apt-get");
        sh::output(download.current_dir(&folder).arg("download").args(&packages.names))?;
        let archives = fs::read_dir(&folder)?.flatten().map(|entry| entry.path());
        let archives: Vec<_> = archives.collect();
        if archives.len() < packages.names.len() {
            bail!("apt-get downloaded {} of {} packages", archives.len(), packages.names.len());
        }
        sh::step(format_args!("unpacking {} packages", archives.len()));
        archives.iter().try_for_each(|archive| unpack(archive, toolchain))
    }

    /// The version that apt would install.
    fn candidate(&self, package: &str) -> Result<String> {
        let policy = sh::output(self.command("apt-cache").args(["policy", package]))?;
        let line = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
        match line {
            Some(version) if version != "(none)" => Ok(version.to_owned()),
            _ => bail!("the configured package sources have no `{package}`"),
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let place = |key: &str, part: &str| format!("{key}={}", self.folder.join(part).display());
        command.env("LC_ALL", "C").args([
            "-o",
            &place("Dir::State::Lists", "lists"),
            "-o",
            &place("Dir::Cache", "cache"),
            // Root would hand the download to a user who may not write here.
            "-o",
            "APT::Sandbox::User=root",
            "-o",
            "Acquire::Languages=none",
            "-o",
            "Acquire::Retries=1",
            "-o",
            "Acquire::http::Timeout=20",
            "-o",
            "Acquire::https::Timeout=20",
        ]);
        command
    }
}

/// Of the sources only the standard library is taken: the rest is four times as much.
const WANTED: [&str; 4] = [
    // Else `*` would take in the sources of the standard library, which are deeper down.
    "--no-wildcards-match-slash",
    "--exclude=./usr/share",
    "--exclude=./usr/src/*/src",
    "--exclude=./usr/src/*/compiler",
];

fn unpack(archive: &Path, toolchain: &Path) -> Result<()> {
    let mut dpkg = Command::new("dpkg-deb");
    let mut dpkg = dpkg
        .arg("--fsys-tarfile")
        .arg(archive)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start dpkg-deb")?;
    let tar_file = dpkg.stdout.take().context("dpkg-deb has no output")?;
    let mut tar = Command::new("tar");
    tar.arg("--extract").arg("--directory").arg(toolchain).stdin(tar_file);
    tar.args(WANTED);
    let unpacked = tar.output().context("cannot start tar")?;
    let status = dpkg.wait()?;
    if !status.success() || !unpacked.status.success() {
        let text = String::from_utf8_lossy(&unpacked.stderr);
        bail!("cannot unpack {}: {}", archive.display(), text.trim());
    }
    Ok(())
}

/// Guests need the language version that the whole of hinny is written in.
fn check_version(version: &str) -> Result<()> {
    let least = env!("CARGO_PKG_RUST_VERSION");
    if numbers(version) < numbers(least) {
        bail!("apt offers rustc-web {version}, guests need {least} or later");
    }
    Ok(())
}

fn numbers(version: &str) -> Vec<u32> {
    let plain = version.split(|c: char| c != '.' && !c.is_ascii_digit()).next();
    plain.unwrap_or_default().split('.').filter_map(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_sources_the_standard_library_is_taken_and_the_compiler_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        for file in ["library/std/src/lib.rs", "src/llvm/big.c", "compiler/rustc/big.rs"] {
            let file = folder.join("from/usr/src/rustc-1").join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        fs::create_dir_all(folder.join("to")).unwrap();
        let archive = folder.join("all.tar");
        let tar = |arguments: &[&str], wanted: &[&str]| {
            let mut tar = Command::new("tar");
            tar.arg("--file").arg(&archive).current_dir(folder).args(arguments).args(wanted);
            sh::output(&mut tar).unwrap();
        };
        tar(&["--create", "--directory", "from", "."], &[]);
        tar(&["--extract", "--directory", "to"], &WANTED);
        let unpacked = folder.join("to/usr/src/rustc-1");
        assert!(unpacked.join("library/std/src/lib.rs").is_file());
        assert!(!unpacked.join("src").exists() && !unpacked.join("compiler").exists());
    }

    #[test]
    fn versions_compare_by_number() {
        assert!(numbers("1.96.0+dfsg1-1~deb12u2") > numbers("1.88"));
        assert!(numbers("1.9.0") < numbers("1.88"));
        assert_eq!(numbers("1.85.0+dfsg3-1"), [1, 85, 0]);
    }
}
