//! Tools of other projects: the installed one, else one of our own from its package registry.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use crate::sh;

/// A tool, and where it comes from.
pub(crate) struct Tool {
    /// Name of the program.
    program: &'static str,
    /// Name of the crate that has it.
    package: &'static str,
    /// Version that this repository was checked with.
    version: &'static str,
    /// Name of the wheel that has it ready to run, if there is one of that version.
    wheel: Option<&'static str>,
}

impl Tool {
    /// Spelling.
    pub(crate) const TYPOS: Self =
        Self { program: "typos", package: "typos-cli", version: "1.52.0", wheel: Some("typos") };
    /// Layout of TOML files.
    pub(crate) const TAPLO: Self =
        Self { program: "taplo", package: "taplo-cli", version: "0.9.3", wheel: Some("taplo") };
    /// Dependencies that nobody uses.
    pub(crate) const MACHETE: Self =
        Self { program: "cargo-machete", package: "cargo-machete", version: "0.9.2", wheel: None };
    /// Licences, bans and sources of dependencies.
    pub(crate) const DENY: Self =
        Self { program: "cargo-deny", package: "cargo-deny", version: "0.20.2", wheel: None };
    /// Fuzzing.
    pub(crate) const FUZZ: Self =
        Self { program: "cargo-fuzz", package: "cargo-fuzz", version: "0.13.1", wheel: None };
}

/// A command that runs the tool in the root of the repository. Installs it when it is missing.
pub(crate) fn command(tool: &Tool) -> anyhow::Result<Command> {
    let mut command = Command::new(find_or_install(tool)?);
    command.current_dir(sh::root()?);
    Ok(command)
}

fn find_or_install(tool: &Tool) -> anyhow::Result<PathBuf> {
    let on_path = PathBuf::from(tool.program);
    if runs(&on_path) {
        return Ok(on_path);
    }
    let folder = sh::cache_dir()?.join("tools").join(format!("{}-{}", tool.package, tool.version));
    let own = folder.join("bin").join(tool.program);
    if runs(&own) {
        return Ok(own);
    }
    install(tool, &folder)?;
    if !runs(&own) {
        bail!("`{}` was installed into {} but does not run", tool.program, folder.display());
    }
    Ok(own)
}

fn runs(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn install(tool: &Tool, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    if let Some(wheel) = tool.wheel {
        println!("`{}` is not installed: taking {wheel} {} from PyPI", tool.program, tool.version);
        if from_wheel(wheel, tool.version, folder) {
            return Ok(());
        }
    }
    println!(
        "`{}` is not installed: building {} {} once, into {} (takes some minutes)",
        tool.program,
        tool.package,
        tool.version,
        folder.display()
    );
    from_crate(tool, folder)
}

/// Tries a wheel; whether that worked.
fn from_wheel(wheel: &str, version: &str, folder: &Path) -> bool {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]);
    command.arg("--target").arg(folder).arg(format!("{wheel}=={version}"));
    command.stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn from_crate(tool: &Tool, folder: &Path) -> anyhow::Result<()> {
    let mut command = sh::cargo();
    command.args(["install", "--locked", "--version", tool.version, "--root"]);
    command.arg(folder).arg(tool.package);
    // Its build has nothing to do with ours.
    command.env("CARGO_TARGET_DIR", folder.join("target")).current_dir(folder);
    let installed = command.status().is_ok_and(|status| status.success());
    // What was needed to build it is twenty times its size.
    let _ = fs::remove_dir_all(folder.join("target"));
    if !installed {
        bail!(
            "`{}` is missing and could not be installed; hint: go online, or install it by hand: \
             cargo install --locked {}",
            tool.program,
            tool.package
        );
    }
    Ok(())
}
