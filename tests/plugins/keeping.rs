//! Databases whose answer to a switch is lost, or never given.

use std::sync::Arc;

use async_trait::async_trait;
use hinny_core::{
    PluginDigest,
    plugin::{Activation, PluginSignature, PluginVersion, Refusal, Slot},
    store::{PluginStore, StoreError},
};
use hinny_store::SqliteStore;

/// A database that writes the row of a switch, and then says that it did not.
pub(crate) fn losing_answers(store: Arc<SqliteStore>) -> Arc<dyn PluginStore> {
    Arc::new(Lossy { store, writes: true })
}

/// A database that does not write the row of a switch.
pub(crate) fn losing_rows(store: Arc<SqliteStore>) -> Arc<dyn PluginStore> {
    Arc::new(Lossy { store, writes: false })
}

struct Lossy {
    store: Arc<SqliteStore>,
    writes: bool,
}

#[async_trait]
impl PluginStore for Lossy {
    async fn put_version(&self, version: &PluginVersion, it: &[u8]) -> Result<(), StoreError> {
        self.store.put_version(version, it).await
    }

    async fn version(&self, digest: &PluginDigest) -> Result<Option<PluginVersion>, StoreError> {
        self.store.version(digest).await
    }

    async fn versions(&self) -> Result<Vec<PluginVersion>, StoreError> {
        self.store.versions().await
    }

    async fn component(&self, digest: &PluginDigest) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.component(digest).await
    }

    async fn put_signature(&self, signature: &PluginSignature) -> Result<(), StoreError> {
        self.store.put_signature(signature).await
    }

    async fn signatures(
        &self,
        digest: Option<&PluginDigest>,
    ) -> Result<Vec<PluginSignature>, StoreError> {
        self.store.signatures(digest).await
    }

    async fn put_refusal(&self, refusal: &Refusal) -> Result<(), StoreError> {
        self.store.put_refusal(refusal).await
    }

    async fn refusals(&self) -> Result<Vec<Refusal>, StoreError> {
        self.store.refusals().await
    }

    async fn activate(&self, activation: &Activation) -> Result<(), StoreError> {
        if self.writes {
            PluginStore::activate(&*self.store, activation).await?;
        }
        Err(StoreError::Unavailable { why: "the line went dead".to_owned(), hint: "mend it" })
    }

    async fn activations(&self, slot: &Slot, limit: u32) -> Result<Vec<Activation>, StoreError> {
        self.store.activations(slot, limit).await
    }
}
