//! Compiled code on disk: the host's own, and nobody else's.
//!
//! Compiling takes milliseconds to seconds, loading what was compiled 0.05 ms. An entry is found by
//! the digest of the component and everything that shaped the code: the version of wasmtime, its
//! settings, the processor. Loading code is running it, so an entry is believed only when its name,
//! length and checksum are right, and the folder is used only when nobody else can write to it.

use std::{
    fs,
    hash::{Hash, Hasher},
    io::{self, Write},
    path::{Path, PathBuf},
    time::SystemTime,
};

use hinny_core::{PluginDigest, plugin::World};
use sha2::{Digest, Sha256};
use tracing::{debug, warn};
use uuid::Uuid;
use wasmtime::{Engine, component::Component};

/// First line of an entry; the number grows when the form of entries changes.
const MAGIC: &[u8] = b"hinny compiled plugin 1\n";
const CHECKSUM_LEN: usize = 32;

/// Compiled code on disk.
#[derive(Debug)]
pub(crate) struct CodeCache {
    folder: PathBuf,
    bytes_max: u64,
}

impl CodeCache {
    /// Opens a folder, making it when it is missing. `None`, and a line in the log, when it cannot
    /// be used: everything works without it, only slower.
    pub(crate) fn open(folder: &Path, bytes_max: u64) -> Option<Self> {
        match prepare(folder) {
            Ok(()) => Some(Self { folder: folder.to_owned(), bytes_max }),
            Err(error) => {
                warn!(
                    path = %folder.display(),
                    %error,
                    "the folder for compiled plugins is not used, each start compiles anew"
                );
                None
            }
        }
    }

    /// The code of a component, when there is an entry that can be trusted.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        world: World,
        digest: &PluginDigest,
    ) -> Option<Component> {
        let key = Key::new(engine, world, digest);
        let path = self.path(&key);
        let entry = fs::read(&path).ok()?;
        let loaded = match key.open(&entry) {
            Some(code) => deserialize(engine, code).map_err(|error| format!("{error:#}")),
            None => Err("its checksum is wrong".to_owned()),
        };
        match loaded {
            Ok(component) => Some(component),
            Err(why) => {
                warn!(path = %path.display(), why, "compiled plugin is damaged, it is compiled anew");
                // Left alone it would be read, and warned of, at each start.
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Keeps the code of a component. Failing to is not an error: the next start compiles.
    pub(crate) fn store(&self, world: World, digest: &PluginDigest, component: &Component) {
        let kept = component.serialize().map_err(io::Error::other).and_then(|code| {
            let key = Key::new(component.engine(), world, digest);
            self.write(&self.path(&key), &key.seal(&code))?;
            self.make_room()
        });
        if let Err(error) = kept {
            warn!(path = %self.folder.display(), %error, "compiled plugin is not kept");
        }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}.compiled", key.name))
    }

    /// Writes beside and renames, so that another host on the same folder never reads a half.
    fn write(&self, path: &Path, entry: &[u8]) -> io::Result<()> {
        let unfinished = unfinished(&self.folder);
        let written = fs::File::create_new(&unfinished)
            .and_then(|mut file| file.write_all(entry))
            .and_then(|()| fs::rename(&unfinished, path));
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written
    }

    /// Removes the oldest entries until the rest fits.
    fn make_room(&self) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // Another host on the same folder may have removed it meanwhile.
            let Ok(facts) = entry.metadata() else { continue };
            let written = facts.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            entries.push((written, facts.len(), entry.path()));
        }
        entries.sort();
        let mut total: u64 = entries.iter().map(|(_, bytes, _)| bytes).sum();
        // The newest stays, however large: it is what was just asked for.
        entries.pop();
        for (_, bytes, path) in entries {
            if total <= self.bytes_max {
                return Ok(());
            }
            debug!(path = %path.display(), "compiled plugin makes room for newer ones");
            let _ = fs::remove_file(&path);
            total = total.saturating_sub(bytes);
        }
        Ok(())
    }
}

fn prepare(folder: &Path) -> io::Result<()> {
    if !folder.exists() {
        create_private(folder)?;
    }
    refuse_foreign_writers(folder)?;
    refuse_foreign_owner(folder)
}

/// A name that nobody else has: several hosts may share the folder.
fn unfinished(folder: &Path) -> PathBuf {
    folder.join(format!(".{}.unfinished", Uuid::now_v7()))
}

/// Makes a folder that only this user may look into.
#[cfg(unix)]
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
pub(crate) fn create_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn refuse_foreign_writers(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let mode = fs::metadata(folder)?.mode();
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!(
            "others may write to it (mode {:o}), and code from there is run; hint: `chmod 700 {}`",
            mode & 0o777,
            folder.display()
        ),
    ))
}

#[cfg(not(unix))]
fn refuse_foreign_writers(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Whoever owns the folder may write to it. Who this user is, a file of its own tells.
#[cfg(unix)]
fn refuse_foreign_owner(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let probe = unfinished(folder);
    let user = fs::File::create_new(&probe).and_then(|file| file.metadata());
    let _ = fs::remove_file(&probe);
    let (user, owner) = (user?.uid(), fs::metadata(folder)?.uid());
    if user == owner {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!(
            "it belongs to user {owner}, hinny runs as user {user}, and code from there is run; hint: `chown {user} {}`",
            folder.display()
        ),
    ))
}

#[cfg(not(unix))]
fn refuse_foreign_owner(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[expect(unsafe_code, reason = "the only way to load compiled code; see the safety note")]
fn deserialize(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes carry the checksum that `Key::seal` put on what `Component::serialize`
    // gave, under a name that holds the engine's settings, in a folder that only this user writes.
    unsafe { Component::deserialize(engine, code) }
}

/// What an entry is found by.
struct Key {
    name: String,
}

impl Key {
    fn new(engine: &Engine, world: World, digest: &PluginDigest) -> Self {
        let mut shape = ShapeHasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut shape);
        let shape = shape.finish();
        let digest = digest.to_string();
        let digest = digest.trim_start_matches("sha256:");
        Self { name: format!("{world}-{digest}-{shape:016x}") }
    }

    /// An entry: magic, checksum, code. The checksum covers the name, so that an entry under
    /// another name is refused.
    fn seal(&self, code: &[u8]) -> Vec<u8> {
        let mut entry = Vec::with_capacity(MAGIC.len() + CHECKSUM_LEN + code.len());
        entry.extend_from_slice(MAGIC);
        entry.extend_from_slice(&self.checksum(code));
        entry.extend_from_slice(code);
        entry
    }

    fn open<'a>(&self, entry: &'a [u8]) -> Option<&'a [u8]> {
        let sealed = entry.strip_prefix(MAGIC)?;
        let (checksum, code) = sealed.split_at_checked(CHECKSUM_LEN)?;
        (checksum == self.checksum(code)).then_some(code)
    }

    fn checksum(&self, code: &[u8]) -> [u8; CHECKSUM_LEN] {
        let mut hasher = Sha256::new();
        hasher.update(self.name.as_bytes());
        hasher.update(code);
        hasher.finalize().into()
    }
}

/// A hash that is the same in every process and every build.
struct ShapeHasher(Sha256);

impl Hasher for ShapeHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        digest.first_chunk().map_or(0, |head| u64::from_be_bytes(*head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(engine: &Engine) -> Key {
        Key::new(engine, World::Ranker, &PluginDigest([7; 32]))
    }

    #[test]
    fn an_entry_that_was_changed_cut_or_renamed_is_not_believed() {
        let key = key(&Engine::default());
        let entry = key.seal(b"code");
        assert_eq!(key.open(&entry), Some(&b"code"[..]));
        for at in 0..entry.len() {
            let mut changed = entry.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(&changed), None, "byte {at}");
        }
        assert_eq!(key.open(&entry[..entry.len() - 1]), None);
        assert_eq!(Key { name: "another".to_owned() }.open(&entry), None);
    }

    #[test]
    fn other_settings_of_the_engine_are_another_entry() {
        let plain = Engine::default();
        let mut config = wasmtime::Config::new();
        config.epoch_interruption(true);
        let ticking = Engine::new(&config).unwrap();
        assert_ne!(key(&plain).name, key(&ticking).name);
        assert_eq!(key(&plain).name, key(&Engine::default()).name);
    }
}
