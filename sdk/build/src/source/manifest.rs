//! What the manifest of each language says of a plugin.

use std::{fs, io, path::Path};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::{Kind, Language};
use crate::contract;

/// The files by which a folder is known to hold a plugin.
pub(super) const FILES: [&str; 4] = ["Cargo.toml", "pyproject.toml", "package.json", "plugin.toml"];

/// Reads one of them.
pub(super) fn read(file: &str, text: &str, folder: &Path) -> Result<Manifest> {
    match file {
        "Cargo.toml" => rust(text),
        "pyproject.toml" => python(text),
        "package.json" => javascript(text),
        _ => plugin(text, folder),
    }
}

/// What a manifest says.
#[derive(Debug)]
pub(super) struct Manifest {
    pub(super) language: Language,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) kind: Kind,
    pub(super) uses: Vec<String>,
    pub(super) entry: Vec<String>,
}

fn rust(text: &str) -> Result<Manifest> {
    #[derive(Deserialize)]
    struct Cargo {
        package: Option<Package>,
    }
    #[derive(Deserialize)]
    struct Package {
        name: String,
        version: Option<Value>,
    }
    let Cargo { package } = toml::from_str(text)?;
    let package = package.context("it has no `[package]`; hint: build the folder of one plugin")?;
    // A version may be that of the workspace; the component knows it.
    let version = package.version.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
    let (language, name) = (Language::Rust, package.name);
    Ok(Manifest { language, name, version, kind: Kind::default(), uses: vec![], entry: vec![] })
}

fn python(text: &str) -> Result<Manifest> {
    #[derive(Deserialize)]
    struct Pyproject {
        project: Project,
        tool: Option<Tools>,
    }
    #[derive(Deserialize)]
    struct Project {
        name: String,
        version: String,
    }
    #[derive(Deserialize)]
    struct Tools {
        hinny: Option<Hinny>,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Hinny {
        ranker: Option<String>,
        scheduler: Option<String>,
        #[serde(default)]
        uses: Vec<String>,
    }
    let Pyproject { project: Project { name, version }, tool } = toml::from_str(text)?;
    let Some(Hinny { ranker, scheduler, uses }) = tool.and_then(|tool| tool.hinny) else {
        bail!(
            "it has no `[tool.hinny]`; hint: name the class there, `ranker = \"my_module:MyRanker\"`"
        )
    };
    let (kind, class) = match (ranker, scheduler) {
        (Some(class), None) => (Kind::Ranker, class),
        (None, Some(class)) => (Kind::Scheduler, class),
        _ => bail!(
            "`[tool.hinny]` names one class, as `ranker` or as `scheduler`: one folder is one plugin"
        ),
    };
    let entry = class_of(&class)
        .with_context(|| format!("`tool.hinny.{}` is not as expected", kind.as_str()))?;
    let uses = checked(kind, uses)?;
    Ok(Manifest { language: Language::Python, name, version, kind, uses, entry })
}

/// Module and class, of `module:Class`.
fn class_of(text: &str) -> Result<Vec<String>> {
    let is_name = |name: &str| {
        let is_letter = |c: char| c.is_alphanumeric() || c == '_';
        !name.is_empty() && name.chars().all(is_letter) && !name.starts_with(char::is_numeric)
    };
    let fits = |(module, class): &(&str, &str)| module.split('.').all(is_name) && is_name(class);
    let Some((module, class)) = text.split_once(':').filter(fits) else {
        bail!("it is `{text}`, expected `module:Class`")
    };
    Ok(vec![module.to_owned(), class.to_owned()])
}

fn javascript(text: &str) -> Result<Manifest> {
    #[derive(Deserialize)]
    struct Npm {
        name: String,
        version: String,
        main: Option<String>,
        #[serde(default)]
        hinny: Hinny,
    }
    #[derive(Deserialize, Default)]
    #[serde(deny_unknown_fields)]
    struct Hinny {
        #[serde(default)]
        kind: Kind,
        #[serde(default)]
        uses: Vec<String>,
    }
    let Npm { name, version, main, hinny: Hinny { kind, uses } } = serde_json::from_str(text)?;
    let main =
        main.context("it has no `main`; hint: name the file whose default export is the plugin")?;
    // The scope says whose package it is, not what the plugin is called.
    let name = name.rsplit('/').next().unwrap_or(&name).to_owned();
    let (language, uses) = (Language::JavaScript, checked(kind, uses)?);
    Ok(Manifest { language, name, version, kind, uses, entry: vec![main] })
}

/// Interfaces that there are, and only for those who get any.
fn checked(kind: Kind, uses: Vec<String>) -> Result<Vec<String>> {
    if kind == Kind::Ranker && !uses.is_empty() {
        bail!("`uses` is for scheduler plugins: a ranker can only compute");
    }
    if let Some(unknown) = uses.iter().find(|name| !contract::LENT.contains(&name.as_str())) {
        bail!("`uses` lists `{unknown}`, expected some of `{}`", contract::LENT.join("`, `"));
    }
    Ok(uses)
}

fn plugin(text: &str, folder: &Path) -> Result<Manifest> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Plugin {
        language: String,
        name: String,
        version: String,
        #[serde(default)]
        kind: Kind,
        #[serde(default)]
        sources: Vec<String>,
    }
    let Plugin { language, name, version, kind, sources } = toml::from_str(text)?;
    let language = match language.as_str() {
        "c" => Language::C,
        "go" => Language::Go,
        "assemblyscript" => Language::AssemblyScript,
        other => bail!(
            "`language` is `{other}`, expected `c`, `go` or `assemblyscript`: other languages have manifests of their own"
        ),
    };
    if language != Language::C && kind == Kind::Scheduler {
        bail!("there are no scheduler plugins in {language} yet; hint: see the plugin guide");
    }
    let entry = match language {
        Language::Go => vec![go_module(folder)?],
        _ if !sources.is_empty() => sources,
        Language::AssemblyScript => vec!["ranker.ts".to_owned()],
        _ => c_files(folder)?,
    };
    if entry.is_empty() {
        bail!("there is no file `*.c` beside it");
    }
    Ok(Manifest { language, name, version, kind, uses: Vec::new(), entry })
}

/// The module that `go.mod` names.
fn go_module(folder: &Path) -> Result<String> {
    let text = fs::read_to_string(folder.join("go.mod"))
        .context("there is no `go.mod` beside it; hint: `go mod init`")?;
    let module = text.lines().find_map(|line| line.strip_prefix("module "));
    let module = module.and_then(|rest| rest.split_whitespace().next());
    Ok(module.context("`go.mod` names no module")?.to_owned())
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
