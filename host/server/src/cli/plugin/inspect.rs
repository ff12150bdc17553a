//! `hinny plugin inspect`: what a plugin is, and what it can do.

use std::{fmt::Write as _, path::PathBuf};

use clap::Args;
use hinny_core::{PluginDigest, plugin::Verdict};
use hinny_plugins::Trust;
use serde_json::json;

use super::sign;
use crate::cli::output::{self, Format};

/// Show what a plugin is, and what it can do, without a host.
///
/// It is started as for a verdict, within the same limits, so that it can say its name.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Component file
    file: PathBuf,
    /// Configuration file, for `[plugins.limits]` and `[[plugins.trusted_keys]]`
    #[arg(short, long, value_name = "FILE", env = "HINNY_CONFIG")]
    config: Option<PathBuf>,
    /// How to show it
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    output: Format,
}

/// What an interface is for, by its name: nothing else can a plugin do beside computing.
const ABILITIES: &[(&str, &str)] = &[
    ("log", "write lines into the host's log, bounded and escaped"),
    ("tasks", "ask about the tasks of its scheduler"),
    ("state", "keep small values of its own"),
    ("schedules", "ask about the schedules of its scheduler, and plan them"),
    ("messages", "send messages to itself"),
    (
        "connector",
        "ask the services that `plugin_grants.connector` names; addresses and credentials stay in the host",
    ),
];

impl Inspect {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let component = super::read(&self.file)?;
        let digest = hinny_plugins::digest(&component);
        let host = super::offline(self.config)?;
        let verdict = hinny_plugins::verify(&host, &component, None)?;
        let trust = Trust::new(host.trusted_keys);
        let signed = sign::told(sign::status(&self.file, &trust)?.as_ref());
        let abilities = abilities(&verdict.imports);
        match self.output {
            Format::Json => output::json(&json!({
                "digest": digest.to_string(),
                "size": component.len(),
                "accepted": verdict.accepted,
                "about": about(&verdict),
                "imports": verdict.imports,
                "abilities": abilities,
                "signature": signed,
            }))?,
            Format::Table => {
                output::print(&text(&digest, component.len(), &signed, &verdict, &abilities))?;
            }
        }
        Ok(())
    }
}

/// What it says of itself; none when it does not get as far as that.
fn about(verdict: &Verdict) -> Option<&str> {
    let check = verdict.checks.iter().find(|check| check.name == "describe" && check.passed)?;
    Some(&check.detail)
}

/// What its imports let it do, for people.
fn abilities(imports: &[String]) -> Vec<String> {
    let ability = |import: &String| {
        let interface = import.rsplit('/').next().unwrap_or(import);
        let interface = interface.split('@').next().unwrap_or(interface);
        if interface == "types" {
            return None;
        }
        let known = ABILITIES.iter().find(|(name, _)| *name == interface);
        Some(known.map_or_else(
            || format!("`{import}`, which no host offers"),
            |(_, ability)| (*ability).to_owned(),
        ))
    };
    imports.iter().filter_map(ability).collect()
}

fn text(
    digest: &PluginDigest,
    size: usize,
    signed: &str,
    verdict: &Verdict,
    abilities: &[String],
) -> String {
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = writeln!(text, "{}", about(verdict).unwrap_or("it does not say what it is"));
    let _ = writeln!(text, "{digest}, {} kB, {signed}\n", size.div_ceil(1000));
    if abilities.is_empty() {
        text.push_str("It can compute, and nothing else: no files, no network, no clock, no memory of earlier calls.\n");
    } else {
        text.push_str("Beside computing it can, where a scheduler grants it:\n");
        for ability in abilities {
            let _ = writeln!(text, "  - {ability}");
        }
        text.push_str(
            "It cannot: open files or sockets, read the environment, or start anything.\n",
        );
    }
    if let Some(check) = verdict.failure() {
        let _ =
            writeln!(text, "\nA host would refuse it at check `{}`: {}", check.name, check.detail);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_told_as_what_they_let_a_plugin_do() {
        let imports =
            ["hinny:plugin/types@0.1.0", "hinny:plugin/log@0.1.1", "wasi:sockets/tcp@0.2.0"];
        let told = abilities(&imports.map(str::to_owned));
        assert_eq!(told, [ABILITIES[0].1, "`wasi:sockets/tcp@0.2.0`, which no host offers"]);
    }

    #[test]
    fn every_interface_that_is_offered_has_words() {
        let package = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let world = std::fs::read_to_string(package.join("worlds.wit")).unwrap();
        let imports = world.lines().filter_map(|line| line.trim().strip_prefix("import "));
        let mut seen = 0;
        for import in imports.map(|import| import.trim_end_matches(';')) {
            seen += 1;
            let known = ABILITIES.iter().any(|(name, _)| *name == import);
            assert!(known || import == "types", "{import}");
        }
        assert!(seen >= 6, "{seen}");
    }
}
