//! From object files to a component in one step, at link time.
//!
//! Rust toolchains carry `wasm-component-ld`, the linker of their WASI target. It runs `wasm-ld` and
//! wraps the module as its embedded WIT says. Used for `wasm32-unknown-unknown` it gives components
//! without any WASI, and saves a tool to install.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::sh;

/// The installed toolchain, as far as guests need it.
pub(super) struct Rust {
    /// Its folder.
    pub(super) sysroot: PathBuf,
    /// The machine that it is for.
    pub(super) host: String,
}

impl Rust {
    /// Asks the compiler that cargo would use in a folder.
    pub(super) fn installed(root: &Path) -> Result<Self> {
        let rustc = sh::variable("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut rustc = Command::new(rustc);
        rustc.current_dir(root).args(["--print", "sysroot", "--print", "host-tuple"]);
        let printed = sh::output(&mut rustc)?;
        let mut lines = printed.lines();
        let (Some(sysroot), Some(host)) = (lines.next(), lines.next()) else {
            bail!("`rustc --print sysroot --print host-tuple` printed `{printed}`");
        };
        Ok(Self { sysroot: PathBuf::from(sysroot), host: host.to_owned() })
    }

    /// Whether it can compile for a target.
    pub(super) fn has_target(&self, target: &str) -> bool {
        has_std(&self.sysroot, target)
    }

    /// The tools that come with it.
    fn tool(&self, name: &str) -> Result<PathBuf> {
        let folder = self.sysroot.join("lib/rustlib").join(&self.host).join("bin");
        let tool = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
        if tool.is_file() {
            return Ok(tool);
        }
        bail!(
            "{} is missing; hint: guests are linked with the `wasm-component-ld` and `wasm-ld` that \
             rustup's toolchains carry, install Rust from https://rustup.rs",
            tool.display()
        )
    }
}

/// Whether a sysroot has the standard library for a target.
pub(super) fn has_std(sysroot: &Path, target: &str) -> bool {
    let folder = sysroot.join("lib/rustlib").join(target).join("lib");
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

/// Has cargo link components. Flags that people set for their own builds are not for guests: the
/// digest of a component is its identity, so equal sources should give equal components, wherever
/// their root is.
pub(super) fn link_components(cargo: &mut Command, rust: &Rust, root: &Path) -> Result<()> {
    let linker = rust.tool("wasm-component-ld")?;
    let wasm_ld = rust.tool("gcc-ld/wasm-ld")?;
    let mut flags = vec![
        format!("-Clinker={}", linker.display()),
        format!("-Clink-arg=--wasm-ld-path={}", wasm_ld.display()),
        "-Clink-arg=--wasi-adapter=none".to_owned(),
        "--remap-path-scope=object,macro".to_owned(),
        format!("--remap-path-prefix={}=/hinny", root.display()),
    ];
    if let Some(home) = cargo_home() {
        flags.push(format!("--remap-path-prefix={}=/cargo", home.display()));
    }
    cargo.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    Ok(())
}

fn cargo_home() -> Option<PathBuf> {
    let default = || sh::variable("HOME").map(|home| Path::new(&home).join(".cargo"));
    sh::variable("CARGO_HOME").map(PathBuf::from).or_else(default)
}

/// Explains a missing linker before cargo does it in its own words.
pub(super) fn check(rust: &Rust) -> Result<()> {
    rust.tool("wasm-component-ld")
        .and_then(|_| rust.tool("gcc-ld/wasm-ld"))
        .map(|_| ())
        .context("the installed Rust cannot link components")
}
