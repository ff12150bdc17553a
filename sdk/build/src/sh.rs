//! What building needs of the system: running commands, a folder for what is kept, telling what
//! happens.

use std::{
    ffi::{OsStr, OsString},
    fmt, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail};

/// Where things are kept that are made once for all checkouts: `HINNY_CACHE`, or the usual place
/// for caches.
pub fn cache_dir() -> Result<PathBuf> {
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
#[expect(clippy::disallowed_methods, reason = "builds are started by people, not configured")]
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The cargo that runs this program, or else the installed one, so that toolchain and settings stay
/// the same.
pub fn cargo() -> Command {
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

/// Tells what is done now, under the name of the program that does it.
pub fn step(text: impl fmt::Display) {
    eprintln!("{}: {text}", program());
}

/// Tells why something failed: the error and its causes.
pub fn report(error: &anyhow::Error) {
    eprintln!("{}: error: {error:#}", program());
}

fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_default();
    let name = Path::new(&called).file_stem().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Runs a command, its output on the terminal.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed with {status}, see above", shown(command));
    }
    Ok(())
}

/// Runs a command and takes what it prints; its errors are told when it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        return Err(failed(command, &output));
    }
    String::from_utf8(output.stdout)
        .with_context(|| format!("`{}` printed something that is not text", shown(command)))
}

/// Runs a command quietly, but not longer than a limit. Its output goes into a file, so that a
/// full pipe cannot stop it.
pub fn output_within(command: &mut Command, limit: Duration, log: &Path) -> Result<()> {
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
pub fn has(program: &str) -> bool {
    let path = variable("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Removes a folder and what is in it, if there is one.
pub fn remove_folder(folder: &Path) -> Result<()> {
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
