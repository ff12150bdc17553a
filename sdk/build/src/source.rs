//! What a folder holds: a plugin in some language, by the manifest that this language has anyway.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

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
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rust, Self::Python, Self::JavaScript, Self::C];

    /// The name that people write.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Python => "python",
            Self::JavaScript => "javascript",
            Self::C => "c",
        }
    }

    /// The file by which a folder is known to hold such a plugin.
    fn manifest(self) -> &'static str {
        match self {
            Self::Rust => "Cargo.toml",
            Self::Python => "pyproject.toml",
            Self::JavaScript => "package.json",
            Self::C => "plugin.toml",
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
        })
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
    /// Where it begins: `module:Class` in Python, a file in JavaScript, files in C.
    pub(crate) entry: Vec<String>,
}

impl Source {
    /// Looks what a folder holds.
    pub fn of(folder: &Path) -> Result<Self> {
        let has = |language: &Language| folder.join(language.manifest()).is_file();
        let found: Vec<_> = Language::ALL.into_iter().filter(has).collect();
        let [language] = found[..] else { bail!(not_one(folder, &found)) };
        let manifest = folder.join(language.manifest());
        let text = fs::read_to_string(&manifest)
            .with_context(|| format!("cannot read {}", manifest.display()))?;
        let read = match language {
            Language::Rust => rust(&text),
            Language::Python => python(&text),
            Language::JavaScript => javascript(&text),
            Language::C => c(&text, folder),
        };
        let (name, version, entry) =
            read.with_context(|| format!("{} is not as expected", manifest.display()))?;
        Ok(Self { folder: folder.to_path_buf(), language, name, version, entry })
    }
}

fn not_one(folder: &Path, found: &[Language]) -> String {
    let names = |languages: &[Language]| {
        let names = languages.iter().map(|language| format!("`{}`", language.manifest()));
        names.collect::<Vec<_>>().join(", ")
    };
    let folder = folder.display();
    if found.is_empty() {
        let all = names(&Language::ALL);
        return format!(
            "no plugin in `{folder}`: there is none of {all}; hint: start one with `hinny plugin new NAME --lang python`"
        );
    }
    format!(
        "`{folder}` has {}: one folder is one plugin; hint: build a folder with one of them",
        names(found)
    )
}

/// Name, version and where it begins.
type Manifest = (String, String, Vec<String>);

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<Value>,
}

fn rust(text: &str) -> Result<Manifest> {
    #[derive(Deserialize)]
    struct Cargo {
        package: Option<Package>,
    }
    let Cargo { package } = toml::from_str(text)?;
    let package = package.context("it has no `[package]`; hint: build the folder of one plugin")?;
    // A version may be that of the workspace; the component knows it.
    let version = package.version.as_ref().and_then(Value::as_str).unwrap_or_default();
    Ok((package.name, version.to_owned(), Vec::new()))
}

fn python(text: &str) -> Result<Manifest> {
    #[derive(Deserialize)]
    struct Project {
        project: Titled,
        tool: Option<Tools>,
    }
    #[derive(Deserialize)]
    struct Tools {
        hinny: Option<Hinny>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Hinny {
        ranker: String,
    }
    let Project { project, tool } = toml::from_str(text)?;
    let Some(Hinny { ranker }) = tool.and_then(|tool| tool.hinny) else {
        bail!(
            "it has no `[tool.hinny]`; hint: name the class there, `ranker = \"my_module:MyRanker\"`"
        )
    };
    let is_name = |name: &str| {
        let is_letter = |c: char| c.is_alphanumeric() || c == '_';
        !name.is_empty() && name.chars().all(is_letter) && !name.starts_with(char::is_numeric)
    };
    let fits = |(module, class): &(&str, &str)| module.split('.').all(is_name) && is_name(class);
    let Some((module, class)) = ranker.split_once(':').filter(fits) else {
        bail!("`tool.hinny.ranker` is `{ranker}`, expected `module:Class`")
    };
    Ok((project.name, project.version, vec![module.to_owned(), class.to_owned()]))
}

#[derive(Deserialize)]
struct Titled {
    name: String,
    version: String,
}

fn javascript(text: &str) -> Result<Manifest> {
    #[derive(Deserialize)]
    struct Npm {
        name: String,
        version: String,
        main: Option<String>,
    }
    let Npm { name, version, main } = serde_json::from_str(text)?;
    let main =
        main.context("it has no `main`; hint: name the file whose default export is the ranker")?;
    // The scope says whose package it is, not what the plugin is called.
    let name = name.rsplit('/').next().unwrap_or(&name).to_owned();
    Ok((name, version, vec![main]))
}

fn c(text: &str, folder: &Path) -> Result<Manifest> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Plugin {
        language: String,
        name: String,
        version: String,
        #[serde(default)]
        sources: Vec<String>,
    }
    let Plugin { language, name, version, sources } = toml::from_str(text)?;
    if language != "c" {
        bail!(
            "`language` is `{language}`, expected `c`: other languages have manifests of their own"
        );
    }
    let sources = if sources.is_empty() { c_files(folder)? } else { sources };
    if sources.is_empty() {
        bail!("there is no file `*.c` beside it");
    }
    Ok((name, version, sources))
}

/// The C files right in a folder.
fn c_files(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if Path::new(&name).extension().is_some_and(|extension| extension == "c") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
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
            ("plugin.toml", "language = \"c\"\nname = \"a\"\nversion = \"1\"", "no file `*.c`"),
            ("plugin.toml", "language = \"go\"\nname = \"a\"\nversion = \"1\"", "expected `c`"),
            ("plugin.toml", "title = 1", "unknown field `title`"),
        ] {
            let refused = refused(&[(file, text)]);
            assert!(refused.contains(lacks), "{refused}");
        }
    }
}
