//! The contract, as builders need it: on disk, and as the bindings of C.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use wit_bindgen_core::{
    Files,
    wit_parser::{Resolve, WorldId},
};

use crate::{
    sdk,
    source::{Kind, Source},
};

/// What the host lends scheduler plugins, interface by interface.
pub(crate) const LENT: [&str; 6] = ["log", "tasks", "state", "schedules", "messages", "connector"];

/// The world of plugins of a kind.
fn world(kind: Kind) -> &'static str {
    match kind {
        Kind::Ranker => "ranker-plugin",
        Kind::Scheduler => "scheduler-plugin",
    }
}

/// Writes the contract into a folder; where it is then.
pub(crate) fn write(work: &Path) -> Result<PathBuf> {
    let folder = work.join("wit");
    sdk::write(sdk::WIT, &folder)?;
    Ok(folder)
}

/// The name and version of the contract's package, such as `hinny:plugin@0.1.1`.
pub(crate) fn package() -> Result<&'static str> {
    let types = sdk::file("wit/types.wit")?;
    let named = types.lines().find_map(|line| line.strip_prefix("package ")?.strip_suffix(';'));
    named.context("the contract has no name")
}

/// Writes the contract with a world of one plugin's own: builders that cannot tell what is used
/// import a whole world, and an import that is not granted refuses a plugin. The folder, and the
/// name of the world.
pub(crate) fn write_own(source: &Source, work: &Path) -> Result<(PathBuf, &'static str)> {
    const OWN: &str = "own-plugin";
    let folder = write(work)?;
    let mut text = format!("package {};\n\nworld {OWN} {{\n", package()?);
    for name in &source.uses {
        writeln!(text, "  import {name};")?;
    }
    writeln!(text, "  export {};\n}}", source.kind.as_str())?;
    sdk::write_file(&folder.join("own.wit"), &text)?;
    Ok((folder, OWN))
}

/// The contract as generators of bindings read it, with the world of plugins of a kind; it is
/// written into a folder on the way.
pub(crate) fn resolve(kind: Kind, work: &Path) -> Result<(Resolve, WorldId)> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(write(work)?)?;
    let world = resolve.select_world(&[package], Some(world(kind)))?;
    Ok((resolve, world))
}

/// Writes the bindings of C for plugins of a kind into a folder that has the contract.
pub(crate) fn write_c(kind: Kind, work: &Path) -> Result<()> {
    let (mut resolve, world) = resolve(kind, work)?;
    let mut files = Files::default();
    let mut generator = wit_bindgen_c::Opts::default().build();
    generator.generate(&mut resolve, world, &mut files)?;
    write_generated(&files, work)
}

/// Writes what a generator of bindings made into a folder.
pub(crate) fn write_generated(files: &Files, to: &Path) -> Result<()> {
    files.iter().try_for_each(|(name, content)| sdk::write_file(&to.join(name), content))
}

/// A component from a module whose object files say what its world is.
pub(crate) fn component(module: &[u8]) -> Result<Vec<u8>> {
    let encoder = wit_component::ComponentEncoder::default().validate(true).module(module);
    encoder.and_then(|mut encoder| encoder.encode()).context(
        "no component can be made of the module; hint: a plugin can only compute, so it may not call what needs a system, such as `printf` or `time`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;

    #[test]
    fn a_plugin_has_a_world_of_its_own_with_what_it_uses_and_nothing_else() {
        let work = tempfile::tempdir().unwrap();
        let source = Source {
            folder: "mine".into(),
            language: Language::Python,
            name: "mine".to_owned(),
            version: "0.1.0".to_owned(),
            kind: Kind::Scheduler,
            uses: vec!["state".to_owned(), "connector".to_owned()],
            entry: Vec::new(),
        };
        let (folder, world) = write_own(&source, work.path()).unwrap();
        let mut resolve = Resolve::default();
        let (package, _) = resolve.push_dir(&folder).unwrap();
        let world = &resolve.worlds[resolve.select_world(&[package], Some(world)).unwrap()];
        let named = |keys: Vec<_>| {
            let names = keys.into_iter().map(|key| resolve.name_world_key(key));
            names.map(|name| name.split('@').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let types = "hinny:plugin/types";
        let lent = ["hinny:plugin/state", types, "hinny:plugin/connector"];
        let mut imports = named(world.imports.keys().collect());
        let mut expected = lent.map(str::to_owned).to_vec();
        imports.sort();
        expected.sort();
        assert_eq!(imports, expected);
        assert_eq!(named(world.exports.keys().collect()), ["hinny:plugin/scheduler"]);
    }

    #[test]
    fn the_package_has_a_version() {
        assert!(package().unwrap().starts_with("hinny:plugin@"));
    }
}
