//! What a folder holds: a plugin in some language, by the manifest that this language has anyway.

mod manifest;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use self::manifest::Manifest;

/// A language that plugins are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// Rust, by `Cargo.toml`.
    Rust,
    /// Python, by `pyproject.toml`.
    Python,
    /// JavaScript or TypeScript, by `package.json`.
    #[value(name = "javascript")]
    JavaScript,
    /// C, by `plugin.toml`.
    C,
    /// Go, by `plugin.toml` too: `go.mod` has no place for a name and a version.
    Go,
    /// AssemblyScript, by `plugin.toml` too.
    #[value(name = "assemblyscript")]
    AssemblyScript,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Rust, Self::Python, Self::JavaScript, Self::C, Self::Go, Self::AssemblyScript];

    /// The name that people write.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::C => "c",
            Self::Go => "go",
            Self::AssemblyScript => "assemblyscript",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "Rust",
            Self::Python => "Python",
            Self::JavaScript => "JavaScript",
            Self::C => "C",
            Self::Go => "Go",
            Self::AssemblyScript => "AssemblyScript",
        })
    }
}

/// What a plugin decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The order of tasks.
    #[default]
    Ranker,
    /// Which tasks there are.
    Scheduler,
}

impl Kind {
    /// The name that people write.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ranker => "ranker",
            Self::Scheduler => "scheduler",
        }
    }
}

/// A plugin's sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where they are.
    pub folder: PathBuf,
    /// What they are written in.
    pub language: Language,
    /// The plugin's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it decides. In Rust the sources say it themselves, and this says nothing.
    pub(crate) kind: Kind,
    /// The interfaces that the host lends it, where the language cannot tell by itself.
    pub(crate) uses: Vec<String>,
    /// Where it begins: `module:Class` in Python, a file in JavaScript, files in C.
    pub(crate) entry: Vec<String>,
}

impl Source {
    /// Looks what a folder holds.
    pub fn of(folder: &Path) -> Result<Self> {
        let is_there = |file: &&str| folder.join(file).is_file();
        let found: Vec<_> = manifest::FILES.into_iter().filter(is_there).collect();
        let [file] = found[..] else { bail!(not_one(folder, &found)) };
        let path = folder.join(file);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let Manifest { language, name, version, kind, uses, entry } =
            manifest::read(file, &text, folder)
                .with_context(|| format!("{} is not as expected", path.display()))?;
        let folder = folder.to_path_buf();
        Ok(Self { folder, language, name, version, kind, uses, entry })
    }

    /// Where its component is when nothing else is said: `dist/NAME.wasm` in the folder.
    pub fn place(&self) -> PathBuf {
        let dist =
            if self.folder == Path::new(".") { "dist".into() } else { self.folder.join("dist") };
        dist.join(&self.name).with_extension("wasm")
    }
}

fn not_one(folder: &Path, found: &[&str]) -> String {
    let names = |files: &[&str]| {
        let names = files.iter().map(|file| format!("`{file}`"));
        names.collect::<Vec<_>>().join(", ")
    };
    let folder = folder.display();
    if found.is_empty() {
        let all = names(&manifest::FILES);
        return format!(
            "no plugin in `{folder}`: there is none of {all}; hint: start one with `hinny plugin new NAME --lang python`"
        );
    }
    format!(
        "`{folder}` has {}: one folder is one plugin; hint: build a folder with one of them",
        names(found)
    )
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn found(files: &[(&str, &str)]) -> (Language, String, String, Vec<String>) {
        let folder = folder(files);
        let source = Source::of(folder.path()).unwrap();
        (source.language, source.name, source.version, source.entry)
    }

    fn refused(files: &[(&str, &str)]) -> String {
        format!("{:#}", Source::of(folder(files).path()).unwrap_err())
    }

    #[test]
    fn a_plugin_is_known_by_the_manifest_of_its_language() {
        let of = |language, entry: &[&str]| {
            let entry = entry.iter().map(|&entry| entry.to_owned()).collect();
            (language, "mine".to_owned(), "1.2.3".to_owned(), entry)
        };
        let cargo = "[package]\nname = \"mine\"\nversion = \"1.2.3\"";
        assert_eq!(found(&[("Cargo.toml", cargo)]), of(Language::Rust, &[]));
        let python =
            "[project]\nname = \"mine\"\nversion = \"1.2.3\"\n[tool.hinny]\nranker = \"a.b:C\"";
        assert_eq!(found(&[("pyproject.toml", python)]), of(Language::Python, &["a.b", "C"]));
        let npm = r#"{"name": "@acme/mine", "version": "1.2.3", "main": "a.ts"}"#;
        assert_eq!(found(&[("package.json", npm)]), of(Language::JavaScript, &["a.ts"]));
        let c = "language = \"c\"\nname = \"mine\"\nversion = \"1.2.3\"";
        let files = [("plugin.toml", c), ("b.c", ""), ("a.c", ""), ("a.h", "")];
        assert_eq!(found(&files), of(Language::C, &["a.c", "b.c"]));
        let go = "language = \"go\"\nname = \"mine\"\nversion = \"1.2.3\"";
        let files = [("plugin.toml", go), ("go.mod", "// mine\nmodule acme.example/mine // v1\n")];
        assert_eq!(found(&files), of(Language::Go, &["acme.example/mine"]));
    }

    #[test]
    fn a_folder_without_a_plugin_or_with_two_is_told_what_was_looked_for() {
        let none = refused(&[("README.md", "")]);
        assert!(none.contains("none of `Cargo.toml`, `pyproject.toml`, `package.json`"), "{none}");
        let two = refused(&[("Cargo.toml", ""), ("package.json", "{}")]);
        assert!(
            two.contains("has `Cargo.toml`, `package.json`: one folder is one plugin"),
            "{two}"
        );
    }

    #[test]
    fn what_a_manifest_lacks_is_named() {
        for (file, text, lacks) in [
            ("Cargo.toml", "[workspace]", "it has no `[package]`"),
            (
                "pyproject.toml",
                "[project]\nname = \"a\"\nversion = \"1\"",
                "it has no `[tool.hinny]`",
            ),
            (
                "pyproject.toml",
                "[project]\nname = \"a\"\nversion = \"1\"\n[tool.hinny]\nranker = \"a; import os:B\"",
                "expected `module:Class`",
            ),
            ("package.json", r#"{"name": "a", "version": "1"}"#, "it has no `main`"),
            (
                "package.json",
                r#"{"name": "a", "version": "1", "main": "a.js", "hinny": {"uses": ["log"]}}"#,
                "a ranker can only compute",
            ),
            (
                "pyproject.toml",
                "[project]\nname = \"a\"\nversion = \"1\"\n[tool.hinny]\nscheduler = \"a:B\"\nuses = [\"clock\"]",
                "`uses` lists `clock`, expected some of `log`",
            ),
            (
                "pyproject.toml",
                "[project]\nname = \"a\"\nversion = \"1\"\n[tool.hinny]\nscheduler = \"a:B\"\nranker = \"a:C\"",
                "one folder is one plugin",
            ),
            ("plugin.toml", "language = \"c\"\nname = \"a\"\nversion = \"1\"", "no file `*.c`"),
            (
                "plugin.toml",
                "language = \"zig\"\nname = \"a\"\nversion = \"1\"",
                "expected `c`, `go` or `assemblyscript`",
            ),
            ("plugin.toml", "language = \"go\"\nname = \"a\"\nversion = \"1\"", "no `go.mod`"),
            (
                "plugin.toml",
                "language = \"go\"\nkind = \"scheduler\"\nname = \"a\"\nversion = \"1\"",
                "there are no scheduler plugins in Go yet",
            ),
            ("plugin.toml", "title = 1", "unknown field `title`"),
        ] {
            let refused = refused(&[(file, text)]);
            assert!(refused.contains(lacks), "{refused}");
        }
    }
}
