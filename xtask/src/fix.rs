//! `cargo xtask fix`: mends what a tool can mend.

use std::fs;

use anyhow::Context;

use crate::{
    check::{MANIFESTS, cargo},
    sh,
    tool::{self, Tool},
};

/// Mends format, spelling, TOML files, lints with one answer, and generated files.
pub(crate) fn run() -> anyhow::Result<()> {
    sh::step("lints that have one answer");
    for manifest in MANIFESTS {
        let mut command = cargo()?;
        command.args(["clippy", "--manifest-path", manifest, "--workspace", "--all-targets"]);
        sh::run(command.args(["--fix", "--allow-dirty", "--allow-staged"]))?;
    }
    sh::step("format");
    for manifest in MANIFESTS {
        sh::run(cargo()?.args(["fmt", "--all", "--manifest-path", manifest]))?;
    }
    sh::step("spelling");
    sh::run(tool::command(&Tool::TYPOS)?.arg("--write-changes"))?;
    sh::step("layout of TOML files");
    sh::run(tool::command(&Tool::TAPLO)?.arg("fmt").env("RUST_LOG", "error"))?;
    sh::step("generated files");
    write_generated()?;
    println!("\nmended what a tool can mend; `cargo xtask check` tells the rest");
    Ok(())
}

/// Writes what tests compare with the code: the description of the API, the page of all keys.
fn write_generated() -> anyhow::Result<()> {
    let mut bless = cargo()?;
    bless.args(["test", "--quiet", "--package", "hinny-api", "description"]);
    sh::run(bless.env("HINNY_BLESS", "1"))?;
    let mut reference = cargo()?;
    reference.args(["run", "--quiet", "--package", "hinny-server", "--", "config", "--reference"]);
    let page = sh::output(&mut reference)?;
    let path = sh::root()?.join("docs/configuration.md");
    fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))
}
