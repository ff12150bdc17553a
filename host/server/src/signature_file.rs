//! The signature of a component file: it lies beside it, as `x.wasm.sig`.

use std::{
    ffi::OsString,
    fs::File,
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use anyhow::Context;
use hinny_core::plugin::Signature;

/// Where the signature of a file is.
pub(crate) fn path_of(component: &Path) -> PathBuf {
    let mut name = OsString::from(component);
    name.push(".sig");
    name.into()
}

/// The signature beside a file; none: there is none. One that cannot be read is an error: whoever
/// put it there means it.
pub(crate) fn beside(component: &Path) -> anyhow::Result<Option<Signature>> {
    let path = path_of(component);
    let failed = || format!("signature file `{}` cannot be read", path.display());
    let file = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened.with_context(failed)?,
    };
    let mut text = Vec::new();
    // One byte more than there may be, so that more is seen to be too much.
    let most = Signature::BYTES_MAX as u64 + 1;
    file.take(most).read_to_end(&mut text).with_context(failed)?;
    Signature::parse(&text).map(Some).with_context(failed)
}

#[cfg(test)]
mod tests {
    use hinny_core::{PluginDigest, plugin::KeyFingerprint};

    use super::*;

    #[test]
    fn a_signature_lies_beside_its_component() {
        let folder = tempfile::tempdir().unwrap();
        let component = folder.path().join("rank.wasm");
        assert_eq!(beside(&component).unwrap(), None);
        let (digest, key) = (PluginDigest([1; 32]), KeyFingerprint([2; 32]));
        let signature = Signature { digest, key, bytes: [3; 64] };
        std::fs::write(folder.path().join("rank.wasm.sig"), signature.to_string()).unwrap();
        assert_eq!(beside(&component).unwrap(), Some(signature));
        std::fs::write(path_of(&component), " ".repeat(100_000)).unwrap();
        let refused = format!("{:#}", beside(&component).unwrap_err());
        assert!(refused.contains("rank.wasm.sig` cannot be read: it is not the sig"), "{refused}");
    }
}
