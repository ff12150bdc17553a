//! The first generation of each slot, from the configuration.

use std::path::Path;

use anyhow::Context;
use hinny_core::{
    PluginDigest,
    plugin::{ActivateRequest, Activation, Plugins, Slot, Upload, World},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tracing::info;

use crate::{config::SchedulerConfig, plugin_ref::PluginRef, signature_file};

/// What the configuration wants in a slot.
struct Wanted<'a> {
    slot: Slot,
    plugin: &'a PluginRef,
    settings: &'a Map<String, Value>,
}

/// Activates what the configuration names, in slots that never had a generation. From then on
/// people decide: a changed file must not undo what somebody activated or rolled back.
pub(super) async fn activate(
    schedulers: &[SchedulerConfig],
    plugins: &dyn Plugins,
) -> anyhow::Result<()> {
    for scheduler in schedulers {
        for wanted in wanted(scheduler) {
            let failed = || {
                let (plugin, settings) = wanted.keys();
                format!(
                    "slot `{}` has no plugin yet, and the configured one, `{}`, cannot be activated; \
                     hint: mend `{plugin}` or `{settings}` of scheduler `{}` in the configuration",
                    wanted.slot, wanted.plugin, wanted.slot.scheduler
                )
            };
            match plugins.activations(&wanted.slot).await.with_context(failed)?.first() {
                Some(active) => remind(&wanted, active),
                None => wanted.activate(plugins).await.with_context(failed)?,
            }
        }
    }
    Ok(())
}

fn wanted(scheduler: &SchedulerConfig) -> impl Iterator<Item = Wanted<'_>> {
    let of = |world, plugin, settings| {
        let slot = Slot { scheduler: scheduler.id.clone(), world };
        Option::map(plugin, |plugin| Wanted { slot, plugin, settings })
    };
    let plugin = of(World::Scheduler, scheduler.plugin.as_ref(), &scheduler.plugin_settings);
    let ranker = of(World::Ranker, scheduler.ranker.as_ref(), &scheduler.ranker_settings);
    plugin.into_iter().chain(ranker)
}

impl Wanted<'_> {
    async fn activate(&self, plugins: &dyn Plugins) -> anyhow::Result<()> {
        let version = match self.plugin {
            PluginRef::File(file) => {
                let signatures = signature_file::beside(file)?.into_iter().collect();
                let (component, by) = (read(file)?, Activation::BY_CONFIGURATION.to_owned());
                plugins.upload(Upload { component, signatures, by }).await?
            }
            named => named.find(&plugins.versions().await?)?.clone(),
        };
        // The plugin host logs what it activates.
        let request = ActivateRequest::version(
            self.slot.clone(),
            version.digest,
            Activation::BY_CONFIGURATION,
        );
        let settings = Some(Value::Object(self.settings.clone()));
        plugins.activate(ActivateRequest { settings, ..request }).await?;
        Ok(())
    }

    /// Where the configuration has plugin and settings.
    fn keys(&self) -> (&'static str, &'static str) {
        match self.slot.world {
            World::Scheduler => ("plugin", "plugin_settings"),
            World::Ranker => ("ranker", "ranker_settings"),
        }
    }
}

/// Says it when the configuration names another file or digest than what runs: whoever changed it
/// may be waiting for an effect.
fn remind(wanted: &Wanted<'_>, active: &Activation) {
    let digest = match wanted.plugin {
        PluginRef::Digest(digest) => Some(*digest),
        PluginRef::File(file) => {
            read(file).ok().map(|component| PluginDigest(Sha256::digest(component).into()))
        }
        PluginRef::Named { .. } => None,
    };
    if digest.is_some_and(|digest| digest != active.digest) {
        info!(
            slot = %wanted.slot,
            generation = active.generation,
            "slot `{slot}` keeps generation {generation}; the configured `{plugin}` is another version; \
             hint: `hinny plugin activate {slot} {plugin}`",
            slot = wanted.slot,
            generation = active.generation,
            plugin = wanted.plugin,
        );
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(file).with_context(|| {
        format!(
            "plugin file `{}` cannot be read; hint: relative paths count from the working directory",
            file.display()
        )
    })
}
