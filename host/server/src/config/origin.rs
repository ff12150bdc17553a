//! Where each value of a configuration comes from.

use std::{fmt, path::PathBuf};

use figment::{Figment, Metadata, value::Value};
use toml::{Spanned, de::DeValue};

use super::references::Referred;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the default.
    Default,
    /// A file.
    File {
        /// Which.
        path: PathBuf,
        /// The line, when it is known.
        line: Option<usize>,
    },
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("the defaults"),
            Self::File { path, line: None } => write!(f, "`{}`", path.display()),
            Self::File { path, line: Some(line) } => {
                write!(f, "`{}` line {line}", path.display())
            }
            Self::Environment(name) => write!(f, "environment variable `{name}`"),
            Self::Flag(name) => write!(f, "flag `{name}`"),
        }
    }
}

impl Origin {
    /// As it is written behind a value.
    pub(crate) fn note(&self) -> String {
        match self {
            Self::Default => "default".to_owned(),
            Self::File { path, line: None } => path.display().to_string(),
            Self::File { path, line: Some(line) } => format!("{}:{line}", path.display()),
            Self::Environment(name) | Self::Flag(name) => name.clone(),
        }
    }

    pub(super) fn metadata(&self) -> Metadata {
        match self {
            Self::Default => Metadata::named("default"),
            Self::File { path, .. } => Metadata::from("file", path.as_path()),
            Self::Environment(name) => Metadata::from("environment", name.as_str()),
            Self::Flag(name) => Metadata::from("flag", name.as_str()),
        }
    }

    fn from_metadata(metadata: &Metadata) -> Self {
        let source = metadata.source.as_ref();
        let custom = || source.and_then(|source| source.custom()).unwrap_or_default().to_owned();
        match &*metadata.name {
            "file" => Self::File {
                path: source
                    .and_then(|source| source.file_path())
                    .map(Into::into)
                    .unwrap_or_default(),
                line: None,
            },
            "environment" => Self::Environment(custom()),
            "flag" => Self::Flag(custom()),
            _ => Self::Default,
        }
    }
}

/// Where each value of a configuration comes from.
#[derive(Debug)]
pub struct Origins {
    layers: Figment,
    merged: Value,
    /// The text of the file, for the numbers of its lines.
    text: String,
    /// Where the file refers to variables.
    referred: Referred,
}

impl Origins {
    pub(super) fn new(layers: Figment, merged: Value, text: String, referred: Referred) -> Self {
        Self { layers, merged, text, referred }
    }

    /// Where the value at a path comes from.
    pub fn of(&self, path: &[&str]) -> Origin {
        let Some(value) = find(&self.merged, path) else { return Origin::Default };
        let Some(metadata) = self.layers.get_metadata(value.tag()) else { return Origin::Default };
        match Origin::from_metadata(metadata) {
            Origin::File { path: file, .. } => match self.variables(path) {
                Some(names) => Origin::Environment(names),
                None => Origin::File { path: file, line: line_of(&self.text, path) },
            },
            other => other,
        }
    }

    /// The variables that a value of the file came from.
    fn variables(&self, path: &[&str]) -> Option<String> {
        let path: Vec<String> = path.iter().map(|&segment| segment.to_owned()).collect();
        self.referred.get(&path).map(|names| names.join(", "))
    }

    /// What the layers say at a path, before defaults.
    pub(super) fn written(&self, path: &[&str]) -> Option<&Value> {
        find(&self.merged, path)
    }
}

fn find<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    let Some((first, rest)) = path.split_first() else { return Some(value) };
    let inner = match value {
        Value::Dict(_, table) => table.get(*first)?,
        Value::Array(_, list) => list.get(first.parse::<usize>().ok()?)?,
        _ => return None,
    };
    find(inner, rest)
}

/// The line of a key in a TOML text, from 1.
fn line_of(text: &str, path: &[&str]) -> Option<usize> {
    let table = toml::de::DeTable::parse(text).ok()?;
    let mut at = table.span().start;
    let root = Spanned::new(table.span(), DeValue::Table(table.into_inner()));
    let mut value = &root;
    for segment in path {
        value = match value.get_ref() {
            DeValue::Table(table) => {
                let (key, inner) = table.iter().find(|(key, _)| key.get_ref() == segment)?;
                at = key.span().start;
                inner
            }
            DeValue::Array(list) => {
                let inner = list.get(segment.parse::<usize>().ok()?)?;
                at = inner.span().start;
                inner
            }
            _ => return None,
        };
    }
    Some(text.get(..at)?.matches('\n').count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_keys_are_found_in_tables_and_lists() {
        let text = "[api]\nlisten = 1\n\n[[schedulers]]\nid = 1\n\n[[schedulers]]\nid = 2\n";
        assert_eq!(line_of(text, &["api", "listen"]), Some(2));
        assert_eq!(line_of(text, &["schedulers", "1", "id"]), Some(8));
        assert_eq!(line_of(text, &["schedulers", "2", "id"]), None);
    }
}
