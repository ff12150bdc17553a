//! How people name a plugin: by file, by name and version, or by digest.

use std::{convert::Infallible, fmt, path::PathBuf, str::FromStr};

use hinny_core::{PluginDigest, plugin::PluginVersion};
use serde::{Deserialize, Serialize};

/// A plugin, as people name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum PluginRef {
    /// A component file: ends in `.wasm`, or has a `/`.
    File(PathBuf),
    /// A version that the host has, by digest.
    Digest(PluginDigest),
    /// A version that the host has, by name and, with `@`, version.
    Named {
        /// The name.
        name: String,
        /// The version; none: the only one, or else it is not clear which.
        version: Option<String>,
    },
}

/// A name that leads to no version, or to several.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnclearPlugin {
    /// To none.
    #[error(
        "no plugin version is called `{0}`; hint: `hinny plugin list` shows them, `hinny plugin load FILE` adds one"
    )]
    Unknown(String),
    /// To several.
    #[error(
        "`{name}` is the name of several plugin versions; hint: name one of {}",
        .candidates.join(", ")
    )]
    Several {
        /// What was asked for.
        name: String,
        /// What it could mean.
        candidates: Vec<String>,
    },
}

impl PluginRef {
    /// The digest of the version that a name or digest leads to.
    pub fn find<'a>(
        &self,
        versions: &'a [PluginVersion],
    ) -> Result<&'a PluginVersion, UnclearPlugin> {
        let found: Vec<_> = versions.iter().filter(|version| self.fits(version)).collect();
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(UnclearPlugin::Unknown(self.to_string())),
            several => Err(UnclearPlugin::Several {
                name: self.to_string(),
                candidates: several.iter().map(|version| label(version)).collect(),
            }),
        }
    }

    fn fits(&self, candidate: &PluginVersion) -> bool {
        match self {
            Self::File(_) => false,
            Self::Digest(digest) => candidate.digest == *digest,
            Self::Named { name, version } => {
                candidate.name == *name
                    && version.as_ref().is_none_or(|version| candidate.version == *version)
            }
        }
    }
}

/// What a version is called where its digest matters.
fn label(version: &PluginVersion) -> String {
    format!("`{}` ({}@{})", version.digest, version.name, version.version)
}

impl FromStr for PluginRef {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        if text.starts_with("sha256:")
            && let Ok(digest) = text.parse()
        {
            return Ok(Self::Digest(digest));
        }
        if text.contains('/') || text.to_ascii_lowercase().ends_with(".wasm") {
            return Ok(Self::File(text.into()));
        }
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version.to_owned())),
            None => (text, None),
        };
        Ok(Self::Named { name: name.to_owned(), version })
    }
}

impl From<String> for PluginRef {
    fn from(text: String) -> Self {
        match text.parse() {
            Ok(named) => named,
            Err(never) => match never {},
        }
    }
}

impl From<PluginRef> for String {
    fn from(named: PluginRef) -> Self {
        named.to_string()
    }
}

impl fmt::Display for PluginRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Digest(digest) => digest.fmt(f),
            Self::Named { name, version: None } => f.write_str(name),
            Self::Named { name, version: Some(version) } => write!(f, "{name}@{version}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use hinny_core::{
        Timestamp,
        plugin::{Verdict, World},
    };

    use super::*;

    fn version(name: &str, version: &str, byte: u8) -> PluginVersion {
        PluginVersion {
            digest: PluginDigest([byte; 32]),
            name: name.to_owned(),
            version: version.to_owned(),
            world: World::Ranker,
            size: 1,
            verdict: Verdict { accepted: true, checks: vec![], imports: vec![], took_ms: 1 },
            uploaded_at: Timestamp::MIN,
            uploaded_by: "test".to_owned(),
        }
    }

    fn named(text: &str) -> PluginRef {
        text.to_owned().into()
    }

    #[test]
    fn files_digests_and_names_are_told_apart() {
        let digest = PluginDigest([7; 32]).to_string();
        assert_eq!(named("rank-fifo.wasm"), PluginRef::File("rank-fifo.wasm".into()));
        assert_eq!(named("dist/rank-fifo"), PluginRef::File("dist/rank-fifo".into()));
        assert_eq!(named(&digest), PluginRef::Digest(PluginDigest([7; 32])));
        assert_eq!(
            named("rank-fifo@1.0.0"),
            PluginRef::Named { name: "rank-fifo".into(), version: Some("1.0.0".into()) }
        );
        for text in ["rank-fifo.wasm", "rank-fifo", "rank-fifo@1.0.0", &digest] {
            assert_eq!(named(text).to_string(), text);
        }
    }

    #[test]
    fn a_name_of_several_versions_is_refused_with_their_digests() {
        let versions = [version("rank-fifo", "1.0.0", 1), version("rank-fifo", "1.1.0", 2)];
        let refused = named("rank-fifo").find(&versions).unwrap_err().to_string();
        assert!(refused.contains("(rank-fifo@1.0.0)") && refused.contains("(rank-fifo@1.1.0)"));
        assert_eq!(named("rank-fifo@1.1.0").find(&versions).unwrap().digest.0[0], 2);
        assert_eq!(
            named("rank-lifo").find(&versions).unwrap_err(),
            UnclearPlugin::Unknown("rank-lifo".to_owned())
        );
    }
}
