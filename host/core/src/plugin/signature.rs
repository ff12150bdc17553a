//! Signatures of plugins: what is signed, and how a signature travels.
//!
//! Nothing here checks a signature: that is for whoever knows which keys are trusted.

use std::{fmt, str::FromStr};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

use super::Slot;
use crate::{PluginDigest, Timestamp};

/// The first line of what is signed, and the form in which a signature travels.
const FORMAT: &str = "hinny-plugin-signature-v1";

/// What a key signs to vouch for a component. It says what it is, so that a signature cannot be
/// passed off as one of something else that the key signed.
pub fn signed_text(digest: &PluginDigest) -> String {
    format!("{FORMAT}\n{digest}\n")
}

/// What a public key is known by: SHA-256 of its `SubjectPublicKeyInfo`, in DER.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyFingerprint(pub [u8; 32]);

/// Text that is not a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the fingerprint of a key, expected `sha256:` and 64 hex digits")]
pub struct InvalidFingerprint(String);

/// A detached signature of a component, by an Ed25519 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// Of which component.
    pub digest: PluginDigest,
    /// By which key.
    pub key: KeyFingerprint,
    /// The signature of [`signed_text`].
    pub bytes: [u8; 64],
}

/// Text that is not a signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not the signature of a plugin: {0}; hint: `hinny plugin sign FILE --key KEY` makes one"
)]
pub struct InvalidSignature(String);

/// The same, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    format: String,
    digest: PluginDigest,
    key: KeyFingerprint,
    signature: String,
}

impl Signature {
    /// Longest text of one, in bytes; it takes some 330.
    pub const BYTES_MAX: usize = 4096;

    /// Reads the content of a `.wasm.sig` file, of a header or of a request.
    pub fn parse(text: &[u8]) -> Result<Self, InvalidSignature> {
        if text.len() > Self::BYTES_MAX {
            return Err(InvalidSignature(format!(
                "{} bytes, at most {} are read",
                text.len(),
                Self::BYTES_MAX
            )));
        }
        let written: Written =
            serde_json::from_slice(text).map_err(|error| InvalidSignature(error.to_string()))?;
        if written.format != FORMAT {
            return Err(InvalidSignature(format!(
                "its format is `{}`, `{FORMAT}` is known",
                written.format.escape_default()
            )));
        }
        let bytes = BASE64_STANDARD.decode(&written.signature).ok();
        let bytes = bytes
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or_else(|| InvalidSignature("`signature` is not 64 bytes in base64".to_owned()))?;
        Ok(Self { digest: written.digest, key: written.key, bytes })
    }
}

/// As it travels: one line of JSON.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = Written {
            format: FORMAT.to_owned(),
            digest: self.digest,
            key: self.key,
            signature: BASE64_STANDARD.encode(self.bytes),
        };
        f.write_str(&serde_json::to_string(&written).map_err(|_| fmt::Error)?)
    }
}

/// A signature that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginSignature {
    /// The signature.
    pub signature: Signature,
    /// When it was sent.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// What a kept signature is worth to this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureStatus {
    /// The signature.
    pub kept: PluginSignature,
    /// What the configuration calls the key; none: it does not know it.
    pub key_name: Option<String>,
    /// What it is worth.
    pub state: SignatureState,
    /// For which slots the key may sign; none: for all.
    pub slots: Vec<Slot>,
}

/// What a signature is worth to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureState {
    /// A trusted key signed the component.
    Trusted,
    /// The key is not trusted here, so it was not looked at.
    UnknownKey,
    /// It is not the signature of this component by this key.
    Wrong,
}

impl SignatureState {
    /// The name, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::UnknownKey => "unknown_key",
            Self::Wrong => "wrong",
        }
    }
}

/// Why a version may not run in a slot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Nobody signed it.
    #[error(
        "it is not signed; hint: sign it with a key of `[[plugins.trusted_keys]]` (`hinny plugin sign FILE --key KEY`), and send the signature with it (`hinny plugin load FILE`); `hinny dev --key KEY` does both with each build"
    )]
    Unsigned,
    /// Only keys signed it that are not trusted.
    #[error(
        "it is signed by {}, which the host does not trust; hint: sign it with a key of `[[plugins.trusted_keys]]`, or add that one", listed(.0)
    )]
    UnknownKeys(Vec<KeyFingerprint>),
    /// The signature is of something else.
    #[error(
        "the signature of key `{0}` is wrong; hint: sign the file once more, and send the signature with `hinny plugin load FILE`"
    )]
    Wrong(String),
    /// The key is trusted for other slots.
    #[error(
        "key `{0}` signed it, which is not trusted for this slot; hint: sign it with a key that is, or add the slot to `slots` of that key in `[[plugins.trusted_keys]]`"
    )]
    OtherSlots(String),
}

fn listed(keys: &[KeyFingerprint]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(" and ")
}

impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        PluginDigest(self.0).fmt(f)
    }
}

impl fmt::Debug for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyFingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = |_| InvalidFingerprint(text.escape_default().take(80).collect());
        text.parse().map(|PluginDigest(bytes)| Self(bytes)).map_err(invalid)
    }
}

impl TryFrom<String> for KeyFingerprint {
    type Error = InvalidFingerprint;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<KeyFingerprint> for String {
    fn from(key: KeyFingerprint) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature() -> Signature {
        Signature {
            digest: PluginDigest([0xab; 32]),
            key: KeyFingerprint([0xcd; 32]),
            bytes: [7; 64],
        }
    }

    fn refused(text: &str) -> String {
        Signature::parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_signature_reads_back_from_its_one_line() {
        let text = signature().to_string();
        assert!(!text.contains('\n') && text.is_ascii(), "{text}");
        assert_eq!(Signature::parse(format!("{text}\n").as_bytes()), Ok(signature()));
    }

    #[test]
    fn what_is_signed_says_what_it_is() {
        let text = signed_text(&PluginDigest([0xab; 32]));
        assert_eq!(text, format!("hinny-plugin-signature-v1\nsha256:{}\n", "ab".repeat(32)));
    }

    #[test]
    fn what_is_no_signature_is_refused_with_the_reason() {
        let good = signature().to_string();
        let other = refused(&good.replace("-v1", "-v2"));
        assert!(other.contains("its format is `hinny-plugin-signature-v2`"), "{other}");
        let short = refused(&good.replace("BwcHBwcH", ""));
        assert!(short.contains("`signature` is not 64 bytes"), "{short}");
        let more = refused(&good.replace('{', r#"{"x":1,"#));
        assert!(more.contains("unknown field `x`"), "{more}");
        assert!(refused("\0asm").contains("expected value"));
        assert!(refused(&" ".repeat(5000)).contains("5000 bytes, at most 4096"));
    }
}
