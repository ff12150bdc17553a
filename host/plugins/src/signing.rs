//! Keys: read from PEM files as OpenSSL writes them, to sign plugins and to check signatures.

use std::fmt::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hinny_core::{
    PluginDigest,
    plugin::{KeyFingerprint, Signature, signed_text},
};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer, pem::PemObject};
use sha2::{Digest, Sha256};

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410). DER
/// knows only one way to write it.
const PUBLIC_HEAD: &[u8] =
    &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The same for the 32 bytes of a secret key in PKCS #8. Its first version, without the public key:
/// OpenSSL reads no other.
const SECRET_HEAD: &[u8] = &[
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Text that is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no public key in it.
    #[error(
        "there is no public key in PEM in it; hint: it begins with `-----BEGIN PUBLIC KEY-----`, `openssl pkey -in KEY -pubout` writes it"
    )]
    NoPublicKey,
    /// It is the secret one.
    #[error(
        "it is a secret key, where the public one belongs; hint: `openssl pkey -in KEY -pubout` writes that; keep the secret one where plugins are signed, and nowhere else"
    )]
    Secret,
    /// There is no secret key in it.
    #[error(
        "there is no unencrypted secret key in PEM in it; hint: it begins with `-----BEGIN PRIVATE KEY-----`, `hinny plugin keygen` or `openssl genpkey -algorithm ed25519` writes one"
    )]
    NoSecretKey,
    /// It is of another kind.
    #[error(
        "it is not an Ed25519 key; hint: `hinny plugin keygen` or `openssl genpkey -algorithm ed25519` makes one"
    )]
    OtherKind,
}

/// A public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads PEM.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = match SubjectPublicKeyInfoDer::from_pem_slice(text.as_bytes()) {
            Ok(der) => der,
            Err(_) if text.contains("PRIVATE KEY-----") => return Err(KeyError::Secret),
            Err(_) => return Err(KeyError::NoPublicKey),
        };
        let key = der.as_ref().strip_prefix(PUBLIC_HEAD).and_then(|key| key.try_into().ok());
        key.map(Self).ok_or(KeyError::OtherKind)
    }

    /// As PEM.
    pub fn to_pem(self) -> String {
        pem_of("PUBLIC KEY", &self.der())
    }

    /// What it is known by.
    pub fn fingerprint(self) -> KeyFingerprint {
        KeyFingerprint(Sha256::digest(self.der()).into())
    }

    /// Whether a signature is this key's, and of the component that it says.
    pub fn verifies(self, signature: &Signature) -> bool {
        let text = signed_text(&signature.digest);
        signature.key == self.fingerprint()
            && UnparsedPublicKey::new(&ED25519, self.0)
                .verify(text.as_bytes(), &signature.bytes)
                .is_ok()
    }

    fn der(self) -> Vec<u8> {
        [PUBLIC_HEAD, &self.0].concat()
    }
}

/// A secret key.
#[derive(Debug)]
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Reads PEM.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| KeyError::NoSecretKey)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der());
        pair.map(Self).map_err(|_| KeyError::OtherKind)
    }

    /// The key that 32 random bytes come to, as PEM: a secret.
    pub fn pem_of_random(random: [u8; 32]) -> String {
        pem_of("PRIVATE KEY", &[SECRET_HEAD, &random].concat())
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        let mut key = [0; 32];
        key.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(key)
    }

    /// Signs a component.
    pub fn sign(&self, digest: PluginDigest) -> Signature {
        let signed = self.0.sign(signed_text(&digest).as_bytes());
        let mut bytes = [0; 64];
        bytes.copy_from_slice(signed.as_ref());
        Signature { digest, key: self.public().fingerprint(), bytes }
    }
}

/// Both kinds of key are so short that they take one line.
fn pem_of(label: &str, der: &[u8]) -> String {
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = writeln!(
        text,
        "-----BEGIN {label}-----\n{}\n-----END {label}-----",
        BASE64_STANDARD.encode(der)
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `openssl genpkey -algorithm ed25519` wrote, and `openssl pkey -pubout` of it:
    /// for these tests and nothing else.
    const SECRET: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINm7Z50OR+iHDjJRKZpPZM0Ccdeu22GoS0OI8esZKokH\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA0SZgIaQofzplTkJKgm5Uvzj0mIjRtW2uN9saiTluGwg=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn keys_of_openssl_are_read_and_written_back() {
        let secret = SigningKey::from_pem(SECRET).unwrap();
        let public = PublicKey::from_pem(PUBLIC).unwrap();
        assert_eq!(secret.public(), public);
        assert_eq!(public.to_pem(), PUBLIC);
        // `openssl pkey -pubin -outform der | sha256sum`
        assert_eq!(
            public.fingerprint().to_string(),
            "sha256:7e8e2415820f2670954820e89dbca3c5c2ae7a23b5c2ac67c8cdd2173eaeca23"
        );
    }

    #[test]
    fn a_signature_is_what_openssl_makes_of_the_same_text() {
        let signature = SigningKey::from_pem(SECRET).unwrap().sign(PluginDigest([0xab; 32]));
        // `openssl pkeyutl -sign -rawin`
        assert_eq!(
            BASE64_STANDARD.encode(signature.bytes),
            "W/7lNt40UV562uIEf18vP5atFLa45DHuogLboPjhedvmzB6Ef2mgkGiLj4tnZsynUn4x52iI1RJ0mugbiqQkBw=="
        );
        assert!(PublicKey::from_pem(PUBLIC).unwrap().verifies(&signature));
    }

    #[test]
    fn a_changed_signature_is_not_verified() {
        let secret = SigningKey::from_pem(SECRET).unwrap();
        let (good, public) = (secret.sign(PluginDigest([1; 32])), secret.public());
        assert!(public.verifies(&good));
        assert!(!public.verifies(&Signature { digest: PluginDigest([2; 32]), ..good }));
        assert!(!public.verifies(&Signature { key: KeyFingerprint([0; 32]), ..good }));
        for at in 0..good.bytes.len() {
            let mut bytes = good.bytes;
            bytes[at] ^= 1;
            assert!(!public.verifies(&Signature { bytes, ..good }), "byte {at}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_with_what_belongs_there() {
        assert_eq!(PublicKey::from_pem(SECRET), Err(KeyError::Secret));
        assert_eq!(PublicKey::from_pem("release"), Err(KeyError::NoPublicKey));
        assert_eq!(SigningKey::from_pem(PUBLIC).unwrap_err(), KeyError::NoSecretKey);
        let other = pem_of("PUBLIC KEY", &[0x30, 0x2a, 0x30]);
        assert_eq!(PublicKey::from_pem(&other), Err(KeyError::OtherKind));
        let other = pem_of("PRIVATE KEY", &[0x30, 0x2e, 0x02]);
        assert_eq!(SigningKey::from_pem(&other).unwrap_err(), KeyError::OtherKind);
    }

    #[test]
    fn random_bytes_become_a_key() {
        let one = SigningKey::from_pem(&SigningKey::pem_of_random([1; 32])).unwrap();
        let two = SigningKey::from_pem(&SigningKey::pem_of_random([2; 32])).unwrap();
        assert_ne!(one.public(), two.public());
    }
}
