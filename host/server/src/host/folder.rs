//! The watched folder: what lies there is brought in, by the way that everybody takes.
//!
//! ```text
//! rank.wasm       the component
//! rank.wasm.sig   its signature, where one is asked for
//! rank.toml       the slot, and how much it is to decide there; without it, it is only kept
//! ```
//!
//! A file is taken once it looked the same in two looks, and once only: it is not looked into again
//! until something of it changes. What people decide counts more than what lies in a folder; see
//! [`decision`]. A file that is gone changes nothing.

mod decision;
mod file;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context;
use hinny_core::{
    Clock,
    plugin::{ActivateRequest, PluginError, Plugins, Refusal, Slot, Upload},
};
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use decision::{Standing, standing};
use file::{Dropped, Marks};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// What is wanted of those that are not let in.
const WANTED: &str = "folder";

/// The watched folder.
pub(super) struct Folder {
    path: PathBuf,
    plugins: Arc<dyn Plugins>,
    clock: Arc<dyn Clock>,
    /// Largest component, in bytes.
    bytes_max: u64,
    /// By name, without `.wasm`.
    files: BTreeMap<String, Known>,
    /// Whether it was said that the folder cannot be read.
    is_missed: bool,
}

/// A file, as it was last seen.
struct Known {
    marks: Marks,
    /// Whether it was dealt with; else it is, or is tried again, at the next look.
    done: bool,
}

/// Why a file is not brought in.
enum Failure {
    /// It never will be, as it is now.
    Refused(Option<Slot>, String),
    /// It is tried again.
    Again(String),
    /// It never will be, and that was already said and written down.
    Told,
}

impl Folder {
    pub(super) fn new(
        path: PathBuf,
        plugins: Arc<dyn Plugins>,
        clock: Arc<dyn Clock>,
        bytes_max: u64,
    ) -> Self {
        Self { path, plugins, clock, bytes_max, files: BTreeMap::new(), is_missed: false }
    }

    /// Looks again and again, until the stop.
    pub(super) async fn run(mut self, stop: CancellationToken) {
        loop {
            self.look().await;
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// One look.
    pub(super) async fn look(&mut self) {
        let path = self.path.clone();
        let found = spawn_blocking(move || file::list(&path)).await;
        let found = match found.map_err(std::io::Error::other).flatten() {
            Ok(found) => found,
            Err(error) => return self.miss(&error),
        };
        self.is_missed = false;
        self.files.retain(|name, _| found.contains_key(name));
        for (name, marks) in found {
            if self.is_ready(&name, marks) {
                self.deal_with(&name, marks).await;
            }
        }
    }

    /// Whether a file looks as it did in the look before, and waits to be dealt with.
    fn is_ready(&mut self, name: &str, marks: Marks) -> bool {
        match self.files.get(name) {
            Some(known) if known.marks == marks => !known.done,
            _ => {
                // It may still be written to.
                self.files.insert(name.to_owned(), Known { marks, done: false });
                false
            }
        }
    }

    async fn deal_with(&mut self, name: &str, marks: Marks) {
        let done = match self.bring_in(name, marks).await {
            Ok(()) | Err(Failure::Told) => true,
            Err(Failure::Refused(slot, why)) => {
                self.refuse(name, slot, why).await;
                true
            }
            Err(Failure::Again(why)) => {
                warn!(
                    folder = %self.path.display(),
                    "`{name}.wasm` in the folder for plugins is tried again: {why}"
                );
                false
            }
        };
        if let Some(known) = self.files.get_mut(name) {
            known.done = done;
        }
    }

    async fn bring_in(&self, name: &str, marks: Marks) -> Result<(), Failure> {
        let (folder, file, bytes_max) = (self.path.clone(), name.to_owned(), self.bytes_max);
        let read = spawn_blocking(move || file::read(&folder, &file, marks, bytes_max)).await;
        let read = read.map_err(|error| Failure::Again(error.to_string()))?;
        let Dropped { component, signature, wish, modified } = match read {
            Ok(Some(read)) => read,
            // It changed under the eyes: the next looks see to it.
            Ok(None) => return Err(Failure::Again("it changes while it is read".to_owned())),
            Err(error) => return Err(Failure::Refused(None, format!("{error:#}"))),
        };
        let by = by(name);
        let slot = wish.as_ref().map(|wish| wish.slot.clone());
        let failed = |error| failure(slot.clone(), error);
        let signatures = signature.into_iter().collect();
        let upload = Upload { component, signatures, by: by.clone() };
        let digest = self.plugins.upload(upload).await.map_err(failed)?.digest;
        let Some(wish) = wish else {
            info!(
                plugin.digest = %digest,
                "`{name}.wasm` in the folder for plugins is kept, and active nowhere; hint: name a slot in `{name}.toml`"
            );
            return Ok(());
        };
        let history = self.plugins.activations(&wish.slot).await.map_err(failed)?;
        match standing(&history, &by, digest, &wish, modified) {
            Standing::Done => {
                debug!(plugin.slot = %wish.slot, "`{name}.wasm` was brought in before");
                Ok(())
            }
            Standing::Overruled { generation, by } => Err(Failure::Refused(
                slot,
                format!(
                    "`{by}` decided on generation {generation} of `{slot}` after it; hint: `hinny plugin activate {slot} {digest}`, or put a newer file there",
                    slot = wish.slot
                ),
            )),
            Standing::Due => {
                let request = ActivateRequest {
                    settings: wish.settings,
                    stage: wish.stage,
                    ..ActivateRequest::version(wish.slot, digest, by)
                };
                // The plugin host logs what it activates.
                self.plugins.activate(request).await.map_err(failed)?;
                Ok(())
            }
        }
    }

    async fn refuse(&self, name: &str, slot: Option<Slot>, reason: String) {
        let plugin = format!("{name}.wasm");
        warn!(
            folder = %self.path.display(),
            "`{plugin}` in the folder for plugins is not brought in: {reason}"
        );
        let (at, by, wanted) = (self.clock.now(), by(name), WANTED.to_owned());
        let refusal = Refusal { at, by, slot, plugin, wanted, reason };
        if let Err(error) = self.plugins.refuse(refusal).await {
            warn!("the refusal of `{name}.wasm` is not written down: {error}");
        }
    }

    fn miss(&mut self, error: &std::io::Error) {
        if !std::mem::replace(&mut self.is_missed, true) {
            warn!(
                folder = %self.path.display(),
                "the folder for plugins, `{}`, cannot be read, it is looked for again: {error}; hint: make it, or correct `plugins.folder`",
                self.path.display()
            );
        }
    }
}

/// Who brings a file in.
fn by(name: &str) -> String {
    format!("{}{name}.wasm", decision::FOLDER)
}

/// What a failure of the plugin host means for a file.
fn failure(slot: Option<Slot>, error: PluginError) -> Failure {
    match error {
        PluginError::Busy(_) | PluginError::TooManyUploads { .. } | PluginError::Store(_) => {
            Failure::Again(error.to_string())
        }
        // The plugin host sees to those, whoever asks.
        PluginError::Untrusted { .. } => Failure::Told,
        refused => Failure::Refused(slot, refused.to_string()),
    }
}

/// Refuses a folder in which everybody can put plugins, unless those have to be signed.
#[cfg(unix)]
pub(super) fn refuse_open(path: &std::path::Path, signed: bool) -> anyhow::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let Ok(facts) = std::fs::metadata(path) else { return Ok(()) };
    if signed || facts.mode() & 0o002 == 0 {
        return Ok(());
    }
    Err(anyhow::anyhow!("everybody on this machine may write to it (mode {:o})", facts.mode() & 0o777))
        .with_context(|| {
            format!(
                "the folder for plugins, `{}`, is not watched; hint: `chmod o-w` it, or have plugins signed (`[[plugins.trusted_keys]]`)",
                path.display()
            )
        })
}

#[cfg(not(unix))]
pub(super) fn refuse_open(_path: &std::path::Path, _signed: bool) -> anyhow::Result<()> {
    Ok(())
}
