//! What every chore needs: running commands, finding folders, telling what happens.

use std::{
    ffi::{OsStr, OsString},
    fmt, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};

/// The folder of the repository.
pub(crate) fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = here.parent().filter(|root| root.join("Cargo.toml").is_file());
    root.map(Path::to_path_buf).with_context(|| {
        format!("{} is gone; hint: run `cargo xtask` inside the repository", here.display())
    })
}

/// Where builds go: `CARGO_TARGET_DIR`, or `target/` in the repository.
pub(crate) fn target_dir() -> Result<PathBuf> {
    Ok(match variable("CARGO_TARGET_DIR") {
        Some(folder) => std::path::absolute(folder)?,
        None => root()?.join("target"),
    })
}

/// Where plugins are put that were built as components.
pub(crate) fn dist_dir() -> Result<PathBuf> {
    Ok(root()?.join("dist"))
}

/// Where things are kept that are made once for all checkouts: `HINNY_CACHE`, or the usual place
/// for caches.
pub(crate) fn cache_dir() -> Result<PathBuf> {
    let hinny = variable("HINNY_CACHE").map(PathBuf::from);
    let xdg = || variable("XDG_CACHE_HOME").map(|cache| Path::new(&cache).join("hinny"));
    let home = || variable("HOME").map(|home| Path::new(&home).join(".cache/hinny"));
    let folder = hinny
        .or_else(xdg)
        .or_else(home)
        .context("there is no HOME to keep a cache in; hint: set HINNY_CACHE to a folder")?;
    Ok(std::path::absolute(folder)?)
}

/// An environment variable that is set and not empty.
#[expect(clippy::disallowed_methods, reason = "chores are started by people, not configured")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The cargo that runs this chore, so that toolchain and settings stay the same.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(variable("CARGO").unwrap_or_else(|| "cargo".into()));
    // What cargo tells this program about itself. A build script may ask to run again when such a
    // variable changes (that of `ring` does), and all above it was built anew with each change
    // between `cargo build` and a chore.
    for (name, _) in std::env::vars_os().filter(|(name, _)| tells_of_package(name)) {
        cargo.env_remove(name);
    }
    cargo
}

fn tells_of_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix))
}

/// Tells what is done now.
pub(crate) fn step(text: impl fmt::Display) {
    eprintln!("xtask: {text}");
}

/// Tells how far something is, every now and then; the last time at the end.
pub(crate) fn progress(what: &str, done: u64, total: u64) {
    let tenth = |done: u64| done * 10 / total.max(1);
    if done == total || tenth(done) != tenth(done.saturating_sub(total / 20)) {
        eprintln!("xtask:   {done} of {total} {what}");
    }
}

/// Tells why a chore failed: the error and its causes.
pub(crate) fn report(error: &anyhow::Error) {
    eprintln!("xtask: error: {error:#}");
}

/// Runs a command, its output on the terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed with {status}, see above", shown(command));
    }
    Ok(())
}

/// Runs a command and takes what it prints; its errors are told when it fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        return Err(failed(command, &output));
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed something that is not text", shown(command)))
}

/// Runs a command quietly, but not longer than a limit. Its output goes into a file, so that a
/// full pipe cannot stop it.
pub(crate) fn output_within(command: &mut Command, limit: Duration, log: &Path) -> Result<()> {
    let file = fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    let mut child = command.spawn().with_context(|| cannot_start(command))?;
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("`{}` had no result within {} s", shown(command), limit.as_secs());
        }
        thread::sleep(Duration::from_millis(50));
    };
    if status.success() {
        return Ok(());
    }
    let output = Output { status, stdout: fs::read(log)?, stderr: Vec::new() };
    Err(failed(command, &output))
}

/// Whether a program is on the path.
pub(crate) fn has(program: &str) -> bool {
    let path = variable("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Removes a folder and what is in it, if there is one.
pub(crate) fn remove_folder(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// A command as one would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`", shown(command))
}

/// The last lines are where programs say what was wrong.
fn failed(command: &Command, output: &Output) -> anyhow::Error {
    const LINES_MAX: usize = 12;
    let text = [output.stderr.as_slice(), output.stdout.as_slice()].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let tail = lines.get(lines.len().saturating_sub(LINES_MAX)..).unwrap_or_default();
    anyhow!("`{}` failed with {}: {}", shown(command), output.status, tail.join("\n  "))
}
