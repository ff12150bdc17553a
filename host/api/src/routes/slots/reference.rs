//! How people name a version: by digest, by name, or by name and version.

use hinny_core::{
    PluginDigest,
    plugin::{PluginError, PluginVersion, World},
};

use crate::error::ApiError;

/// What a person calls a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::routes) enum Reference {
    /// `sha256:…`
    Digest(PluginDigest),
    /// `rank-decay`
    Name(String),
    /// `rank-decay@1.2.0`
    Version(String, String),
}

impl Reference {
    /// Reads a reference. Every text is one; it may mean no version.
    pub(in crate::routes) fn parse(text: String) -> Self {
        if let Ok(digest) = text.parse() {
            return Self::Digest(digest);
        }
        match text.rsplit_once('@') {
            Some((name, version)) => Self::Version(name.to_owned(), version.to_owned()),
            None => Self::Name(text),
        }
    }

    /// The one version that is meant. Names are shared by the worlds, so those of the other world
    /// count only when there is nothing else.
    pub(in crate::routes) fn resolve(
        self,
        versions: Vec<PluginVersion>,
        world: World,
    ) -> Result<PluginDigest, ApiError> {
        let meant = |version: &PluginVersion| match &self {
            Self::Digest(digest) => version.digest == *digest,
            Self::Name(name) => version.name == *name,
            Self::Version(name, number) => version.name == *name && version.version == *number,
        };
        let (fitting, others): (Vec<_>, Vec<_>) =
            versions.into_iter().filter(meant).partition(|version| version.world == world);
        match fitting.as_slice() {
            [] => match others.first() {
                Some(other) => Ok(other.digest),
                None => Err(PluginError::UnknownVersion(self.to_string()).into()),
            },
            [one] => Ok(one.digest),
            several => Err(self.ambiguous(several)),
        }
    }

    fn ambiguous(&self, versions: &[PluginVersion]) -> ApiError {
        let shown: Vec<_> = versions
            .iter()
            .map(|version| format!("{} ({}@{})", version.digest, version.name, version.version))
            .collect();
        ApiError::Conflict(format!(
            "`{self}` is {} versions: {}; hint: send the digest of one",
            shown.len(),
            shown.join(", ")
        ))
    }
}

/// As it was sent, without what does not print.
impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Digest(digest) => digest.fmt(f),
            Self::Name(name) => name.escape_default().fmt(f),
            Self::Version(name, version) => {
                write!(f, "{}@{}", name.escape_default(), version.escape_default())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use hinny_core::{Timestamp, plugin::Verdict};

    use super::*;

    fn version(name: &str, number: &str, world: World, byte: u8) -> PluginVersion {
        PluginVersion {
            digest: PluginDigest([byte; 32]),
            name: name.to_owned(),
            version: number.to_owned(),
            world,
            size: 1,
            verdict: Verdict { accepted: true, checks: vec![], imports: vec![], took_ms: 1 },
            uploaded_at: Timestamp::MIN,
            uploaded_by: "ci".to_owned(),
        }
    }

    fn resolve(reference: &str) -> Result<u8, String> {
        let versions = vec![
            version("decay", "1.0.0", World::Ranker, 1),
            version("decay", "2.0.0", World::Ranker, 2),
            version("jobs", "1.0.0", World::Scheduler, 3),
            version("jobs", "1.0.0", World::Ranker, 4),
            version("mail", "1.0.0", World::Scheduler, 5),
        ];
        let digest = Reference::parse(reference.to_owned()).resolve(versions, World::Ranker);
        digest.map(|digest| digest.0[0]).map_err(|error| error.to_string())
    }

    #[test]
    fn a_version_is_found_by_digest_by_name_and_by_name_with_version() {
        assert_eq!(resolve(&PluginDigest([2; 32]).to_string()), Ok(2));
        assert_eq!(resolve("decay@1.0.0"), Ok(1));
        assert_eq!(resolve("jobs"), Ok(4));
    }

    #[test]
    fn a_version_of_the_other_world_is_left_to_the_slot_to_refuse() {
        assert_eq!(resolve("mail"), Ok(5));
    }

    #[test]
    fn a_name_that_means_several_is_refused_with_their_digests() {
        let refused = resolve("decay").unwrap_err();
        assert!(refused.starts_with("Conflict error occurred: `decay` is 2 versions: sha256:0101"));
        assert!(refused.ends_with("(decay@2.0.0); hint: send the digest of one"));
    }

    #[test]
    fn a_name_that_means_none_is_refused() {
        assert!(resolve("decay@3").unwrap_err().contains("no plugin version `decay@3`"));
    }
}
