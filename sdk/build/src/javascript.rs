//! JavaScript and TypeScript: one file from many, then an interpreter, snapshotted after it ran them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    contract, sdk, sh,
    source::{Kind, Source},
    tool::{COMPONENTIZE_QJS, ESBUILD},
};

/// What plugins import the SDK as, and the folder of a copy of their own.
const PACKAGE: &str = "hinny-plugin";

/// Builds the plugin of a folder in another.
pub(crate) fn build(source: &Source, work: &Path) -> Result<Vec<u8>> {
    let (wit, world) = contract::write_own(source, work)?;
    let (bundle, component) = (work.join("bundle.js"), work.join("plugin.wasm"));
    write_bundle(source, work, &bundle)?;
    let mut tool = COMPONENTIZE_QJS.command()?;
    tool.arg("--wit").arg(&wit).arg("--js").arg(&bundle).args(["--world", world]);
    tool.args(["--sync", "--stub-wasi", "--output"]).arg(&component);
    sh::output(tool.current_dir(work)).context("the plugin does not build")?;
    fs::read(&component).with_context(|| format!("cannot read {}", component.display()))
}

fn write_bundle(source: &Source, work: &Path, bundle: &Path) -> Result<()> {
    let entry = work.join("entry.js");
    sdk::write_file(&entry, &entry_module(source)?)?;
    let mut tool = ESBUILD.command()?;
    tool.arg(&entry).args(["--bundle", "--format=esm", "--platform=neutral", "--target=es2023"]);
    // What the host lends is there when the component is made.
    tool.args(["--main-fields=module,main", "--log-level=warning", "--external:hinny:*"]);
    tool.arg(format!("--alias:{PACKAGE}={}", sdk_folder(source, work)?.display()));
    tool.arg(format!("--outfile={}", bundle.display()));
    sh::output(tool.current_dir(work)).context("the plugin does not build")?;
    Ok(())
}

/// The plugin's own copy of the SDK, or else the one of this program.
fn sdk_folder(source: &Source, work: &Path) -> Result<PathBuf> {
    let own = source.folder.join(PACKAGE);
    if own.join("export.js").is_file() {
        return Ok(std::path::absolute(own)?);
    }
    let folder = work.join(PACKAGE);
    sdk::write("sdk/javascript", &folder)?;
    Ok(folder)
}

fn entry_module(source: &Source) -> Result<String> {
    let [main] = &source.entry[..] else { bail!("`main` is missing") };
    let main = std::path::absolute(source.folder.join(main))?;
    if !main.is_file() {
        bail!("there is no {}; hint: `main` of package.json names it", main.display());
    }
    let quoted = |text: &str| serde_json::to_string(text);
    let (main, name) = (quoted(&main.to_string_lossy())?, quoted(&source.name)?);
    let version = quoted(&source.version)?;
    Ok(match source.kind {
        Kind::Ranker => format!(
            "import {{ exported }} from \"{PACKAGE}/export\";\n\
             import plugin from {main};\n\
             export const ranker = exported(plugin, {name}, {version});\n"
        ),
        Kind::Scheduler => format!(
            "import {{ exported }} from \"{PACKAGE}/export-scheduler\";\n\
             import plugin from {main};\n\
             {imports}\
             export const scheduler = exported(plugin, {name}, {version}, {{ {lent} }});\n",
            imports = imports(&source.uses)?,
            lent = source.uses.join(", "),
        ),
    })
}

/// The interfaces of the host, each under its name.
fn imports(uses: &[String]) -> Result<String> {
    let (package, version) = contract::package()?.split_once('@').unwrap_or_default();
    let import = |name: &String| format!("import {name} from \"{package}/{name}@{version}\";\n");
    Ok(uses.iter().map(import).collect())
}
