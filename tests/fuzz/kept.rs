//! What the fuzzer keeps, for the plain tests of the crates that it calls. They include this file.

use std::{fs, path::Path};

/// Calls a function with each input that is kept for a target.
pub(crate) fn each(target: &str, call: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/corpus").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "nothing is kept for `{target}`");
    for path in paths {
        // Shown when the call panics.
        println!("{}", path.display());
        call(&fs::read(&path).unwrap());
    }
}
