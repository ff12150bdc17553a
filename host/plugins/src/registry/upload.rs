//! Taking new versions.

use std::sync::Arc;

use hinny_core::{
    PluginDigest,
    plugin::{PluginError, PluginVersion, Upload, Verdict, World},
};
use tracing::info;

use super::Inner;
use crate::{
    title::Title,
    verify::{Verified, digest, verify_component},
};

impl Inner {
    /// Verifies a component and keeps it, with its signatures. One that is there already is not
    /// verified again.
    pub(super) async fn upload(
        &self,
        Upload { component, signatures, by }: Upload,
    ) -> Result<PluginVersion, PluginError> {
        let digest = digest(&component);
        // First what takes no time: nothing is kept when something is wrong.
        self.check_signatures(&digest, &signatures)?;
        let version = match self.services.plugins.version(&digest).await? {
            Some(version) => version,
            None => self.take(component, &by).await?,
        };
        self.keep_signatures(&signatures, &by).await?;
        Ok(version)
    }

    async fn take(&self, component: Vec<u8>, by: &str) -> Result<PluginVersion, PluginError> {
        let component = Arc::new(component);
        let Verified { verdict, digest, world, title, .. } =
            self.verify_upload(Arc::clone(&component)).await?;
        let Some(world) = world.filter(|_| verdict.accepted) else {
            return Err(PluginError::Refused(Box::new(verdict)));
        };
        let title = title.unwrap_or_else(|| nameless(world, &digest));
        let version = PluginVersion {
            digest,
            name: title.name.to_string(),
            version: title.version.to_string(),
            world,
            size: component.len() as u64,
            verdict,
            uploaded_at: self.services.clock.now(),
            uploaded_by: by.to_owned(),
        };
        self.services.plugins.put_version(&version, &component).await?;
        info!(
            plugin.digest = %digest,
            plugin.name = version.name,
            plugin.version = version.version,
            "took `{}`, a {world}, from {}",
            title.text,
            version.uploaded_by
        );
        Ok(version)
    }

    /// Verifies a component without keeping it.
    pub(super) async fn check(&self, component: Vec<u8>) -> Result<Verdict, PluginError> {
        match self.verify_upload(Arc::new(component)).await {
            Ok(verified) => Ok(verified.verdict),
            Err(PluginError::Refused(verdict)) => Ok(*verdict),
            Err(other) => Err(other),
        }
    }

    async fn verify_upload(&self, component: Arc<Vec<u8>>) -> Result<Verified, PluginError> {
        let host = Arc::clone(&self.host);
        self.verifier.upload(move || verify_component(&host, &component, None)).await
    }
}

/// What a version is called that says its name only once it has its settings.
fn nameless(world: World, digest: &PluginDigest) -> Title {
    Title::unchecked(&format!("{world}-{}", digest.short()), "0.0.0")
}
