//! C: the plugin, the SDK and the generated bindings, compiled and linked, then made a component.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    contract, sdk, sh,
    source::{Kind, Source},
    tool::ZIG,
};

/// The folder of a copy of the SDK that a plugin has.
const OWN: &str = "hinny";

/// The SDK's files for rankers.
const RANKER_FILES: &[&str] = &["hinny_plugin.c", "hinny_ranker.c"];

/// The SDK's files for scheduler plugins.
const SCHEDULER_FILES: &[&str] =
    &["hinny_plugin.c", "hinny_memory.c", "hinny_json.c", "hinny_identity.c", "hinny_scheduler.c"];

/// Names an installation of the WASI SDK, as its own documents have it.
const WASI_SDK: &str = "WASI_SDK_PATH";

/// Builds the plugin of a folder in another.
pub(crate) fn build(source: &Source, work: &Path) -> Result<Vec<u8>> {
    contract::write_c(source.kind, work)?;
    let sdk = sdk_folder(source, work)?;
    let module = work.join("module.wasm");
    let mut compiler = compiler()?;
    // A library, not a program: nothing runs when it starts. Of the C library only what is called is
    // linked, so nothing is imported.
    compiler.args(["--target=wasm32-wasi", "-mexec-model=reactor", "-O2", "-s", "-std=c17"]);
    compiler.args(["-Wall", "-Wextra"]);
    for folder in [&source.folder, &sdk, work] {
        compiler.arg("-I").arg(std::path::absolute(folder)?);
    }
    compiler.arg(format!("-DHINNY_NAME={:?}", source.name));
    compiler.arg(format!("-DHINNY_VERSION={:?}", source.version));
    for file in &source.entry {
        compiler.arg(std::path::absolute(source.folder.join(file))?);
    }
    let (sdk_files, bindings, of_kind) = match source.kind {
        Kind::Ranker => (RANKER_FILES, "ranker_plugin", "-DHINNY_RANKER"),
        Kind::Scheduler => (SCHEDULER_FILES, "scheduler_plugin", "-DHINNY_SCHEDULER"),
    };
    compiler.arg(of_kind);
    compiler.args(sdk_files.iter().map(|file| sdk.join(file)));
    compiler.args([".c", "_component_type.o"].map(|end| work.join(format!("{bindings}{end}"))));
    compiler.arg("-o").arg(&module);
    sh::run(compiler.current_dir(work)).context("the plugin does not build")?;
    let module = fs::read(&module).with_context(|| format!("cannot read {}", module.display()))?;
    contract::component(&module)
}

/// The compiler of the WASI SDK where there is one, else that of Zig.
fn compiler() -> Result<Command> {
    if let Some(installed) = sh::variable(WASI_SDK) {
        let clang = Path::new(&installed).join("bin/clang");
        sh::step(format_args!("clang: {}, of {WASI_SDK}", clang.display()));
        return Ok(Command::new(clang));
    }
    let mut zig = ZIG.command()?;
    // What it compiles once for all, such as the C library, is kept beside it.
    let cache = sh::cache_dir()?.join("zig");
    zig.env("ZIG_GLOBAL_CACHE_DIR", &cache).env("ZIG_LOCAL_CACHE_DIR", &cache);
    zig.arg("cc");
    Ok(zig)
}

/// The plugin's own copy of the SDK, or else the one of this program.
fn sdk_folder(source: &Source, work: &Path) -> Result<PathBuf> {
    let own = source.folder.join(OWN);
    if own.join("hinny_plugin.c").is_file() {
        return Ok(std::path::absolute(own)?);
    }
    let folder = work.join("sdk");
    sdk::write("sdk/c", &folder)?;
    Ok(folder)
}
