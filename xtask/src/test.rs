//! `cargo xtask test`: everything that can be tested, with its own set-up.

use std::{
    io::{BufRead, BufReader, IsTerminal, stdout},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};

use crate::{
    plugins,
    services::{self, celery, rabbitmq::Rabbitmq, registry},
    sh,
};

/// Which tests to run.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Only the host's tests with this in their names, such as `rabbitmq::cuts`.
    filter: Option<String>,
    /// Also those that are ignored, and why is said in their code.
    #[arg(long)]
    include_ignored: bool,
}

/// A part of the tests: a run of cargo in one workspace.
struct Part {
    title: &'static str,
    arguments: &'static [&'static str],
    can_be_filtered: bool,
}

/// The parts, in the order in which they run: what tells most in the least time comes first.
const PARTS: &[Part] = &[
    Part {
        title: "guests, natively",
        arguments: &[
            "test",
            "--manifest-path",
            "plugins/Cargo.toml",
            "--workspace",
            "--no-fail-fast",
        ],
        can_be_filtered: false,
    },
    Part {
        title: "host",
        arguments: &["test", "--workspace", "--no-fail-fast"],
        can_be_filtered: true,
    },
];

/// How many tests did what.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Builds the guests and starts the services, then runs all tests.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let postgres = services::postgres()?;
    let programs = services::postgres_programs();
    sh::step("build the guests that the tests load");
    plugins::build_all()?;
    let python = celery::python()?;
    // Ends when it is dropped, after the last part.
    let rabbitmq = Rabbitmq::start()?;
    let oci = registry::registry()?;
    let mut total = Counts::default();
    let mut broken = Vec::new();
    for part in PARTS.iter().filter(|part| args.filter.is_none() || part.can_be_filtered) {
        sh::step(format_args!("test the {}", part.title));
        let (counts, finished) = part.run(|command| {
            command.env(services::POSTGRES, &postgres.url).envs(programs.clone());
            command.envs(rabbitmq.variables()).env(celery::VARIABLE, &python);
            command.env(registry::VARIABLE, &oci.url);
            command.args(args.filter.as_deref());
            if args.include_ignored {
                command.args(["--", "--include-ignored"]);
            }
        })?;
        total.add(counts);
        if !finished {
            broken.push(part.title);
        }
    }
    println!();
    if !broken.is_empty() && total.failed == 0 {
        println!("did not build or did not finish: {}", broken.join(", "));
    }
    // The closing line: people read it, and so does continuous integration.
    println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    if !broken.is_empty() {
        bail!("tests failed: {}", broken.join(", "));
    }
    Ok(())
}

impl Part {
    /// Runs it, showing its output; the result is what was counted, and whether all is well.
    fn run(&self, prepare: impl Fn(&mut Command)) -> anyhow::Result<(Counts, bool)> {
        let mut command = sh::cargo();
        command.args(self.arguments);
        prepare(&mut command);
        command.current_dir(sh::root()?).stdout(Stdio::piped());
        if stdout().is_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        let mut child = command.spawn().context("cargo does not run")?;
        let output = child.stdout.take().context("cargo has no output")?;
        let mut counts = Counts::default();
        for line in BufReader::new(output).lines() {
            let line = line.context("the output of cargo is not text")?;
            println!("{line}");
            counts.add(Counts::of_line(&line));
        }
        Ok((counts, child.wait()?.success()))
    }
}

impl Counts {
    fn add(&mut self, more: Self) {
        self.passed += more.passed;
        self.failed += more.failed;
        self.skipped += more.skipped;
    }

    /// What a closing line of the test runner says; nothing for any other line.
    fn of_line(line: &str) -> Self {
        let Some((_, rest)) = line.split_once("test result: ") else { return Self::default() };
        let number = |word: &str| {
            rest.split([';', '.'])
                .find_map(|part| part.trim().strip_suffix(word))
                .and_then(|number| number.trim().parse().ok())
                .unwrap_or_default()
        };
        Self { passed: number("passed"), failed: number("failed"), skipped: number("ignored") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted_and_no_others() {
        let line = "test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.00s";
        assert_eq!(Counts::of_line(line), Counts { passed: 10, failed: 2, skipped: 1 });
        assert_eq!(Counts::of_line("test a::b ... ok"), Counts::default());
    }
}
