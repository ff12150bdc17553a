//! Whose plugins may run where: trusted keys, and what signatures are worth to them.

use hinny_core::plugin::{
    Distrust, PluginSignature, Signature, SignatureState, SignatureStatus, Slot,
};

use crate::signing::PublicKey;

/// A key whose signatures count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedKey {
    /// What people call it.
    pub name: String,
    /// The key.
    pub key: PublicKey,
    /// For which slots it may sign; none: for all.
    pub slots: Vec<Slot>,
}

impl TrustedKey {
    fn may_sign_for(&self, slot: &Slot) -> bool {
        self.slots.is_empty() || self.slots.contains(slot)
    }
}

/// Whose plugins may run where.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    keys: Vec<TrustedKey>,
}

impl Trust {
    /// Trusts these keys, and nothing that none of them signed. Without any, every plugin is
    /// trusted.
    pub fn new(keys: Vec<TrustedKey>) -> Self {
        Self { keys }
    }

    /// Whether a plugin has to be signed.
    pub fn is_required(&self) -> bool {
        !self.keys.is_empty()
    }

    /// What a signature is worth here.
    pub fn status(&self, kept: PluginSignature) -> SignatureStatus {
        let (key_name, slots, state) = match self.key_of(&kept.signature) {
            None => (None, Vec::new(), SignatureState::UnknownKey),
            Some(key) => {
                let right = key.key.verifies(&kept.signature);
                let state = if right { SignatureState::Trusted } else { SignatureState::Wrong };
                (Some(key.name.clone()), key.slots.clone(), state)
            }
        };
        SignatureStatus { kept, key_name, state, slots }
    }

    /// Whether a version with these signatures may run in a slot. All signatures are of the version:
    /// whoever calls this has looked them up by its digest.
    pub fn check(&self, slot: &Slot, signatures: &[Signature]) -> Result<(), Distrust> {
        if !self.is_required() {
            return Ok(());
        }
        let (mut wrong, mut elsewhere, mut unknown) = (None, None, Vec::new());
        for signature in signatures {
            match self.key_of(signature) {
                None => unknown.push(signature.key),
                Some(key) if !key.key.verifies(signature) => wrong = Some(key.name.clone()),
                Some(key) if !key.may_sign_for(slot) => elsewhere = Some(key.name.clone()),
                Some(_) => return Ok(()),
            }
        }
        // What is nearest to being right says best what to mend.
        Err(match (elsewhere, wrong) {
            (Some(name), _) => Distrust::OtherSlots(name),
            (None, Some(name)) => Distrust::Wrong(name),
            (None, None) if unknown.is_empty() => Distrust::Unsigned,
            (None, None) => Distrust::UnknownKeys(unknown),
        })
    }

    /// The name of a trusted key of which a signature pretends to be.
    pub(crate) fn pretended(&self, signature: &Signature) -> Option<&str> {
        let key = self.key_of(signature)?;
        (!key.key.verifies(signature)).then_some(&key.name)
    }

    /// Whether a signature says that it is of a trusted key.
    pub(crate) fn knows(&self, signature: &Signature) -> bool {
        self.key_of(signature).is_some()
    }

    fn key_of(&self, signature: &Signature) -> Option<&TrustedKey> {
        self.keys.iter().find(|key| key.key.fingerprint() == signature.key)
    }
}

#[cfg(test)]
mod tests {
    use hinny_core::{PluginDigest, SchedulerId, Timestamp, plugin::World};

    use super::*;
    use crate::signing::SigningKey;

    const DIGEST: PluginDigest = PluginDigest([7; 32]);

    fn secret(seed: u8) -> SigningKey {
        SigningKey::from_pem(&SigningKey::pem_of_random([seed; 32])).unwrap()
    }

    fn slot(scheduler: &str) -> Slot {
        Slot { scheduler: SchedulerId::new(scheduler).unwrap(), world: World::Ranker }
    }

    fn key(name: &str, seed: u8, slots: &[&str]) -> TrustedKey {
        let slots = slots.iter().map(|name| slot(name)).collect();
        TrustedKey { name: name.to_owned(), key: secret(seed).public(), slots }
    }

    fn wrong(seed: u8) -> Signature {
        Signature { digest: DIGEST, ..secret(seed).sign(PluginDigest([8; 32])) }
    }

    #[test]
    fn without_keys_everything_is_trusted() {
        assert_eq!(Trust::default().check(&slot("jobs"), &[]), Ok(()));
    }

    #[test]
    fn a_slot_takes_what_one_of_its_keys_signed() {
        let trust = Trust::new(vec![key("release", 1, &[]), key("jobs", 2, &["jobs"])]);
        let check = |slots: &str, signatures: &[Signature]| trust.check(&slot(slots), signatures);
        assert_eq!(check("jobs", &[secret(1).sign(DIGEST)]), Ok(()));
        assert_eq!(check("jobs", &[secret(2).sign(DIGEST)]), Ok(()));
        // One good signature is enough, whatever else there is.
        assert_eq!(check("x", &[wrong(2), secret(9).sign(DIGEST), secret(1).sign(DIGEST)]), Ok(()));
    }

    #[test]
    fn a_refusal_says_what_is_nearest_to_being_right() {
        let trust = Trust::new(vec![key("release", 1, &[]), key("jobs", 2, &["jobs"])]);
        let check = |signatures: &[Signature]| trust.check(&slot("x"), signatures).unwrap_err();
        assert_eq!(check(&[]), Distrust::Unsigned);
        let stranger = secret(9).sign(DIGEST);
        assert_eq!(check(&[stranger]), Distrust::UnknownKeys(vec![stranger.key]));
        assert_eq!(check(&[stranger, wrong(1)]), Distrust::Wrong("release".to_owned()));
        let elsewhere = Distrust::OtherSlots("jobs".to_owned());
        assert_eq!(check(&[secret(2).sign(DIGEST), wrong(1)]), elsewhere);
    }

    #[test]
    fn a_signature_is_shown_with_what_it_is_worth() {
        let trust = Trust::new(vec![key("release", 1, &[])]);
        let state = |signature| {
            let kept = PluginSignature { signature, at: Timestamp::MIN, by: "ann".to_owned() };
            let status = trust.status(kept);
            (status.state, status.key_name.is_some())
        };
        assert_eq!(state(secret(1).sign(DIGEST)), (SignatureState::Trusted, true));
        assert_eq!(state(wrong(1)), (SignatureState::Wrong, true));
        assert_eq!(state(secret(9).sign(DIGEST)), (SignatureState::UnknownKey, false));
    }
}
