//! AssemblyScript: the plugin, the SDK and what stands between it and the wire, as one module whose
//! exports get the names of the contract.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};
use wasm_encoder::{ExportKind, ExportSection, Module, RawSection};
use wasmparser::{ExternalKind, Parser, Payload};

use crate::{contract, sdk, sh, source::Source, tool::ASSEMBLYSCRIPT};

/// The folder of a copy of the SDK that a plugin has.
const PACKAGE: &str = "hinny-plugin";

/// The module that the contract is met by; its name is one that no plugin has.
const ENTRY: &str = "hinny_entry";

/// Builds the plugin of a folder in another.
pub(crate) fn build(source: &Source, work: &Path) -> Result<Vec<u8>> {
    let program = work.join("program");
    write_program(source, &program)?;
    let module = work.join("module.wasm");
    let mut compiler = ASSEMBLYSCRIPT.command()?;
    compiler.arg(format!("{ENTRY}.ts")).args(["-O3", "--runtime", "minimal", "--use"]);
    // Otherwise it is imported, to tell on a console that there is not.
    compiler.arg(format!("abort={ENTRY}/hinny_abort")).arg("-o").arg(&module);
    sh::output(compiler.current_dir(&program)).context("the plugin does not build")?;
    let module = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    let (resolve, world) = contract::resolve(source.kind, work)?;
    let mut module = renamed(&module)?;
    let encoding = wit_component::StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding)?;
    contract::component(&module)
}

/// Copies the sources beside the SDK and the entry: the compiler looks for modules below one folder.
fn write_program(source: &Source, program: &Path) -> Result<()> {
    let [main] = &source.entry[..] else { bail!("`sources` lists one file, the ranker's") };
    let Some(main) = main.strip_suffix(".ts") else { bail!("`{main}` is no file `*.ts`") };
    for (name, text) in sdk::files("sdk/assemblyscript") {
        if name == "index.ts" {
            sdk::write_file(&program.join(PACKAGE).join(name), text)?;
        }
    }
    let entry = sdk::file("sdk/assemblyscript/_build/export.ts")?;
    let entry = entry.replace("{{main}}", main).replace("{{name}}", &source.name);
    let entry = entry.replace("{{version}}", &source.version);
    sdk::write_file(&program.join(ENTRY).with_extension("ts"), &entry)?;
    copy_sources(&source.folder, program)
}

/// Copies `*.ts` and the folders that have any; the plugin's own copy of the SDK counts.
fn copy_sources(from: &Path, to: &Path) -> Result<()> {
    const MADE: [&str; 2] = ["dist", "node_modules"];
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name()))?;
        let target = to.join(&name);
        let name = name.to_string_lossy();
        if path.is_dir() && !MADE.contains(&name.as_ref()) && !name.starts_with('.') {
            copy_sources(&path, &target)?;
        } else if name.ends_with(".ts") {
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            sdk::write_file(&target, &text)?;
        }
    }
    Ok(())
}

/// The module with exports as the contract calls them: the language has no such names.
fn renamed(module: &[u8]) -> Result<Vec<u8>> {
    const FUNCTIONS: [&str; 4] = ["configure", "describe", "rank", "explain"];
    let (package, version) = contract::package()?.split_once('@').unwrap_or_default();
    let mut made = Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.context("the compiler made no WebAssembly")?;
        if let Payload::ExportSection(exports) = payload {
            let mut section = ExportSection::new();
            for export in exports {
                let export = export?;
                let kind = match export.kind {
                    ExternalKind::Memory => ExportKind::Memory,
                    ExternalKind::Func => ExportKind::Func,
                    _ => continue,
                };
                let (begin, function) = match export.name.strip_prefix("post_") {
                    Some(function) => ("cabi_post_", function),
                    None => ("", export.name),
                };
                let name = if FUNCTIONS.contains(&function) {
                    format!("{begin}{package}/ranker@{version}#{function}")
                } else {
                    export.name.to_owned()
                };
                section.export(&name, kind, export.index);
            }
            made.section(&section);
        } else if let Some((id, range)) = payload.as_section() {
            let data = module.get(range).context("a section is within its module")?;
            made.section(&RawSection { id, data });
        }
    }
    Ok(made.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_get_the_names_of_the_contract_and_what_is_no_export_stays() {
        let module = wat::parse_str(
            "(module (memory (export \"memory\") 1) (global (export \"g\") i32 (i32.const 1))
             (func (export \"rank\") (result i32) (i32.const 7)) (func (export \"other\"))
             (func (export \"post_rank\") (param i32)))",
        );
        let made = renamed(&module.unwrap()).unwrap();
        let mut names = Vec::new();
        for payload in Parser::new(0).parse_all(&made) {
            if let Payload::ExportSection(exports) = payload.unwrap() {
                names.extend(exports.into_iter().map(|export| export.unwrap().name.to_owned()));
            }
        }
        let (_, version) = contract::package().unwrap().split_once('@').unwrap();
        let rank = format!("hinny:plugin/ranker@{version}#rank");
        assert_eq!(names, ["memory", &rank, "other", &format!("cabi_post_{rank}")]);
    }
}
