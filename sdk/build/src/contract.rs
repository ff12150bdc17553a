//! The contract, as builders need it: on disk, and as the bindings of C.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use wit_bindgen_core::{Files, wit_parser::Resolve};

use crate::sdk;

/// The world of rankers.
pub(crate) const RANKER: &str = "ranker-plugin";

/// Writes the contract into a folder; where it is then.
pub(crate) fn write(work: &Path) -> Result<PathBuf> {
    let folder = work.join("wit");
    sdk::write(sdk::WIT, &folder)?;
    Ok(folder)
}

/// Writes the bindings of C for rankers into a folder that has the contract.
pub(crate) fn write_c(work: &Path) -> Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(write(work)?)?;
    let world = resolve.select_world(&[package], Some(RANKER))?;
    let mut files = Files::default();
    let mut generator = wit_bindgen_c::Opts::default().build();
    generator.generate(&mut resolve, world, &mut files)?;
    for (name, content) in files.iter() {
        let file = work.join(name);
        std::fs::write(&file, content)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// A component from a module whose object files say what its world is.
pub(crate) fn component(module: &[u8]) -> Result<Vec<u8>> {
    let encoder = wit_component::ComponentEncoder::default().validate(true).module(module);
    encoder.and_then(|mut encoder| encoder.encode()).context(
        "no component can be made of the module; hint: a ranker can only compute, so it may not call what needs a system, such as `printf` or `time`",
    )
}
