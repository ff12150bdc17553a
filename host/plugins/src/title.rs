//! What a plugin calls itself.

use std::sync::Arc;

use crate::text;

/// Longest name, in bytes.
const NAME_BYTES: usize = 64;

/// What a plugin calls itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Title {
    pub(crate) name: Arc<str>,
    pub(crate) version: Arc<str>,
    /// Both, for people.
    pub(crate) text: Arc<str>,
}

impl Title {
    /// Checks and takes what a plugin says; the error says what is wrong with which.
    pub(crate) fn new(name: &str, version: &str) -> Result<Self, String> {
        let fits = !name.is_empty() && name.len() <= NAME_BYTES;
        if !fits || !text::is_plain(name) {
            return Err(format!(
                "its name is `{}`, expected 1 to {NAME_BYTES} bytes without control characters",
                text::shown(name, NAME_BYTES)
            ));
        }
        if semver::Version::parse(version).is_err() || version.len() > NAME_BYTES {
            return Err(format!(
                "its version is `{}`, expected a semantic version such as `1.2.3`",
                text::shown(version, NAME_BYTES)
            ));
        }
        Ok(Self::unchecked(name, version))
    }

    /// The title of a plugin that cannot say it yet.
    pub(crate) fn unchecked(name: &str, version: &str) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            text: format!("{name} {version}").into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions_that_people_cannot_use_are_refused() {
        assert_eq!(&*Title::new("rank-fifo", "0.1.0").unwrap().text, "rank-fifo 0.1.0");
        let refused = Title::new("", "0.1.0").unwrap_err();
        assert_eq!(refused, "its name is ``, expected 1 to 64 bytes without control characters");
        assert!(Title::new(&"x".repeat(1 << 20), "0.1.0").unwrap_err().len() < 200);
        assert!(Title::new("a\nb", "0.1.0").unwrap_err().contains(r"a\nb"));
        assert!(Title::new("a\u{202e}b", "0.1.0").is_err(), "it would turn the text around it");
        assert!(Title::new("a", "one").unwrap_err().contains("its version is `one`"));
    }
}
