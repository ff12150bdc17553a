//! `hinny plugin test`: whether a plugin still answers as its golden files say.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use hinny_plugins::Specimen;
use serde_json::{Value, json};

use super::golden::{Difference, Golden};
use crate::cli::{
    failure::Refused,
    output::{self, Format},
};

/// Compare what a plugin answers with what its golden files say
///
/// A golden file is a batch of tasks for a ranker, or a few triggers for a scheduler plugin, with
/// the answers that are expected. The component is asked as a host would ask it, without a host.
/// The exit code is 0 when all answers are as expected, and 1 when one is not.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Folder of the plugin, or its component file
    #[arg(default_value = ".")]
    plugin: PathBuf,
    /// Golden file, or folder of them, instead of `golden` in the folder of the plugin
    #[arg(long, value_name = "PATH")]
    golden: Option<PathBuf>,
    /// Write down what the plugin answers now as what is expected
    #[arg(long)]
    bless: bool,
    /// Configuration file, for the limits in `[plugins.limits]`
    #[arg(short, long, value_name = "FILE", env = "HINNY_CONFIG")]
    config: Option<PathBuf>,
    /// How to show the differences
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// What came of one file.
struct Outcome {
    file: String,
    answers: usize,
    blessed: bool,
    differences: Vec<Difference>,
}

impl Test {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let (component, beside) = self.places()?;
        let files = golden_files(&self.golden.clone().unwrap_or(beside))?;
        let bytes = super::read(&component)?;
        let specimen = Specimen::of(&super::offline(self.config.clone())?, &bytes)
            .with_context(|| format!("`{}` cannot be tested", component.display()))?;
        let outcomes: Vec<_> =
            files.iter().map(|file| self.test(&specimen, file)).collect::<anyhow::Result<_>>()?;
        match self.output {
            Format::Json => output::json(&whole(&outcomes))?,
            Format::Table => output::print(&text(&outcomes))?,
        }
        let same = outcomes.iter().all(|outcome| outcome.differences.is_empty());
        if same { Ok(()) } else { Err(Refused.into()) }
    }

    /// The component, and where its golden files are unless it is said.
    fn places(&self) -> anyhow::Result<(PathBuf, PathBuf)> {
        if !self.plugin.is_dir() {
            let folder = self.plugin.parent().unwrap_or(Path::new(""));
            let above = folder.parent().filter(|_| folder.ends_with("dist"));
            return Ok((self.plugin.clone(), above.unwrap_or(folder).join("golden")));
        }
        let component = hinny_build::Source::of(&self.plugin)?.place();
        if !component.is_file() {
            bail!(
                "`{}` is not there; hint: `hinny plugin build {}` makes it",
                component.display(),
                self.plugin.display()
            );
        }
        Ok((component, self.plugin.join("golden")))
    }

    fn test(&self, specimen: &Specimen, file: &Path) -> anyhow::Result<Outcome> {
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("golden file `{shown}` cannot be read"))?;
        let golden = Golden::read(&text).with_context(|| format!("golden file `{shown}`"))?;
        let answers = golden.ask(specimen).with_context(|| format!("golden file `{shown}`"))?;
        let mut differences = golden.compare(&answers);
        let blessed = self.bless && !differences.is_empty();
        if blessed {
            std::fs::write(file, golden.with(&answers)?)
                .with_context(|| format!("golden file `{shown}` cannot be written"))?;
            differences.clear();
        }
        Ok(Outcome { file: shown, answers: answers.len(), blessed, differences })
    }
}

/// The golden files at a path, sorted by name.
fn golden_files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let none = || {
        format!(
            "no golden files in `{}`; hint: put a batch of tasks there, as in docs/plugin-guide.md, and let `--bless` write what is expected",
            path.display()
        )
    };
    let entries = std::fs::read_dir(path).with_context(none)?;
    let mut files: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .with_context(none)?
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    if files.is_empty() {
        bail!(none());
    }
    Ok(files)
}

fn whole(outcomes: &[Outcome]) -> Value {
    let all = outcomes.iter().map(|outcome| {
        let differences = outcome.differences.iter().map(|difference| {
            let Difference { what, expected, got } = difference;
            json!({"what": what, "expected": expected, "got": got})
        });
        json!({
            "file": outcome.file,
            "answers": outcome.answers,
            "blessed": outcome.blessed,
            "differences": differences.collect::<Vec<_>>(),
        })
    });
    all.collect()
}

/// A line per file, with what differs below it, and how it went in all.
fn text(outcomes: &[Outcome]) -> String {
    let mut lines = Vec::new();
    for outcome in outcomes {
        let Outcome { file, answers, blessed, differences } = outcome;
        let mark = match (blessed, differences.is_empty()) {
            (true, _) => "blessed",
            (false, true) => "ok     ",
            (false, false) => "DIFFERS",
        };
        lines.push(format!("{mark}  {file}  {answers} answers"));
        for Difference { what, expected, got } in differences {
            lines.push(format!("         {what}"));
            lines.push(format!("           expected  {}", shown(expected.as_ref())));
            lines.push(format!("           got       {}", shown(got.as_ref())));
        }
    }
    let differ = outcomes.iter().filter(|outcome| !outcome.differences.is_empty()).count();
    lines.push(match differ {
        0 => format!("{} files, all as expected", outcomes.len()),
        some => format!(
            "{some} of {} files differ; hint: `--bless` makes what the plugin answers now what is expected",
            outcomes.len()
        )
        .replace("; hint: ", "\nhint: "),
    });
    lines.join("\n") + "\n"
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown_task_by_task_with_both_values() {
        let outcome = |file: &str, differences| Outcome {
            file: file.to_owned(),
            answers: 3,
            blessed: false,
            differences,
        };
        let outcomes = [
            outcome("golden/age.json", Vec::new()),
            outcome(
                "golden/levels.json",
                vec![
                    Difference {
                        what: "priority of `deep`".to_owned(),
                        expected: Some(json!(-7110)),
                        got: Some(json!(-7170)),
                    },
                    Difference {
                        what: "priority of `new`".to_owned(),
                        expected: None,
                        got: Some(json!(1)),
                    },
                ],
            ),
        ];
        insta::assert_snapshot!(text(&outcomes), @"
        ok       golden/age.json  3 answers
        DIFFERS  golden/levels.json  3 answers
                 priority of `deep`
                   expected  -7110
                   got       -7170
                 priority of `new`
                   expected  nothing
                   got       1
        1 of 2 files differ
        hint: `--bless` makes what the plugin answers now what is expected
        ");
    }
}
