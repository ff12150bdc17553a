//! `cargo xtask check`: what must hold before a commit, from the quickest to the slowest.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::{
    sh, test,
    tool::{self, Tool},
};

/// One thing that must hold.
struct Rule {
    /// Its name, for people.
    title: &'static str,
    /// Whether it belongs to the quick ones.
    quick: bool,
    /// Finds out.
    check: fn() -> anyhow::Result<()>,
}

/// All of them. Later ones take longer; within the quick ones, the most often broken come first.
const RULES: &[Rule] = &[
    Rule { title: "format", quick: true, check: format },
    Rule { title: "spelling", quick: true, check: spelling },
    Rule { title: "layout of TOML files", quick: true, check: toml },
    Rule { title: "unused dependencies", quick: true, check: unused_dependencies },
    Rule { title: "house rules", quick: true, check: house_rules },
    Rule { title: "licences, bans and sources of dependencies", quick: false, check: dependencies },
    Rule { title: "lints", quick: false, check: lints },
    Rule { title: "documentation", quick: false, check: documentation },
    Rule { title: "tests", quick: false, check: || test::run(&test::Args::default()) },
];

/// The workspaces of the repository: the host, and the guests.
pub(crate) const MANIFESTS: [&str; 2] = ["Cargo.toml", "plugins/Cargo.toml"];

/// What to check.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Args {
    /// Only what takes seconds: format, spelling, unused dependencies, house rules.
    #[arg(long)]
    fast: bool,
}

/// Checks everything, or only what takes seconds, and tells all that is broken at once.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    let before = changed_files()?;
    let mut results = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.quick || !args.fast) {
        sh::step(rule.title);
        let began = Instant::now();
        let result = (rule.check)();
        if let Err(error) = &result {
            println!("{error:#}");
        }
        results.push((rule.title, result.is_ok(), began.elapsed()));
    }
    sh::step("clean tree");
    let written = written_since(&before)?;
    results.push(("clean tree", written.is_empty(), Duration::ZERO));
    for file in &written {
        println!("{file}: a check changed it; commit what `cargo xtask fix` makes of it");
    }
    summary(&results)
}

fn summary(results: &[(&str, bool, Duration)]) -> anyhow::Result<()> {
    println!();
    for (title, holds, took) in results {
        let mark = if *holds { "ok    " } else { "BROKEN" };
        println!("{mark}  {title} ({:.1} s)", took.as_secs_f64());
    }
    let broken = results.iter().filter(|(_, holds, _)| !holds).count();
    if broken > 0 {
        bail!("{broken} of {} do not hold; hint: `cargo xtask fix` mends some", results.len());
    }
    Ok(())
}

fn format() -> anyhow::Result<()> {
    for manifest in MANIFESTS {
        sh::run(cargo()?.args(["fmt", "--all", "--check", "--manifest-path", manifest]))?;
    }
    Ok(())
}

fn spelling() -> anyhow::Result<()> {
    sh::run(tool::command(&Tool::TYPOS)?.arg("--sort"))
}

fn toml() -> anyhow::Result<()> {
    sh::run(
        tool::command(&Tool::TAPLO)?.args(["fmt", "--check", "--diff"]).env("RUST_LOG", "error"),
    )
}

fn unused_dependencies() -> anyhow::Result<()> {
    sh::run(tool::command(&Tool::MACHETE)?.arg("--skip-target-dir"))
}

fn house_rules() -> anyhow::Result<()> {
    let mut command = cargo()?;
    command.args(["test", "--quiet", "--package", "xtask", "--test", "architecture"]);
    // A broken rule tells all there is to know; where in the test it was found does not matter.
    sh::run(command.env("RUST_BACKTRACE", "0"))
}

fn dependencies() -> anyhow::Result<()> {
    for manifest in MANIFESTS {
        let mut command = tool::command(&Tool::DENY)?;
        // The guests have no configuration of their own: one rule for all that is built here.
        command.args(["--config", "deny.toml", "--manifest-path", manifest]);
        command.args(["check", "--hide-inclusion-graph"]);
        sh::run(command.args(["bans", "licenses", "sources"]))?;
    }
    Ok(())
}

fn lints() -> anyhow::Result<()> {
    for manifest in MANIFESTS {
        let mut command = cargo()?;
        command.args(["clippy", "--manifest-path", manifest, "--workspace", "--all-targets"]);
        sh::run(command.args(["--", "--deny", "warnings"]))?;
    }
    Ok(())
}

fn documentation() -> anyhow::Result<()> {
    for manifest in MANIFESTS {
        let mut command = cargo()?;
        command.args(["doc", "--manifest-path", manifest, "--workspace", "--no-deps"]);
        sh::run(command.env("RUSTDOCFLAGS", "--deny warnings"))?;
    }
    Ok(())
}

/// Cargo, in the root of the repository.
pub(crate) fn cargo() -> anyhow::Result<Command> {
    let mut command = sh::cargo();
    command.current_dir(sh::root()?);
    Ok(command)
}

/// What git says of the files that differ from the last commit.
fn changed_files() -> anyhow::Result<Vec<String>> {
    let output = Command::new("git")
        .args(["status", "--porcelain", "--untracked-files=all"])
        .current_dir(sh::root()?)
        .output()
        .context("git does not run; hint: install git, `check` compares the tree with it")?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn written_since(before: &[String]) -> anyhow::Result<Vec<String>> {
    Ok(changed_files()?.into_iter().filter(|line| !before.contains(line)).collect())
}
