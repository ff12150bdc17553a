//! Who vouches for what: keeping signatures, asking for them before a version runs, and writing down
//! what was not let in.

use hinny_core::{
    PluginDigest,
    plugin::{PluginError, PluginSignature, Refusal, Signature, SignatureStatus, Slot},
};
use tracing::{info, warn};

use super::Inner;

/// Most signatures of one version: more keys than anybody has, and few enough to check them all
/// within a switch.
const SIGNATURES_MAX: usize = 32;

impl Inner {
    /// Whether a version may run in a slot. Everything that makes one run asks here: what people
    /// activate, try and go back to, what the host goes back to, and what a start finds active.
    pub(super) async fn check_trust(
        &self,
        slot: &Slot,
        digest: &PluginDigest,
    ) -> Result<(), PluginError> {
        if !self.trust.is_required() {
            return Ok(());
        }
        let kept = self.services.plugins.signatures(Some(digest)).await?;
        let signatures: Vec<_> = kept.into_iter().map(|kept| kept.signature).collect();
        self.trust.check(slot, &signatures).map_err(|why| PluginError::Untrusted {
            slot: slot.to_string(),
            digest: digest.to_string(),
            why,
        })
    }

    /// Whether signatures may be kept of a component with a digest.
    pub(super) fn check_signatures(
        &self,
        digest: &PluginDigest,
        signatures: &[Signature],
    ) -> Result<(), PluginError> {
        let refused = |signature: &Signature, why| PluginError::Signature {
            digest: signature.digest,
            key: signature.key,
            why,
        };
        for signature in signatures {
            if signature.digest != *digest {
                let why = format!(
                    "it came with `{digest}`; hint: sign the file that is sent (`hinny plugin sign FILE --key KEY`)"
                );
                return Err(refused(signature, why));
            }
            if let Some(key) = self.trust.pretended(signature) {
                let why = format!(
                    "it is wrong, key `{key}` did not sign this; hint: sign the file once more (`hinny plugin sign FILE --key KEY`)"
                );
                return Err(refused(signature, why));
            }
        }
        Ok(())
    }

    /// Keeps signatures that were checked.
    pub(super) async fn keep_signatures(
        &self,
        signatures: &[Signature],
        by: &str,
    ) -> Result<(), PluginError> {
        let plugins = &self.services.plugins;
        for signature in signatures {
            let kept = plugins.signatures(Some(&signature.digest)).await?;
            if kept.iter().any(|kept| kept.signature == *signature) {
                continue;
            }
            let others = kept.iter().filter(|kept| kept.signature.key != signature.key).count();
            // Those of strangers never keep out one that counts.
            if others >= SIGNATURES_MAX && !self.trust.knows(signature) {
                let why = format!(
                    "there are {others} signatures of it, at most {SIGNATURES_MAX} are kept; hint: sign it with one of those keys"
                );
                let Signature { digest, key, .. } = *signature;
                return Err(PluginError::Signature { digest, key, why });
            }
            let at = self.services.clock.now();
            let kept = PluginSignature { signature: *signature, at, by: by.to_owned() };
            plugins.put_signature(&kept).await?;
            info!(
                plugin.digest = %signature.digest,
                key = %signature.key,
                "took a signature of `{}`, from {by}",
                signature.digest
            );
        }
        Ok(())
    }

    /// Keeps a signature of a version that is kept.
    pub(super) async fn sign(&self, signature: Signature, by: &str) -> Result<(), PluginError> {
        let digest = signature.digest;
        if self.services.plugins.version(&digest).await?.is_none() {
            return Err(PluginError::UnknownVersion(digest.to_string()));
        }
        self.check_signatures(&digest, &[signature])?;
        self.keep_signatures(&[signature], by).await
    }

    /// What the kept signatures are worth.
    pub(super) async fn signatures(
        &self,
        digest: Option<&PluginDigest>,
    ) -> Result<Vec<SignatureStatus>, PluginError> {
        let kept = self.services.plugins.signatures(digest).await?;
        Ok(kept.into_iter().map(|kept| self.trust.status(kept)).collect())
    }

    /// Writes down that somebody was not let in, if it was for want of trust. That it cannot be
    /// written does not let anybody in.
    pub(super) async fn note_distrust(
        &self,
        slot: &Slot,
        wanted: &str,
        by: &str,
        error: &PluginError,
    ) {
        let PluginError::Untrusted { digest, .. } = error else { return };
        let refusal = Refusal {
            at: self.services.clock.now(),
            by: by.to_owned(),
            slot: Some(slot.clone()),
            plugin: digest.clone(),
            wanted: wanted.to_owned(),
            reason: error.to_string(),
        };
        if let Err(error) = self.services.plugins.put_refusal(&refusal).await {
            warn!(plugin.slot = %slot, %error, "the refusal is not written down");
        }
    }
}
