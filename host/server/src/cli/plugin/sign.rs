//! `hinny plugin sign` and `verify`: who vouches for a component.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use hinny_core::{
    PluginDigest, Timestamp,
    plugin::{PluginSignature, Signature, SignatureState, SignatureStatus, Slot},
};
use hinny_plugins::{PublicKey, SigningKey, Trust, TrustedKey};

use crate::{
    cli::{config_args, failure::Refused, output},
    signature_file,
};

/// Sign a plugin: FILE.sig goes beside it
///
/// `hinny plugin load`, `push` and `activate` send it along.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// Component files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// File with the secret key, in PEM
    #[arg(short, long, value_name = "FILE", env = "HINNY_SIGNING_KEY")]
    key: PathBuf,
}

/// Say who signed a plugin, and whether a host would let it in, without a host.
///
/// The exit code is 0 when a trusted key signed it, and 1 when none did.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Component file, with FILE.sig beside it
    file: PathBuf,
    /// File with a public key to trust, in PEM, instead of those of the configuration; can be repeated
    #[arg(short, long, value_name = "FILE")]
    key: Vec<PathBuf>,
    /// Whether it may run there, such as `jobs/ranker`; without it, anywhere
    #[arg(long, conflicts_with = "key")]
    slot: Option<Slot>,
    /// Configuration file, for the keys in `[[plugins.trusted_keys]]`
    #[arg(short, long, value_name = "FILE", env = "HINNY_CONFIG")]
    config: Option<PathBuf>,
}

impl Sign {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let key = secret(&self.key)?;
        for file in &self.files {
            let signature = sign(&key, &super::read(file)?, file)?;
            let path = signature_file::path_of(file);
            let (digest, key) = (signature.digest, signature.key);
            let (file, path) = (file.display(), path.display());
            output::print(&format!("signed `{file}` ({digest}) in `{path}`, by key {key}\n"))?;
        }
        Ok(())
    }
}

impl Verify {
    pub(crate) fn run(&self) -> anyhow::Result<()> {
        let trust = Trust::new(self.keys()?);
        if !trust.is_required() {
            bail!(
                "there is no key to trust; hint: name one with --key, or a configuration with `[[plugins.trusted_keys]]` with --config"
            );
        }
        let status = status(&self.file, &trust)?;
        output::print(&format!("{}\n", told(status.as_ref())))?;
        let Some(SignatureStatus { state: SignatureState::Trusted, kept, .. }) = status else {
            return Err(Refused.into());
        };
        let Some(slot) = &self.slot else { return Ok(()) };
        if let Err(why) = trust.check(slot, &[kept.signature]) {
            output::print(&format!("it may not run in `{slot}`: {why}\n"))?;
            return Err(Refused.into());
        }
        Ok(())
    }

    fn keys(&self) -> anyhow::Result<Vec<TrustedKey>> {
        if self.key.is_empty() {
            let config = config_args::load(self.config.clone(), Vec::new())?.config;
            return Ok(config.plugins.read_trusted_keys()?);
        }
        let trusted = |file: &PathBuf| -> anyhow::Result<_> {
            let key = named(PublicKey::from_pem(&text(file)?), file)?;
            Ok(TrustedKey { name: file.display().to_string(), key, slots: Vec::new() })
        };
        self.key.iter().map(trusted).collect()
    }
}

/// Reads the secret key in a file.
pub(in crate::cli) fn secret(file: &Path) -> anyhow::Result<SigningKey> {
    named(SigningKey::from_pem(&text(file)?), file)
}

/// Signs a component, which is in a file: the signature goes beside it.
pub(in crate::cli) fn sign(
    key: &SigningKey,
    component: &[u8],
    file: &Path,
) -> anyhow::Result<Signature> {
    let signature = key.sign(hinny_plugins::digest(component));
    let path = signature_file::path_of(file);
    std::fs::write(&path, format!("{signature}\n"))
        .with_context(|| format!("`{}` cannot be written", path.display()))?;
    Ok(signature)
}

/// What the signature beside a file is worth; none: there is none.
pub(super) fn status(file: &Path, trust: &Trust) -> anyhow::Result<Option<SignatureStatus>> {
    let digest = hinny_plugins::digest(&super::read(file)?);
    let Some(signature) = signature_file::beside(file)? else { return Ok(None) };
    let kept = PluginSignature { signature, at: Timestamp::MIN, by: String::new() };
    let status = trust.status(kept);
    Ok(Some(if signature.digest == digest { status } else { of_other(status) }))
}

/// A signature of another file is none of this one.
fn of_other(status: SignatureStatus) -> SignatureStatus {
    SignatureStatus { state: SignatureState::Wrong, ..status }
}

/// The same, for people.
pub(super) fn told(status: Option<&SignatureStatus>) -> String {
    let Some(SignatureStatus { kept, key_name, state, slots }) = status else {
        return "not signed".to_owned();
    };
    let Signature { key, digest, .. } = &kept.signature;
    let name = key_name
        .as_ref()
        .map_or_else(|| format!("key {key}"), |name| format!("key `{name}` ({key})"));
    match state {
        SignatureState::Trusted if slots.is_empty() => format!("signed by {name}, trusted"),
        SignatureState::Trusted => {
            let slots: Vec<_> = slots.iter().map(ToString::to_string).collect();
            format!("signed by {name}, trusted for {}", slots.join(", "))
        }
        SignatureState::UnknownKey => format!("signed by {name}, which is not trusted here"),
        SignatureState::Wrong => format!(
            "wrong: the signature, of {} by {name}, is not of this file",
            PluginDigest::short(digest)
        ),
    }
}

fn text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| {
        format!(
            "key file `{}` cannot be read; hint: name another with --key; `hinny plugin keygen NAME` makes one",
            file.display()
        )
    })
}

fn named<K>(key: Result<K, hinny_plugins::KeyError>, file: &Path) -> anyhow::Result<K> {
    key.with_context(|| format!("`{}` is not a key that can be used", file.display()))
}
