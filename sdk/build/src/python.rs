//! Python: an interpreter, the SDK and the plugin, snapshotted after they are imported.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{
    contract, sdk, sh,
    source::{Kind, Source},
    tool::COMPONENTIZE_PY,
};

/// The module that the contract is met by; its name is one that no plugin has.
const ENTRY: &str = "hinny_plugin_entry";

/// Builds the plugin of a folder in another.
pub(crate) fn build(source: &Source, work: &Path) -> Result<Vec<u8>> {
    let (wit, world) = contract::write_own(source, work)?;
    let package = work.join("sdk");
    sdk::write("sdk/python/hinny_plugin", &package.join("hinny_plugin"))?;
    let entry = work.join("entry");
    sdk::write_file(&entry.join(ENTRY).with_extension("py"), &entry_module(source)?)?;
    let component = work.join("plugin.wasm");
    let mut tool = COMPONENTIZE_PY.command()?;
    tool.arg("--wit-path").arg(&wit).args(["--world", world]);
    tool.args(["componentize", ENTRY, "--stub-wasi", "--output"]).arg(&component);
    // The plugin's own copy of the SDK comes first, if it has one.
    for folder in [&entry, &source.folder.join("src"), &source.folder, &package] {
        if folder.is_dir() {
            tool.arg("--python-path").arg(std::path::absolute(folder)?);
        }
    }
    sh::output(tool.current_dir(work)).context("the plugin does not build")?;
    fs::read(&component).with_context(|| format!("cannot read {}", component.display()))
}

fn entry_module(source: &Source) -> Result<String> {
    let [module, class] = &source.entry[..] else { bail!("the class of the plugin is missing") };
    // JSON writes text as Python reads it.
    let (name, version) = (quoted(&source.name)?, quoted(&source.version)?);
    Ok(match source.kind {
        Kind::Ranker => format!(
            "from componentize_py_types import Err\n\
             from hinny_plugin.export import exported\n\
             from wit_world.exports import ranker as wire\n\
             from {module} import {class} as Plugin\n\n\
             Ranker = exported(Plugin, {name}, {version}, wire, Err)\n"
        ),
        Kind::Scheduler => format!(
            "from componentize_py_types import Err, Ok\n\
             from hinny_plugin.export_scheduler import exported\n\
             from wit_world.exports import scheduler as wire\n\
             {imports}\
             from {module} import {class} as Plugin\n\n\
             lent = {{{lent}}}\n\
             Scheduler = exported(Plugin, {name}, {version}, wire, (Ok, Err), lent)\n",
            imports = of_each(&source.uses, |name| {
                format!("from wit_world.imports import {name} as lent_{name}\n")
            }),
            lent = of_each(&source.uses, |name| format!("\"{name}\": lent_{name}, ")),
        ),
    })
}

fn of_each(uses: &[String], text: impl Fn(&String) -> String) -> String {
    uses.iter().map(text).collect()
}

fn quoted(text: &str) -> Result<String> {
    Ok(serde_json::to_string(text)?)
}
