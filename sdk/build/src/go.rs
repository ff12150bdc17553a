//! Go: the plugin and the generated bindings as one module, without a system under it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use wit_bindgen_core::{
    Files,
    wit_parser::{Resolve, WorldId},
};

use crate::{contract, sdk, sh, source::Source, tool::GO};

/// What plugins import the SDK as, and the folder of a copy of their own.
const PACKAGE: &str = "hinny-plugin";

/// The files that stand between the bindings and the SDK, and where the bindings look for them.
const PARTS: [(&str, &str); 3] = [
    ("wit_types.go", "pkg/wit/types/types.go"),
    ("wit_runtime.go", "pkg/wit/runtime/runtime.go"),
    ("export_ranker.go", "export_hinny_plugin_ranker/export.go"),
];

/// Builds the plugin of a folder in another.
pub(crate) fn build(source: &Source, work: &Path) -> Result<Vec<u8>> {
    let program = work.join("program");
    let (resolve, world) = contract::resolve(source.kind, work)?;
    bindings(&mut resolve.clone(), world, &program)?;
    write_program(source, work, &program)?;
    let module = work.join("module.wasm");
    let mut go = command()?;
    go.current_dir(&program).env("GOOS", "wasip1").env("GOARCH", "wasm");
    // A library, not a program: nothing runs when it starts. Modules are where `go.mod` says.
    go.args(["build", "-buildmode=c-shared", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-o"]);
    sh::output(go.arg(&module).arg(".")).context("the plugin does not build")?;
    let mut module =
        fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        wit_component::StringEncoding::UTF8,
    )?;
    component(&module)
}

/// Go, with what it compiles once for all kept beside it.
pub fn command() -> Result<Command> {
    let mut go = GO.command()?;
    // Another version of Go may be named by a module, and is not fetched for that.
    go.env("GOCACHE", sh::cache_dir()?.join("go")).env("GOTOOLCHAIN", "local");
    Ok(go)
}

/// Writes the SDK without what only builders need.
pub(crate) fn write_sdk(to: &Path) -> Result<()> {
    let is_for_authors = |path: &str| {
        !path.starts_with("template/")
            && !path.starts_with("_build/")
            && !path.ends_with("_test.go")
    };
    let mut wanted = sdk::files("sdk/go").filter(|(path, _)| is_for_authors(path));
    wanted.try_for_each(|(path, text)| sdk::write_file(&to.join(path), text))
}

fn bindings(resolve: &mut Resolve, world: WorldId, to: &Path) -> Result<()> {
    let mut files = Files::default();
    let mut generator = wit_bindgen_go::Opts::default().build();
    generator.generate(resolve, world, &mut files)?;
    contract::write_generated(&files, to)
}

/// Writes what the bindings are compiled with.
fn write_program(source: &Source, work: &Path, program: &Path) -> Result<()> {
    let [module] = &source.entry[..] else { bail!("go.mod names no module") };
    for (from, to) in PARTS {
        let text = part(from)?.replace("wit_component/plugin", module);
        sdk::write_file(&program.join(to), &text)?;
    }
    let title = format!(
        "package export_hinny_plugin_ranker\n\nconst (\n\tname = {:?}\n\tversion = {:?}\n)\n",
        source.name, source.version
    );
    sdk::write_file(&program.join("export_hinny_plugin_ranker/title.go"), &title)?;
    sdk::write_file(
        &program.join("pkg/go.mod"),
        "module go.bytecodealliance.org/pkg\n\ngo 1.25\n",
    )?;
    let folder = std::path::absolute(&source.folder)?;
    // Sums of packages that the plugin depends on.
    let sums = fs::read_to_string(folder.join("go.sum")).unwrap_or_default();
    sdk::write_file(&program.join("go.sum"), &sums)?;
    let generated = program.join("go.mod");
    let written = fs::read_to_string(&generated)
        .with_context(|| format!("cannot read {}", generated.display()))?;
    // Between quotes, as a path may have spaces.
    let own = sdk_folder(&folder, work)?;
    let (own, folder) = (own.to_string_lossy(), folder.to_string_lossy());
    let modules = format!(
        "\nrequire (\n\t{PACKAGE} v0.0.0\n\t{module} v0.0.0\n)\n\nreplace (\n\t\
         go.bytecodealliance.org/pkg => ./pkg\n\t{PACKAGE} => {own:?}\n\t{module} => {folder:?}\n)\n"
    );
    sdk::write_file(&generated, &(written + &modules))
}

fn part(name: &str) -> Result<&'static str> {
    sdk::file(&format!("sdk/go/_build/{name}"))
}

/// The plugin's own copy of the SDK, or else the one of this program.
fn sdk_folder(folder: &Path, work: &Path) -> Result<PathBuf> {
    let own = folder.join(PACKAGE);
    if own.join("go.mod").is_file() {
        return Ok(own);
    }
    let to = work.join("sdk");
    write_sdk(&to)?;
    Ok(to)
}

/// A component of a module of Go. Its runtime asks a system for the time, for chance and for files:
/// what stands in for it says the same each time, and imports nothing.
fn component(module: &[u8]) -> Result<Vec<u8>> {
    let system = wat::parse_str(part("wasi.wat")?).context("`wasi.wat` is no WebAssembly")?;
    let encoder = wit_component::ComponentEncoder::default().validate(true).module(module);
    let with_system = encoder.and_then(|it| it.adapter("wasi_snapshot_preview1", &system));
    with_system.and_then(|mut encoder| encoder.encode()).context(
        "no component can be made of the module; hint: a plugin can only compute, so it may not call what needs a system, such as `net` or `os.ReadDir`",
    )
}
