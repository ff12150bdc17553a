//! `hinny plugin build`: from sources in any language to a component.

use std::{path::PathBuf, time::Instant};

use clap::Args;

use crate::cli::output;

/// Build the plugin in a folder as a component
///
/// The language is told by the manifest that is there: `Cargo.toml`, `pyproject.toml` with a
/// `[tool.hinny]`, `package.json`, or `plugin.toml` for C. Tools that are not installed are fetched
/// once, into the cache (`HINNY_CACHE`, or the usual place for caches).
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Folder of the plugin
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Where the component goes, instead of `dist/NAME.wasm` in the folder
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Build {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let started = Instant::now();
        let built = hinny_build::build(&self.folder)?;
        let file = self.file.unwrap_or_else(|| built.place());
        built.write(&file)?;
        let kilobytes = built.component.len().div_ceil(1000);
        let seconds = started.elapsed().as_secs_f32();
        let (file, language) = (file.display(), built.source.language);
        output::print(&format!(
            "built {file} from {language}: {kilobytes} kB, in {seconds:.1} s\n"
        ))?;
        Ok(())
    }
}
