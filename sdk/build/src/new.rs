//! A new plugin from a template: a folder that builds at once, with a copy of the SDK in it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::{
    go,
    name::PluginName,
    sdk,
    source::{Kind, Language},
};

/// A plugin to be.
#[derive(Debug, Clone)]
pub struct New {
    /// Its name.
    pub name: PluginName,
    /// What it is written in.
    pub language: Language,
    /// What it decides.
    pub kind: Kind,
    /// The folder to make.
    pub folder: PathBuf,
}

/// The SDK of Rust and the workspace that it belongs to, as they stand to each other.
const RUST_SDK: [&str; 2] = ["sdk/rust", "wit"];

/// The folder of the SDK's copy, in Rust and C.
const COPY: &str = "hinny";

impl New {
    /// Writes it, and says which command tests it, if it has native tests.
    pub fn write(&self) -> Result<Option<&'static str>> {
        if self.language != Language::Rust && sdk::files(&self.templates()).next().is_none() {
            bail!(
                "there is no template for a {} plugin in {}; hint: `--lang rust`",
                self.kind.as_str(),
                self.language
            );
        }
        make_folder(&self.folder)?;
        match self.language {
            Language::Rust => self.rust()?,
            Language::Python => {
                self.template()?;
                sdk::write("sdk/python/hinny_plugin", &self.folder.join("hinny_plugin"))?;
            }
            Language::JavaScript => {
                self.template()?;
                sdk::write("sdk/javascript", &self.folder.join("hinny-plugin"))?;
            }
            Language::C => {
                self.template()?;
                sdk::write("sdk/c", &self.folder.join(COPY))?;
            }
            Language::Go => {
                self.template()?;
                go::write_sdk(&self.folder.join("hinny-plugin"))?;
            }
            Language::AssemblyScript => {
                self.template()?;
                let sdk = sdk::file("sdk/assemblyscript/index.ts")?;
                sdk::write_file(&self.folder.join("hinny-plugin/index.ts"), sdk)?;
            }
        }
        Ok(match self.language {
            Language::Rust => Some("cargo test"),
            Language::Python => Some("python3 -m unittest"),
            Language::JavaScript => Some("npm install && npm test"),
            Language::C | Language::AssemblyScript => None,
            Language::Go => Some("go test"),
        })
    }

    fn templates(&self) -> String {
        format!("sdk/{}/template/{}", self.language.as_str(), self.kind.as_str())
    }

    fn template(&self) -> Result<()> {
        for (path, text) in sdk::files(&self.templates()) {
            // Under its own name it would hide files of the repository from git.
            let path = if path == "gitignore" { ".gitignore" } else { path };
            sdk::write_file(&self.folder.join(path), self.filled(text))?;
        }
        Ok(())
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{{name}}", self.name.as_str())
    }

    fn rust(&self) -> Result<()> {
        let lock = sdk::file("plugins/Cargo.lock")?;
        self.name.check_free(lock)?;
        let (of_kind, golden, dependencies) = match self.kind {
            Kind::Ranker => ("ranker", "levels", RANKER_DEPENDENCIES),
            Kind::Scheduler => ("scheduler", "hosts", SCHEDULER_DEPENDENCIES),
        };
        let template = |file: &str| sdk::file(&format!("sdk/templates/{file}"));
        let component = format!("dist/{}.wasm", self.name.as_str());
        let fill = |text: &str| {
            self.filled(text)
                .replace("# {{dependencies}}", dependencies)
                .replace("{{test}}", "cargo test            # natively, in a moment")
                .replace("{{build}}", &format!("hinny plugin build    # {component}"))
                .replace("{{component}}", &component)
        };
        let write = |file: &str, text: &str| sdk::write_file(&self.folder.join(file), text);
        let manifest = fill(template("standalone.toml")?)
            .replace("[workspace]\n", &format!("[workspace]\nexclude = [\"{COPY}\"]\n"));
        write("Cargo.toml", &manifest)?;
        // The versions that the SDK was tested with.
        write("Cargo.lock", lock)?;
        write("README.md", &fill(template(&format!("{of_kind}.md"))?))?;
        write("src/lib.rs", template(&format!("{of_kind}.rs"))?)?;
        write(&format!("golden/{golden}.json"), template(&format!("{of_kind}.json"))?)?;
        write(".gitignore", "dist/\ntarget/\n")?;
        let copy = self.folder.join(COPY);
        RUST_SDK.iter().try_for_each(|part| sdk::write(part, &copy.join(part)))?;
        sdk::write_file(&copy.join("plugins/Cargo.toml"), &sdk_workspace()?)
    }
}

/// What a ranker is built with.
const RANKER_DEPENDENCIES: &str = "hinny-plugin = { path = \"hinny/sdk/rust\" }

[dev-dependencies]
serde_json = { version = \"1.0\", default-features = false, features = [\"alloc\"] }";

/// What a scheduler plugin is built with.
const SCHEDULER_DEPENDENCIES: &str =
    "hinny-plugin = { path = \"hinny/sdk/rust\", features = [\"json\"] }
serde = { version = \"1.0\", default-features = false, features = [\"alloc\", \"derive\"] }
serde_json = { version = \"1.0\", default-features = false, features = [\"alloc\"] }";

/// The workspace of the guests, without those that are not in the copy.
fn sdk_workspace() -> Result<String> {
    let of_sdk = |line: &&str| {
        let line = line.trim();
        !line.starts_with('"') || line.starts_with("\"../sdk/")
    };
    let lines = sdk::file("plugins/Cargo.toml")?.lines().filter(of_sdk);
    Ok(lines.fold(String::new(), |text, line| text + line + "\n"))
}

/// Makes a folder that must not be there yet.
fn make_folder(folder: &Path) -> Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    }
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} is there already; hint: choose another name, or `--path`", folder.display())
        }
        made => made.with_context(|| format!("cannot make {}", folder.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Source;

    fn new(language: Language, kind: Kind, folder: &Path) -> New {
        New { name: "rank-mine".parse().unwrap(), language, kind, folder: folder.to_owned() }
    }

    #[test]
    fn a_new_plugin_is_one_that_can_be_built_and_nothing_is_left_to_fill_in() {
        let scratch = tempfile::tempdir().unwrap();
        let all =
            Language::ALL.map(|language| [(language, Kind::Ranker), (language, Kind::Scheduler)]);
        for (language, kind) in all.into_iter().flatten() {
            let for_rankers = [Language::Go, Language::AssemblyScript];
            if kind == Kind::Scheduler && for_rankers.contains(&language) {
                continue;
            }
            let folder = scratch.path().join(format!("{}-{}", language.as_str(), kind.as_str()));
            new(language, kind, &folder).write().unwrap();
            let source = Source::of(&folder).unwrap();
            assert_eq!((source.language, source.name.as_str()), (language, "rank-mine"));
            assert!(language == Language::Rust || source.kind == kind, "{language}");
            assert_eq!(source.version, "0.1.0");
            for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
                let text = fs::read_to_string(&file).unwrap_or_default();
                assert!(!text.contains("{{"), "{}", file.display());
            }
            assert!(folder.join(".gitignore").is_file(), "{language}");
            let golden = if kind == Kind::Ranker { "levels" } else { "hosts" };
            assert!(folder.join(format!("golden/{golden}.json")).is_file(), "{language}");
        }
    }

    #[test]
    fn the_copy_of_the_rust_sdk_is_a_workspace_of_its_own() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("mine");
        new(Language::Rust, Kind::Scheduler, &folder).write().unwrap();
        let workspace = fs::read_to_string(folder.join("hinny/plugins/Cargo.toml")).unwrap();
        assert!(workspace.contains("\"../sdk/rust/derive\"") && !workspace.contains("\"*\""));
        assert!(folder.join("hinny/wit/ranker.wit").is_file());
    }

    #[test]
    fn what_is_there_already_is_never_overwritten() {
        let scratch = tempfile::tempdir().unwrap();
        let refused = new(Language::C, Kind::Ranker, scratch.path()).write().unwrap_err();
        assert!(refused.to_string().contains("is there already"), "{refused}");
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 0);
    }
    #[test]
    fn a_kind_without_a_template_is_refused_before_anything_is_written() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("mine");
        let refused = new(Language::Go, Kind::Scheduler, &folder).write().unwrap_err();
        assert!(
            refused.to_string().contains("scheduler plugin in Go; hint: `--lang rust`"),
            "{refused}"
        );
        assert!(!folder.exists());
    }
}
