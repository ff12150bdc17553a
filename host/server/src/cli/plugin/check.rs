//! `hinny plugin check`: the host's verdict on a plugin, without a host.

use std::path::PathBuf;

use clap::Args;
use hinny_core::plugin::Verdict;

use crate::cli::{
    failure::Refused,
    input::Input,
    output::{self, Format},
};

/// Give the host's verdict on a plugin, without a host.
///
/// The exit code is 0 when a host would take it, and 1 when it would not.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Component file
    file: PathBuf,
    /// Settings to try it with: a JSON object, @FILE, or - for standard input; without them, a
    /// plugin that needs some is checked as far as that goes
    #[arg(long, value_name = "JSON")]
    settings: Option<Input>,
    /// Configuration file, for the limits in `[plugins.limits]`
    #[arg(short, long, value_name = "FILE", env = "HINNY_CONFIG")]
    config: Option<PathBuf>,
    /// How to show the verdict
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

impl Check {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let component = super::read(&self.file)?;
        let settings = self.settings.as_ref().map(Input::json).transpose()?;
        let host = super::offline(self.config)?;
        let verdict = hinny_plugins::verify(&host, &component, settings.as_ref())?;
        match self.output {
            Format::Json => output::json(&serde_json::to_value(&verdict)?)?,
            Format::Table => output::print(&text(&self.file.display().to_string(), &verdict))?,
        }
        if verdict.accepted { Ok(()) } else { Err(Refused.into()) }
    }
}

/// A line per check, and the verdict.
fn text(file: &str, verdict: &Verdict) -> String {
    let width = verdict.checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
    let indent = " ".repeat(width + 8);
    let mut lines: Vec<String> = verdict
        .checks
        .iter()
        .map(|check| {
            let mark = if check.passed { "ok  " } else { "FAIL" };
            let detail =
                check.detail.replace("; hint: ", "\nhint: ").replace('\n', &format!("\n{indent}"));
            format!("{mark}  {:<width$}  {detail}", check.name).trim_end().to_owned()
        })
        .collect();
    let imports = match verdict.imports.as_slice() {
        [] => "imports nothing".to_owned(),
        imports => format!("imports {}", imports.join(", ")),
    };
    lines.push(match verdict.failure() {
        Some(check) => format!("refused: `{file}` fails check `{}`", check.name),
        None => format!("accepted: `{file}` {imports}; checked in {} ms", verdict.took_ms),
    });
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use hinny_core::plugin::Check;

    use super::*;

    #[test]
    fn a_refusal_shows_each_check_and_how_to_mend_the_last() {
        let check = |name: &str, passed, detail: &str| Check {
            name: name.to_owned(),
            passed,
            detail: detail.to_owned(),
        };
        let verdict = Verdict {
            accepted: false,
            checks: vec![
                check("size", true, "12 KiB"),
                check(
                    "imports",
                    false,
                    "imports `wasi:cli/stdout`; hint: build with WASI stubbed out",
                ),
            ],
            imports: vec![],
            took_ms: 3,
        };
        insta::assert_snapshot!(text("a.wasm", &verdict), @"
        ok    size     12 KiB
        FAIL  imports  imports `wasi:cli/stdout`
                       hint: build with WASI stubbed out
        refused: `a.wasm` fails check `imports`
        ");
    }
}
