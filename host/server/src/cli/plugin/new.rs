//! `hinny plugin new`: a new plugin from a template, in a folder of its own.

use std::path::PathBuf;

use clap::Args;
use hinny_build::{Kind, Language, PluginName};

use crate::cli::output;

/// Start a plugin: a folder that builds at once, with tests and a copy of the SDK
#[derive(Debug, Args)]
pub(crate) struct New {
    /// Its name: lower case, digits and hyphens
    name: PluginName,
    /// The language to write it in
    #[arg(long, value_enum, value_name = "LANGUAGE")]
    lang: Language,
    /// What it decides: the order of tasks, or which tasks there are
    #[arg(long, value_enum, default_value = "ranker")]
    kind: Kind,
    /// The folder to make, instead of one with its name
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,
}

impl New {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let folder = self.path.unwrap_or_else(|| PathBuf::from(self.name.as_str()));
        let (name, shown) = (self.name.to_string(), folder.display().to_string());
        let new =
            hinny_build::New { name: self.name, language: self.lang, kind: self.kind, folder };
        let test = new.write()?;
        let test = test.map(|test| format!("  {test}\n")).unwrap_or_default();
        output::print(&format!(
            "made {shown}; next:\n  cd {shown}\n{test}  hinny plugin build\n  hinny plugin check dist/{name}.wasm\n  hinny plugin test\n"
        ))?;
        Ok(())
    }
}
