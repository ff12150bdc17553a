//! Whether the database is away; then nobody waits for it.
//!
//! Only the keeper of the lock says that it is away, and that it is back (see [`super::lock`]):
//! it alone keeps a connection for nothing but that. Whoever meets an error asks it to look.

use std::sync::{PoisonError, RwLock};

use hinny_core::store::StoreError;
use tokio::sync::Notify;

/// Whether the database is away.
#[derive(Default)]
pub(crate) struct Away {
    why: RwLock<Option<StoreError>>,
    doubted: Notify,
}

impl Away {
    /// An error at once while the database is away.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match &*self.why.read().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(why.clone()),
            None => Ok(()),
        }
    }

    /// Asks, unless it is known to be away, and has the keeper look when there is no answer.
    pub(crate) async fn ask<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.check()?;
        let answer = answer.await;
        if matches!(answer, Err(StoreError::Unavailable { .. })) {
            self.doubted.notify_one();
        }
        answer
    }

    /// Waits until somebody met an error.
    pub(crate) async fn doubted(&self) {
        self.doubted.notified().await;
    }

    /// Says that the database is away; the answer is whether that is new.
    pub(crate) fn set(&self, why: StoreError) -> bool {
        let mut place = self.why.write().unwrap_or_else(PoisonError::into_inner);
        place.replace(why).is_none()
    }

    /// Says that it is back; the answer is whether that is new.
    pub(crate) fn back(&self) -> bool {
        self.why.write().unwrap_or_else(PoisonError::into_inner).take().is_some()
    }
}
