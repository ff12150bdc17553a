//! `cargo xtask fuzz`: what hinny reads from outside, against whatever bytes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::{
    sh,
    tool::{self, Tool},
};

/// Where targets, dictionaries and kept inputs are, from the root of the repository.
const FOLDER: &str = "tests/fuzz";

/// What to fuzz, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only this one.
    #[arg(long, value_enum)]
    target: Option<Target>,
    /// How long each target runs, one after the other. 0: only over the inputs that are there.
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    minutes: u64,
    /// Keep what was found in `tests/fuzz/corpus`: as few inputs as reach everything.
    #[arg(long)]
    keep: bool,
}

/// What is fuzzed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Target {
    /// What guests answer.
    Answers,
    /// Queries and filters.
    Filter,
    /// Messages.
    Message,
    /// Components.
    Upload,
}

impl Target {
    const ALL: [Self; 4] = [Self::Answers, Self::Filter, Self::Message, Self::Upload];

    fn name(self) -> &'static str {
        match self {
            Self::Answers => "answers",
            Self::Filter => "filter",
            Self::Message => "message",
            Self::Upload => "upload",
        }
    }

    /// The longest input that is tried, in bytes. A component that does anything has some 30 kB.
    fn bytes_max(self) -> usize {
        match self {
            Self::Upload => 1 << 16,
            _ => 1 << 12,
        }
    }
}

/// Builds and runs the targets. Ends at the first input that breaks something, and says where it is.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let targets = args.target.map_or(Target::ALL.to_vec(), |one| vec![one]);
    for target in targets {
        sh::step(format_args!("fuzz `{}` for {} minutes", target.name(), args.minutes));
        let places = Places::of(target)?;
        places.run(target, args.minutes)?;
        if args.keep {
            places.keep(target)?;
        }
    }
    Ok(())
}

/// Where the inputs of a target are.
struct Places {
    /// Those that come with the repository.
    kept: PathBuf,
    /// Those that were found on this machine.
    found: PathBuf,
}

impl Places {
    fn of(target: Target) -> anyhow::Result<Self> {
        let kept = sh::root()?.join(FOLDER).join("corpus").join(target.name());
        let found = target_dir()?.join("corpus").join(target.name());
        fs::create_dir_all(&found).with_context(|| format!("cannot make {}", found.display()))?;
        Ok(Self { kept, found })
    }

    fn run(&self, target: Target, minutes: u64) -> anyhow::Result<()> {
        let mut command = fuzzer(target, &[&self.found, &self.kept])?;
        command.arg(format!("-dict={FOLDER}/dictionaries/{}.dict", target.name()));
        command.arg(format!("-max_len={}", target.bytes_max()));
        match minutes {
            0 => command.arg("-runs=0"),
            minutes => command.arg(format!("-max_total_time={}", minutes * 60)),
        };
        sh::run(&mut command)
    }

    /// Puts as few inputs as reach everything in the place of those that were kept.
    fn keep(&self, target: Target) -> anyhow::Result<()> {
        let fresh = self.kept.with_extension("fresh");
        fs::create_dir_all(&fresh).with_context(|| format!("cannot make {}", fresh.display()))?;
        sh::run(fuzzer(target, &[&fresh, &self.kept, &self.found])?.arg("-merge=1"))?;
        sh::remove_folder(&self.kept)?;
        fs::rename(&fresh, &self.kept)
            .with_context(|| format!("cannot move {} to its place", fresh.display()))
    }
}

/// A command that builds a target, and runs it over some folders; the first takes what is found.
fn fuzzer(target: Target, folders: &[&Path]) -> anyhow::Result<Command> {
    let mut command = tool::command(&Tool::FUZZ)?;
    // The marks that the compiler sets are behind a flag that only nightly compilers take. Memory is
    // not watched: all of hinny's own code is safe, and an input costs half as much without.
    command.env("RUSTC_BOOTSTRAP", "1");
    command.args(["run", "--sanitizer", "none", "--fuzz-dir", FOLDER]);
    command.arg("--target-dir").arg(target_dir()?);
    command.arg(target.name()).args(folders);
    command.args(["--", "-timeout=10", "-rss_limit_mb=2048"]);
    Ok(command)
}

/// Where what is built for the fuzzer goes: it shares nothing with other builds.
fn target_dir() -> anyhow::Result<PathBuf> {
    Ok(sh::target_dir()?.join("fuzz"))
}
